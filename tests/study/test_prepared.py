"""Study folders read back: empty sets, missing replies, and the study that ships."""

import json

import pytest

import introspect_bayes as ib
from introspect_bayes import study as study_room
from introspect_bayes.cli import main
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts
from introspect_bayes.store import Store

COUNTS = Counts(native_choices=2, reports=3)


def undecided(messages, replicate):
    return ("B" if messages[-1]["content"].startswith("[DECISION TASK]") else "None."), "stop"


def test_a_study_that_instills_nothing(answer_study, tmp_path):
    prepared = answer_study(tmp_path / "s", {Model("m", "m"): undecided}, COUNTS, native=4)
    study = ib.load_study(tmp_path / "s")
    assert study.targets.empty
    assert list(study.targets) == ["context", "position", "target"]
    (row,) = study.report_sets.to_dict("records")
    assert row["contexts_asked"] == tuple(c.name for c in prepared.contexts["native"])
    assert (row["stage"], row["context_set"], row["reports_asked"]) == (
        "off-the-shelf",
        "native",
        3,
    )
    assert len(study.choices) == 4 * 2
    assert study.failures["count"].sum() == 4 * 3
    with pytest.raises(Exception, match="no target weights: nothing was instilled"):
        ib.Analysis(study).targets("m")


def test_a_folder_without_replies_says_how_to_collect_them(tmp_path, capsys):
    folder = tmp_path / "s"
    assert main(["prepare", str(folder), "--instilled", "0", "--native", "2"]) == 0
    advice = f"run `introspect-bayes collect {folder} --model NAME`"
    for expected in ("no replies are stored yet", "holds no replies yet"):
        assert main(["analyze", str(folder)]) == 2
        complaint = capsys.readouterr().err
        assert expected in complaint
        assert advice in complaint
        with Store(folder / "replies.sqlite"):
            pass


@pytest.fixture
def shipped(answer_study, tmp_path, monkeypatch):
    """A package whose data holds the example study, seen from an empty working directory."""
    data, here = tmp_path / "package", tmp_path / "here"
    here.mkdir()
    answer_study(data / "smollm2", {Model("m", "m"): undecided}, COUNTS, native=4)
    monkeypatch.chdir(here)
    monkeypatch.setattr(study_room, "shipped_folder", lambda name: {"data": data}[name])
    return data


def test_the_shipped_study_opens_by_name(shipped):
    assert len(ib.load_study("smollm2").choices) == 4 * 2
    with pytest.raises(ib.InputError, match="smollm3: no such study folder"):
        ib.load_study("smollm3")


def test_the_command_opens_it_too(shipped, capsys, tmp_path):
    file = tmp_path / "f.json"
    assert main(["analyze", "smollm2", "--only", "invalid", "--json", str(file)]) == 0
    (row,) = json.loads(file.read_text())
    assert (row["id"], row["estimate"]) == ("invalid.m", 1.0)


def test_a_folder_at_hand_goes_before_the_shipped_one(shipped, answer_study, tmp_path):
    answer_study(tmp_path / "here" / "smollm2", {Model("o", "o"): undecided}, COUNTS, native=2)
    assert ib.load_study("smollm2").base_models == ["o"]


def test_a_shipped_study_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study_room, "shipped_folder", lambda _: tmp_path / "nowhere")
    with pytest.raises(ib.InputError, match="smollm2: no such study folder"):
        ib.load_study("smollm2")
