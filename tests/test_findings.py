"""What is found in a study is one object: printed, written, shown in notebooks and in reports."""

import io
import json
import pickle
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from rich.console import Console

import introspect_bayes as ib
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.cli import main
from introspect_bayes.document import SECTIONS, Wanted, gather
from introspect_bayes.document import gathering as document_gathering
from introspect_bayes.regressions.regression import RegressionSampler

pytestmark = pytest.mark.compiles

SETTINGS = {"seed": 5, "draws": 200, "warmup": 200, "engine": "importance"}
OPTIONS = [f"--{name}={value}" for name, value in SETTINGS.items()]
SIMPLE = ("headline", "privileged", "health")
"""Sections of a report that sample nothing anew."""


@pytest.fixture(scope="module")
def folder(write_study):
    return write_study(base_models=("m-one", "m-two"), trials=40, contexts=6)


@pytest.fixture(scope="module")
def found(folder):
    return ib.analyze(folder, settings=ib.Settings.default(**SETTINGS, keep=False))


@pytest.fixture(scope="module")
def nothing(folder):
    """What is found in a study to which nobody replied."""
    study = ib.load_study(folder)
    empty = replace(
        study,
        choices=study.choices.iloc[:0],
        reports=study.reports.iloc[:0],
        targets=study.targets.iloc[:0],
        report_sets=study.report_sets.iloc[:0],
    )
    return ib.analyze(empty)


def printed(findings):
    console = Console(file=io.StringIO(), width=140, highlight=False)
    console.print(findings)
    return console.file.getvalue()


def never(*_, **__):
    pytest.fail("fitted again")


class Tags(HTMLParser):
    """Tags that are open, and all that were seen."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read_html(findings):
    tags = Tags()
    tags.feed(findings._repr_html_())
    tags.close()
    assert not tags.open
    return tags


def test_the_command_writes_and_prints_the_same(capsys, tmp_path, folder, found, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    files = tmp_path / "figures.json", tmp_path / "health.json"
    written = ["--json", str(files[0]), "--health-json", str(files[1])]
    code = main(["analyze", str(folder), "--no-cache", *OPTIONS, *written])
    assert capsys.readouterr().out == printed(found)
    assert code == int(found.failed)
    known = found.to_dict()
    for file, key in zip(files, ("figures", "health"), strict=True):
        assert known[key]
        text = json.dumps(known[key], indent=2, ensure_ascii=False)
        assert file.read_text(encoding="utf-8") == f"{text}\n"


def test_a_report_holds_the_numbers_of_the_very_object(found, monkeypatch):
    monkeypatch.setattr(document_gathering, "findings_of", never)
    monkeypatch.setattr(document_gathering, "check_study", lambda *_: ())
    monkeypatch.setattr(RegressionSampler, "_fit", never)
    monkeypatch.setattr(ChoiceWeightsSampler, "_fit", never)
    made = gather(found, Wanted.chosen(left_out=set(SECTIONS) - set(SIMPLE)))
    assert made.figures is found.figures
    assert made.access is found.access
    tables = {b.name: b for s in SIMPLE for b in SECTIONS[s](made).blocks if hasattr(b, "headers")}
    pd.testing.assert_frame_equal(tables["headline"].data, found.table())
    pd.testing.assert_frame_equal(tables["privileged"].data, found.access.table())
    assert tables["health"].data["r"].tolist() == [row.r for row in found.health]
    shown = read_html(found).text
    for name in ("headline", "privileged", "health", "anomalies", "exclusion"):
        assert {cell for row in tables[name].rows for cell in row if cell} <= set(shown)


def test_a_notebook_needs_nothing_else_and_keeps_its_colours(found):
    tags = read_html(found)
    assert {name for name, _ in tags.seen} <= {
        *("div", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td")
    }
    assert {key for _, given in tags.seen for key in given} <= {"style", "scope"}
    styles = " ".join(given.get("style", "") for _, given in tags.seen)
    assert "url(" not in styles
    assert not {"color", "background"} & {rule.split(":")[0].strip() for rule in styles.split(";")}
    for warning in found.warnings:
        assert f"Warning: {warning}" in tags.text


def test_names_are_no_markup(found):
    name = "<script>alert('&')</script>"
    first = replace(found.figures[0], id=name, title=f"<b>{name}", note="a < b & c")
    tags = read_html(replace(found, figures=(first, *found.figures[1:]), provenance="<i>here"))
    assert not {"script", "b", "i"} & {tag for tag, _ in tags.seen}
    assert {name, f"<b>{name}", "<i>here", f"{name}: a < b & c"} <= set(tags.text)


def test_findings_go_to_another_process_and_back(found):
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    assert again.to_dict() == found.to_dict()
    assert again._repr_html_() == found._repr_html_()
    assert repr(again) == repr(found)
    pd.testing.assert_frame_equal(again.table(), found.table())
    figure = again.figures[0].result
    assert (figure.draws is None) == (found.figures[0].result.draws is None)
    assert again.plot().axes


def test_a_study_that_allows_nothing_gives_the_reasons(nothing):
    assert all(figure.result is None and figure.note for figure in nothing.figures)
    assert not nothing.access.figures
    assert nothing.health == ()
    assert not nothing.failed
    assert not nothing.shown
    (note,) = nothing.notes
    assert note.startswith("Not in this study: e1.learned, e1.agree, e1.acc")
    assert "no choices of m-one, weight-trained, in instilled contexts" in note
    assert note in read_html(nothing).text
    assert len(nothing.to_dict()["figures"]) == len(nothing.figures)
    with pytest.raises(ib.InputError):
        nothing.plot()


def test_some_figures_only_and_fits_made_once(found, monkeypatch):
    monkeypatch.setattr(RegressionSampler, "_fit", never)
    monkeypatch.setattr(ChoiceWeightsSampler, "_fit", never)
    some = ib.analyze(found.analysis, only="e1.acc")
    assert [figure.id for figure in some.figures] == ["e1.acc.m-one", "e1.acc.m-two"]
    assert some.health == ()
    assert not some.access.figures
    by_id = {figure.id: figure for figure in found.figures}
    assert all(figure.result == by_id[figure.id].result for figure in some.figures)
    assert ib.analyze(found.analysis, only=["e1.acc"]).to_dict() == some.to_dict()
    with pytest.raises(ib.InputError, match=r"only e1\.acc"):
        ib.write_report(some, "never.html")


def test_what_cannot_be_meant_is_refused(found):
    with pytest.raises(ib.InputError, match=r"no figure 'e1\.ac'"):
        ib.analyze(found.analysis, only="e1.ac")
    with pytest.raises(ib.InputError, match="settings of its own"):
        ib.analyze(found.analysis, settings=ib.Settings.default())


def test_a_known_truth_and_failed_diagnostics_are_shown(found):
    first = next(figure for figure in found.figures if figure.id == "e1.acc.m-one")
    failed = replace(first, result=replace(first.result, problems=("R-hat 1.5",)))
    known = replace(found, figures=(failed,), truth={"e1.acc.m-one": 0.25})
    assert known.failed
    assert known.table()["truth"].tolist() == [0.25]
    row = known.to_dict()["figures"][0]
    assert (row["truth"], row["problems"]) == (0.25, ["R-hat 1.5"])
    text = read_html(known).text
    assert ".25" in text
    assert "e1.acc.m-one: † R-hat 1.5" in text
    assert text[1].startswith("Diagnostics failed: do not rely on the numbers marked †")
