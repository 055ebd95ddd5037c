import hashlib
import json
import shutil

import pytest

from introspect_bayes.cli import main
from introspect_bayes.collect.lineage import (
    find_model,
    register_model,
    registered_models,
    training_path,
)
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.replies_file import study_lock
from introspect_bayes.protocol.requests import SamplingOptions, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study, read_study_folder
from introspect_bayes.protocol.training import Counts
from introspect_bayes.store import Store


@pytest.fixture
def study(tmp_path):
    prompts = shipped_folder("data") / "prompts"
    sets = {name: shipped_contexts(name)[:2] for name in ("instilled", "native")}
    templates = {task: prompts / f"{task}-1.toml" for task in ("decision", "report")}
    return prepare_study(tmp_path / "s", sets, templates, counts=Counts(2, 2, 1, 2, 1)).folder


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_defaults_follow_the_lineage(study):
    preferences, reports = (
        study / "training/preferences.jsonl",
        study / "training/reports_all.jsonl",
    )
    base = register_model(study, Model("base", ""))
    tuned = register_model(
        study, Model("tuned", "base", "weight-trained"), training_file=preferences
    )
    last = register_model(
        study, Model("seer", "base", "introspection-trained", "all"), training_file=reports
    )
    assert base.model == Model("base", "base")
    assert tuned.model.parent == "base"
    assert last.model == Model(
        "seer", "base", "introspection-trained", "all", "tuned", sha256(reports)
    )
    assert [r.notes for r in (base, tuned, last)] == [(), (), ()]
    assert registered_models(study) == [base.model, tuned.model, last.model]
    with Store(study / "replies.sqlite") as store:
        assert find_model(store, "seer") == last.model
        assert find_model(store, "stranger") == Model("stranger", "stranger")


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (Model("m", "b", "introspection-trained"), "needs --trained-on"),
        (Model("m", "b", "weight-trained", "all"), "only for introspection-trained"),
        (Model("m", "b", trained_on="first"), "only for introspection-trained"),
        (Model("m", "m", parent="b"), "has no parent"),
        (Model("m", "m", training_sha256="a" * 64), "has no training file"),
        (Model("m", "", "weight-trained"), "needs --base-model"),
        (Model("m", "b", "weight-trained", "", "m"), "own parent"),
        (Model("m", "m", "weight-trained"), "own base model"),
        (Model("m", "b", "weight-trained", training_sha256="abc"), "64 hexadecimal digits"),
        (Model("m", "b", "introspection-trained", "all"), "none is registered"),
        (Model("m", "b", "weight-trained", "", "other"), "base model other, not b"),
        (Model(" ", ""), "needs a name"),
    ],
)
def test_contradictions_are_refused(study, model, complaint):
    register_model(study, Model("other", ""))
    with pytest.raises(InputError, match=complaint):
        register_model(study, model)
    assert [m.name for m in registered_models(study)] == ["other"]


def test_two_candidates_for_a_parent_are_named(study):
    for name in ("one", "two"):
        register_model(study, Model(name, "base", "weight-trained"))
    with pytest.raises(InputError, match=r"give --parent.*registered are one, two"):
        register_model(study, Model("m", "base", "introspection-trained", "first"))
    found = register_model(study, Model("m", "base", "introspection-trained", "first", "two"))
    assert found.model.parent == "two"


def test_a_later_entry_replaces_an_earlier_one_until_requests_are_planned(study):
    register_model(study, Model("tuned", ""))
    tuned = Model("tuned", "base", "weight-trained", "", "base", "A" * 64)
    (differs, replaces) = register_model(study, tuned).notes
    assert "differs from the study's own" in differs
    assert "replaces the earlier entry of tuned: off-the-shelf, base model tuned" in replaces
    assert "already registered so" in register_model(study, tuned).notes[-1]
    (known,) = registered_models(study)
    assert known.training_sha256 == "a" * 64
    with Store(study / "replies.sqlite") as store:
        store.plan(plan_requests(read_study_folder(study), known, SamplingOptions()))
    with pytest.raises(InputError, match="already planned"):
        register_model(study, Model("tuned", ""))
    assert registered_models(study) == [known]


def test_notes_say_what_is_unknown(study):
    unknown = register_model(study, Model("m", "base", "weight-trained", "", "stranger"))
    assert "stranger is not registered" in unknown.notes[0]
    assert "training file is unknown" in unknown.notes[1]
    shutil.rmtree(study / "training")
    own = register_model(study, Model("n", "base", "weight-trained", "", "base", "b" * 64))
    assert "the study has no" in own.notes[0]


def test_a_busy_study_and_an_empty_folder_are_refused(study, tmp_path):
    with study_lock(study), pytest.raises(InputError, match="another process"):
        register_model(study, Model("m", ""))
    with pytest.raises(InputError, match="holds no study"):
        register_model(tmp_path, Model("m", ""))
    with pytest.raises(InputError, match="no training file"):
        training_path(study, "off-the-shelf", "")


def test_command_line(study, tmp_path, capsys):
    add = ["models", "add", str(study)]
    own = str(study / "training/preferences.jsonl")
    assert main(["models", "list", str(study)]) == 0
    assert "No models are registered" in capsys.readouterr().err
    trained = ["--base-model", "base", "--stage", "weight-trained"]
    assert main([*add, "tuned", *trained, "--training-file", own]) == 0
    digest = sha256(study / "training/preferences.jsonl")
    assert capsys.readouterr().out == (
        f"tuned: weight-trained, base model base, parent base, training file {digest[:12]}.\n"
    )
    assert main([*add, "plain", "--stage", "off-the-shelf"]) == 0
    file = tmp_path / "models.json"
    assert main(["models", "list", str(study), "--json", str(file)]) == 0
    assert "tuned: weight-trained" in capsys.readouterr().out
    assert json.loads(file.read_text())[0]["training_sha256"] == digest


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--stage", "introspection-trained", "--base-model", "b"], "needs --trained-on"),
        (["--stage", "weight-trained", "--base-model", "b", "--training-file", "no"], "no: cannot"),
        (["--stage", "odd"], "--stage"),
        (
            [
                *("--stage", "weight-trained", "--base-model", "b"),
                *("--training-file", "no", "--training-sha256", "a" * 64),
            ],
            "not both",
        ),
    ],
)
def test_bad_options_exit_with_2(study, capsys, options, complaint):
    assert main(["models", "add", str(study), "m", *options]) == 2
    out, err = capsys.readouterr()
    assert complaint in err
    assert "Traceback" not in err
    assert out == ""
