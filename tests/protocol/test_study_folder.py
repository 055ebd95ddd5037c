import json

import pytest

from introspect_bayes.cli import main
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.study_folder import prepare_study, read_study_folder
from introspect_bayes.protocol.training import Counts, read_learned_weights

PROMPTS = {t: shipped_folder("data") / "prompts" / f"{t}-1.toml" for t in ("decision", "report")}
FEW = Counts(instilled_choices=3, native_choices=2, reports=2, examples=4, validation=1)


def contexts(instilled=4, native=2):
    return {
        "instilled": shipped_contexts("instilled")[:instilled],
        "native": shipped_contexts("native")[:native],
    }


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_study_is_the_same_wherever_it_is_written(tmp_path):
    for place in ("here", "there"):
        prepare_study(tmp_path / place / "s", contexts(), PROMPTS, counts=FEW, seed=3)
    assert content(tmp_path / "here") == content(tmp_path / "there")


def test_what_is_written_is_what_is_read(tmp_path):
    prepared = prepare_study(tmp_path / "s", contexts(), PROMPTS, counts=FEW, seed=3)
    assert prepared == read_study_folder(tmp_path / "s")
    assert len(prepared.trials) == 4 * (3 + 2) + 2 * (2 + 2)
    lines = {
        p.name: len(p.read_text().splitlines()) for p in (tmp_path / "s/training").glob("*.jsonl")
    }
    assert lines == {
        "preferences.jsonl": 16,
        "preferences_validation.jsonl": 4,
        "reports_first.jsonl": 2,
        "reports_last.jsonl": 2,
        "reports_all.jsonl": 4,
    }


def test_introspection_examples_from_learned_weights(tmp_path):
    names = [context.name for context in contexts()["instilled"]]
    rows = [f"{name},{k},{10 * k}" for name in names for k in range(1, 6)]
    path = tmp_path / "learned.csv"
    path.write_text("context,position,weight\n" + "\n".join(rows), encoding="utf-8")
    learned = read_learned_weights(path)
    prepare_study(tmp_path / "s", contexts(), PROMPTS, counts=FEW, learned=learned)
    line = (tmp_path / "s/training/reports_all.jsonl").read_text().splitlines()[0]
    answer = json.loads(json.loads(line)["messages"][-1]["content"])
    assert list(answer.values()) == [10, 20, 30, 40, 50]
    with pytest.raises(InputError, match="none, or not one per attribute"):
        prepare_study(tmp_path / "t", contexts(5), PROMPTS, counts=FEW, learned=learned)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("context,position\nx,1\n", "missing column weight"),
        ("context,position,weight\nx,1,heavy\n", "heavy"),
        ("context,position,weight\nx,1,1\nx,1,2\n", "line 3: a second weight"),
    ],
)
def test_malformed_learned_weights(tmp_path, text, complaint):
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_learned_weights(tmp_path / "l.csv")


def test_one_attribute_and_doubled_names_are_refused(tmp_path):
    good = shipped_contexts("native")[0]
    single = DecisionContext("single", "Which?", good.attributes[:1])
    for members, complaint in (([single], "has one attribute"), ([good, good], "occurs twice")):
        with pytest.raises(InputError, match=complaint):
            prepare_study(tmp_path / "s", {"instilled": members, "native": []}, PROMPTS)
    assert not (tmp_path / "s").exists()


def test_nothing_is_overwritten_without_force_and_replies_never(tmp_path):
    folder = tmp_path / "s"
    prepare_study(folder, contexts(), PROMPTS, counts=FEW, seed=1)
    before = content(folder)
    with pytest.raises(InputError, match="holds another study"):
        prepare_study(folder, contexts(), PROMPTS, counts=FEW, seed=2)
    assert content(folder) == before
    prepare_study(folder, contexts(), PROMPTS, counts=FEW, seed=2, force=True)
    assert content(folder) != before
    (folder / "replies.sqlite").write_bytes(b"precious")
    with pytest.raises(InputError, match="never overwritten"):
        prepare_study(folder, contexts(), PROMPTS, counts=FEW, seed=3, force=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty and holds no study"):
        prepare_study(tmp_path / "mine", contexts(), PROMPTS, counts=FEW, force=True)


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        ("study.toml", lambda s: s.replace("seed", "sed"), "incomplete or inconsistent"),
        ("study.toml", lambda s: s.replace("format = 1", "format = 2"), "newer version"),
        ("study.toml", lambda _: "=", "not a readable study folder"),
        ("trials.csv", lambda s: s.replace("decision", "decision,x", 1), "trials.csv, line 2"),
        ("target_weights.csv", lambda s: s.replace(",100", ",heavy"), "target_weights.csv"),
        ("contexts.json", lambda _: "[]", "incomplete or inconsistent"),
    ],
)
def test_damaged_folders_are_named(tmp_path, file, change, complaint):
    prepare_study(tmp_path / "s", contexts(), PROMPTS, counts=FEW)
    path = tmp_path / "s" / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_study_folder(tmp_path / "s")


def test_prepare_from_the_command_line(tmp_path, capsys, paper_data):
    small = ["--instilled", "3", "--native", "2", "--attributes", "3"]
    assert main(["prepare", str(tmp_path / "s"), *small]) == 0
    assert "3 instilled and 2 native contexts" in capsys.readouterr().out
    assert len(read_study_folder(tmp_path / "s").contexts["native"][0].attributes) == 3
    theirs = ["--protocol", "plunkett2025", "--data", str(paper_data)]
    assert main(["prepare", str(tmp_path / "p"), *theirs]) == 0
    assert (tmp_path / "p/instilled_weights.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--attributes", "1"], "has one attribute"),
        (["--attributes", "6"], "there are contexts with 5"),
        (["--instilled", "101"], "--instilled 101: there are 100 instilled contexts"),
        (["--choices", "0"], "'--choices'"),
        (["--contexts", "/nowhere.toml"], "/nowhere.toml: No such file or directory"),
        (["--report-prompt", str(PROMPTS["decision"])], "a report template is needed"),
        (["--report-prompt", "/nowhere.toml"], "nowhere.toml"),
    ],
)
def test_bad_options_of_prepare(tmp_path, capsys, arguments, complaint):
    assert main(["prepare", str(tmp_path / "s"), *arguments]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
