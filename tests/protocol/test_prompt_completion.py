"""The same training examples in two forms, told apart wherever files are listed."""

import hashlib
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect_bayes.cli import main
from introspect_bayes.collect.lineage import register_model
from introspect_bayes.collect.training_plan import read_training_files
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.prompt_completion import prompt_completion, write_prompt_completion
from introspect_bayes.protocol.prompts import training_example
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study, read_study_folder
from introspect_bayes.protocol.training import Counts

FEW = Counts(instilled_choices=3, native_choices=2, reports=2, examples=4, validation=1)


def prepared(folder, counts=FEW):
    prompts = shipped_folder("data") / "prompts"
    templates = {task: prompts / f"{task}-1.toml" for task in ("decision", "report")}
    contexts = {"instilled": shipped_contexts("instilled")[:4], "native": []}
    return prepare_study(folder, contexts, templates, counts=counts)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_chat_example_stands_in_the_other_form(tmp_path):
    training = prepared(tmp_path / "s").folder / "training"
    other = training / "prompt_completion"
    pairs = {
        "preferences.jsonl": "preferences/train.jsonl",
        "preferences_validation.jsonl": "preferences/validation.jsonl",
        "reports_first.jsonl": "reports_first/train.jsonl",
        "reports_last.jsonl": "reports_last/train.jsonl",
        "reports_all.jsonl": "reports_all/train.jsonl",
    }
    assert {path.relative_to(other).as_posix() for path in other.rglob("*.jsonl")} == {
        *pairs.values()
    }
    for chat, own in pairs.items():
        asked = lines(training / chat)
        assert asked
        assert [
            {"messages": [*line["prompt"], *line["completion"]]} for line in lines(other / own)
        ] == asked
        for line in lines(other / own):
            assert [message["role"] for message in line["prompt"]] == ["system", "user"]
            assert [message["role"] for message in line["completion"]] == ["assistant"]


def test_without_validation_examples_there_is_no_empty_file(tmp_path):
    """Libraries that load such folders fail on an empty file."""
    folder = prepared(tmp_path / "s", Counts(3, 2, 2, examples=4, validation=0)).folder
    written = list((folder / "training/prompt_completion/preferences").iterdir())
    assert [path.name for path in written] == ["train.jsonl"]


MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": st.text()}),
    min_size=1,
)


@given(MESSAGES, st.text())
def test_only_the_answer_is_the_completion(messages, answer):
    read = json.loads(prompt_completion(training_example(messages, answer)))
    assert read == {"prompt": messages, "completion": [{"role": "assistant", "content": answer}]}


@pytest.mark.parametrize(
    "line",
    [
        "A",
        "[]",
        "{}",
        '{"messages": []}',
        '{"messages": 3}',
        '{"messages": ["A"]}',
        '{"messages": [{"role": "assistant", "content": "A"}]}',
        '{"messages": [{"role": "user", "content": "A"}, {"role": "user", "content": "B"}]}',
        '{"prompt": [], "completion": []}',
        "[" * 100_000,
    ],
)
def test_what_is_no_conversation_is_named_with_its_line(tmp_path, line):
    good = training_example([{"role": "user", "content": "A or B?"}], "A")
    (tmp_path / "x.jsonl").write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.jsonl, line 3: no conversation"):
        write_prompt_completion(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_a_study_prepared_before_gets_them_when_asked(tmp_path, capsys):
    """A folder as earlier versions wrote it: everything works, and the files can be added."""
    study = prepared(tmp_path / "s").folder
    training = study / "training"
    new = {path: path.read_bytes() for path in training.rglob("*.jsonl")}
    shutil.rmtree(training / "prompt_completion")
    (training / "README.md").unlink()
    assert len(read_study_folder(study).trials) == 4 * (3 + 2)
    own = Model("m", "base", "weight-trained")
    assert register_model(study, own, training_file=training / "preferences.jsonl").notes == ()
    capsys.readouterr()
    assert main(["prepare", str(study), "--prompt-completion"]) == 0
    assert "Wrote 5 files" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in training.rglob("*.jsonl")} == new
    assert main(["prepare", str(study), "--prompt-completion"]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["prepare", str(study), "--prompt-completion", "--force"]) == 0


def test_the_papers_files_get_them_without_being_touched(tmp_path, capsys):
    good = training_example([{"role": "user", "content": "A or B?"}], "A")
    for name in ("instill_100_prefs", "instill_100_prefs_val", "instilled_weights_50_test"):
        (tmp_path / f"{name}.jsonl").write_text(good, encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    assert main(["prepare", str(tmp_path), "--prompt-completion"]) == 0
    other = tmp_path / "prompt_completion"
    assert {path.relative_to(other).as_posix() for path in other.rglob("*.jsonl")} == {
        "instill_100_prefs/train.jsonl",
        "instill_100_prefs/validation.jsonl",
        "instilled_weights_50_test/train.jsonl",
    }
    assert {path: path.read_bytes() for path in tmp_path.glob("*.jsonl")} == before


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_training_files_is_named(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert main(["prepare", str(tmp_path / name), "--prompt-completion"]) == 2
    assert name in capsys.readouterr().err
    assert {path.name for path in tmp_path.rglob("*")} == {"empty"}


def test_lineage_knows_both_forms_and_hosted_training_takes_chat(tmp_path):
    study = prepared(tmp_path / "s").folder
    training = study / "training"
    for number, name in enumerate(
        ("preferences.jsonl", "prompt_completion/preferences/train.jsonl")
    ):
        model = Model(f"m{number}", "base", "weight-trained")
        registered = register_model(study, model, training_file=training / name)
        assert registered.notes == ()
        content = (training / name).read_bytes()
        assert registered.model.training_sha256 == hashlib.sha256(content).hexdigest()
    reports = training / "prompt_completion/reports_all/train.jsonl"
    wrong = register_model(study, Model("n", "base", "weight-trained"), training_file=reports)
    (note,) = wrong.notes
    assert "differs from the study's own" in note
    assert "prompt_completion/preferences/train.jsonl" in note
    hosted = read_training_files(training / "preferences.jsonl")
    assert [file.name for file in hosted] == ["preferences.jsonl", "preferences_validation.jsonl"]
    assert all(b'"messages"' in file.content for file in hosted)


def test_a_readme_tells_the_forms_apart(tmp_path):
    written = (prepared(tmp_path / "s").folder / "training/README.md").read_text(encoding="utf-8")
    assert "chat JSONL" in written
    assert "prompt_completion/" in written
