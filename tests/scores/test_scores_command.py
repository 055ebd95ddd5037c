"""The command about explanation scores: what it refuses before it fits."""

import json

import pandas as pd
import pytest

from introspect_bayes.cli import main
from introspect_bayes.scores.simulated import ScoreDesign, simulate_scores

pytestmark = pytest.mark.compiles


@pytest.fixture
def file(tmp_path):
    simulated = simulate_scores(ScoreDesign(items=2, sizes=()), seed=1)
    pd.DataFrame(simulated.columns).to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path / "scores.csv"


def run(capsys, *arguments):
    code = main(["scores", *(str(argument) for argument in arguments)])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--example"], "not both"),
        (["--save", "t.csv"], "needs --example"),
        (["--plot", "p.gif"], "the ending must be one of"),
        (["--json", "/nowhere/f.json"], "cannot be written"),
        (["--prior", "explanation_scores.owm=Normal(0, 1)"], "did you mean own"),
        (["--prior", "explanation_scores_beta.own=Normal(0, 1)"], "write explanation_scores.PARAM"),
    ],
)
def test_bad_options_exit_with_2_and_one_message(capsys, file, arguments, complaint):
    code, out, err = run(capsys, file, *arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_bad_cells_are_named_with_their_place(capsys, file):
    file.write_text(file.read_text().replace(",0.0", ",7", 1))
    code, _, err = run(capsys, file)
    assert code == 2
    assert "scores.csv, line" in err
    assert "column score: '7' is not a score" in err


def test_a_file_that_is_not_there_exits_with_2(capsys, tmp_path):
    assert run(capsys, tmp_path / "none.csv")[0] == 2


@pytest.mark.slow
def test_the_example_is_answered_beside_its_truth(capsys, tmp_path):
    answers, plot = tmp_path / "answers.json", tmp_path / "plot.svg"
    table = tmp_path / "table.csv"
    files = ["--json", answers, "--plot", plot, "--save", table]
    code, out, err = run(capsys, "--example", "--check", *files)
    assert (code, err) == (0, "")
    found = json.loads(answers.read_text())
    assert {row["task"] for row in found["advantage"]} == {
        "features", "activations", "tokens", "overall"
    }  # fmt: skip
    assert set(found["truth"]) >= {"advantage.overall", "learning.overall"}
    assert len(pd.read_csv(table)) == 1620
    assert all(plot.with_name(f"plot{e}.svg").is_file() for e in ("", "-learning", "-cells"))
    assert "in HDI" in out
