"""Which rows and files are used: the same in every command that fits, said wherever numbers are."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.cli import main
from introspect_bayes.errors import InputError
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.scores.simulated import ScoreDesign, simulate_scores
from split_data import CHOICES, NATIVE, drop_last_column, reverse_every_other_choice, set_column

pytestmark = pytest.mark.compiles

COMMANDS = {
    "analyze": ["analyze", "{}"],
    "reproduce": ["reproduce", "--data", "{}"],
    "check": ["check", "{}"],
    "joint": ["joint", "{}"],
    "privileged-access": ["privileged-access", "{}"],
    "sensitivity": ["sensitivity", "{}"],
    "report": ["report", "{}", "--output", "{}/report.html"],
    "plan": ["plan", "--like", "{}"],
}


@pytest.fixture(scope="module")
def flipped(write_study):
    """A study in which every other choice of each context follows the reversed weights."""
    made = write_study(contexts=12, trials=80)
    for path in made.glob("*itrained*"):
        path.unlink()
    for name in (CHOICES, NATIVE):
        reverse_every_other_choice(made / name)
    return made


@pytest.fixture(scope="module")
def five(write_study):
    """A study with five valid reports on each context; nothing says of how many."""
    made = write_study(reports_each=5)
    for path in {*made.glob("*itrained*"), *made.glob("*latent*")}:
        path.unlink()
    return made


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Scores made under two prompts, which nobody asked to pool."""
    folder = tmp_path_factory.mktemp("scores")
    simulated = simulate_scores(ScoreDesign(items=4, sizes=()), seed=1)
    table = pd.DataFrame(simulated.columns)
    table.assign(prompt=["long", "short"] * (len(table) // 2)).to_csv(folder / "s.csv", index=False)
    return folder / "s.csv"


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_fits_stops_and_says_what_to_type(capsys, flipped, command):
    code, out, err = run(capsys, *(word.format(flipped) for word in COMMANDS[command]))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    for words in (CHOICES, NATIVE, "flipped", "480 rows", "--where flipped=0", "--pool flipped"):
        assert words in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_both_options(capsys, flipped, command):
    """A value that is nowhere is refused by name, so the option reached the reader."""
    words = [word.format(flipped) for word in COMMANDS[command]]
    for options, complaint in (
        (["--where", "flipped=7"], "--where flipped=7: no row has this value"),
        (["--pool", "flopped"], "--pool flopped: no such column"),
        (["--where", "flipped"], "write COLUMN=VALUE"),
    ):
        code, out, err = run(capsys, *words, *options)
        assert (code, out) == (2, "")
        assert complaint in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_what_was_asked_and_where_contexts_are(capsys, five, command):
    words = [word.format(five) for word in COMMANDS[command]]
    for option, value, complaint in (
        ("--reports-asked", "4", "5 reports on context 'context_0', more than --reports-asked 4"),
        ("--contexts-from", "nowhere", "--contexts-from nowhere: no scenarios.csv there"),
    ):
        code, out, err = run(capsys, *words, option, value)
        assert (code, out) == (2, "")
        assert complaint in err
        assert err.count("\n") == 1


def test_five_valid_reports_of_five_are_no_sign_of_invalid_ones(capsys, five, tmp_path):
    """Until somebody says that ten were asked."""
    file = tmp_path / "figures.json"
    words = ["analyze", five, "--only", "invalid", "--json", file]
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "cannot be used" not in out
    (figure,) = json.loads(file.read_text())
    assert figure["estimate"] == 0
    assert figure["note"].startswith("of at least 5 reports asked in each context")
    code, out, _ = run(capsys, *words, "--reports-asked", 10)
    assert code == 0
    assert "50% of 60 reports cannot be used" in " ".join(out.split())
    (figure,) = json.loads(file.read_text())
    assert figure["estimate"] == 0.5


def test_contexts_from_elsewhere_are_told(capsys, five, tmp_path):
    apart = tmp_path / "apart"
    apart.mkdir()
    for path in five.glob("tiny-model*"):
        shutil.copy(path, apart)
    code, _, err = run(capsys, "analyze", apart, "--only", "invalid")
    assert code == 2
    assert "name its folder with --contexts-from" in err
    code, out, _ = run(capsys, "analyze", apart, "--only", "invalid", "--contexts-from", five)
    assert code == 0
    assert f"scenarios.csvfrom{five}" in "".join(out.split())


@pytest.mark.parametrize(
    "words",
    ["--where flipped=0", "--pool flipped", "--reports-asked 5", "--contexts-from elsewhere"],
)
def test_plan_takes_options_about_an_earlier_study_with_like_only(capsys, words):
    code, _, err = run(capsys, "plan", *words.split())
    assert code == 2
    assert f"{words}: is about an earlier study; give --like" in err


@pytest.mark.slow
def test_plan_says_what_it_takes_and_what_is_odd(capsys, five, tmp_path):
    file = tmp_path / "plan.json"
    size = ["--contexts", 4, "--choices", 20, "--reports", 2, "--studies", 10, "--processes", 1]
    words = ["plan", "--like", five, "--figure", "e1.acc", *size, "--json", file]
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "tiny-model was asked for at least 5 reports in each context" in out
    assert not any(row["asked_known"] for row in json.loads(file.read_text())["matched"])
    code, out, _ = run(capsys, *words, "--reports-asked", 10)
    assert code == 0
    assert "at least" not in out
    assert "50% of 60 reports cannot be used" in " ".join(out.split())
    assert all(row["asked_known"] for row in json.loads(file.read_text())["matched"])


def test_commands_that_do_not_fit_are_not_held_up(capsys, flipped, tmp_path):
    code, out, _ = run(capsys, "export", flipped, tmp_path / "tables")
    assert code == 0
    assert f"Left out: {CHOICES}: the column flipped" in out


def test_halves_are_found_again_and_pooled_they_are_nothing(capsys, flipped, tmp_path):
    """Truth: reports follow the weights of the one half, and the reversed ones of the other."""
    found = {}
    for words in ("--where flipped=0", "--where flipped=1", "--pool flipped"):
        file = tmp_path / "figures.json"
        options = [*words.split(), "--only", "e1.acc", "--json", file, "--draws", 200]
        code, out, _ = run(capsys, "analyze", flipped, *options)
        assert code == 0
        (figure,) = json.loads(file.read_text())
        found[words] = figure["estimate"]
        said = {"where": {"flipped": [words[-1]]}} if "where" in words else {"pool": ["flipped"]}
        assert {key: figure[key] for key in ("where", "pool") if key in figure} == said
        assert ("Only rows with flipped = " if "where" in words else "Pooled over flipped") in out
        assert ("used whole" in out) == ("where" in words)
    one, other, pooled = found.values()
    assert one > 0.7
    assert other < -0.7
    assert abs(pooled) < 0.4


def test_two_models_in_one_file_of_choices(capsys, write_study):
    """Truth: of two models with opposite weights one is like the reports, pooled neither."""
    folder = write_study(contexts=12, trials=80)
    for name in (CHOICES, NATIVE):
        reverse_every_other_choice(folder / name)
        set_column(folder / name, "model", lambda i: ("like", "unlike")[i % 2])
        drop_last_column(folder / name)
    code, _, err = run(capsys, "analyze", folder)
    assert code == 2
    assert f"{CHOICES} (like: 480 rows, unlike: 480 rows)" in err
    assert "--where model=like" in err
    accuracy = {}
    for name, chosen in {
        "like": {"where": {"model": "like"}},
        "unlike": {"where": {"model": "unlike"}},
        "both": {"pool": "model"},
    }.items():
        study = ib.load_study(folder, **chosen)
        fit = ib.Analysis(study, ib.Settings.default(draws=200)).accuracy("tiny-model", "e1.acc")
        accuracy[name] = fit.slope("reported").mean
    assert accuracy["like"] > 0.7
    assert accuracy["unlike"] < -0.7
    assert abs(accuracy["both"]) < 0.4


def test_a_report_says_which_rows_it_is_about(flipped):
    from introspect_bayes.document.gathering import Wanted, gather
    from introspect_bayes.document.sections import SECTIONS

    study = ib.load_study(flipped, where={"flipped": 0})
    analysis = ib.Analysis(study, ib.Settings.default(draws=100))
    everything_else = [name for name in SECTIONS if name not in {"headline", "provenance"}]
    materials = gather(analysis, Wanted.chosen(left_out=everything_else))
    for name in ("headline", "provenance"):
        assert "Only rows with flipped = 0" in str(SECTIONS[name](materials).blocks)


def test_scores_are_refused_chosen_and_pooled_alike(capsys, scores):
    code, _, err = run(capsys, "scores", scores)
    assert code == 2
    assert "s.csv, column prompt: 2 values among scores of the same explainer, target and" in err
    assert "--where prompt=long" in err
    code, _, err = run(capsys, "scores", scores, "--where", "prompt=none")
    assert code == 2
    assert "no row has this value" in err
    code, _, err = run(capsys, "scores", scores, "--pool", "score")
    assert code == 2
    assert "the analysis itself needs this column" in err
    with pytest.raises(InputError, match="column prompt"):
        ib.explanation_scores(pd.read_csv(scores))


@pytest.mark.slow
def test_scores_say_which_rows_they_are_about(capsys, scores, tmp_path):
    file = tmp_path / "answers.json"
    _, out, _ = run(
        capsys, "scores", scores, "--where", "prompt=long", "--json", file, "--draws", 100
    )
    assert "Only rows with prompt = long" in out
    assert json.loads(file.read_text())["where"] == {"prompt": ["long"]}
    _, out, _ = run(capsys, "scores", scores, "--pool", "prompt", "--json", file, "--draws", 100)
    assert "Pooled over prompt" in out
    assert json.loads(file.read_text())["pool"] == ["prompt"]


def test_what_is_pooled_over_tells_repeated_scores_apart():
    from introspect_bayes.study.chosen_rows import ChosenRows

    rows = {"explainer": "a", "target": "a", "task": "t", "score": 1}
    rows |= {"item": list("1122"), "prompt": ["x", "y"] * 2}
    table = pd.DataFrame(rows)
    assert len(read_explanation_scores(table, ChosenRows.of(pool="prompt"))) == 4
    only = read_explanation_scores(table, ChosenRows.of({"prompt": np.str_("x")}))
    assert list(only["item"]) == ["1", "2"]
