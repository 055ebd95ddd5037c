"""The profile of whole studies: computed, shown, written, and on the paper's data as published."""

import io
import json

import pandas as pd
import pytest
from rich.console import Console

import introspect_bayes as ib
from introspect_bayes.cli import main
from introspect_bayes.errors import CannotCompute
from introspect_bayes.profile.profile import profile_where_possible
from introspect_bayes.profile.rows import QUANTITIES
from introspect_bayes.profile.section import profile as profile_section
from introspect_bayes.profile.split_halves import half_reports
from introspect_bayes.profile.tables import notes, profile_table
from introspect_bayes.protocol.comparisons import COMPARISONS

pytestmark = pytest.mark.compiles

SETTINGS = {"seed": 5, "draws": 200, "warmup": 200, "engine": "importance"}


@pytest.fixture(scope="module")
def folder(write_study):
    return write_study(base_models=("m-one",), trials=40, contexts=6)


@pytest.fixture(scope="module")
def analysis(folder):
    return ib.Analysis(ib.load_study(folder), ib.Settings.default(**SETTINGS, keep=False))


@pytest.fixture(scope="module")
def profile(analysis):
    return ib.accuracy_profile(analysis)


def test_every_comparison_has_every_quantity(profile):
    table = profile.table()
    assert list(table["quantity"].unique()) == list(QUANTITIES)
    assert set(table["figure"]) == {"e1.acc", "e1.base", "e2.acc", "e3.before", "e3.after"}
    assert list(profile.skipped) == ["native.acc.m-one"]
    known = table.dropna(subset=["estimate", "low"])
    assert len(known) > 0.8 * len(table)
    assert ((known["low"] <= known["estimate"]) & (known["estimate"] <= known["high"])).all()
    missing = table[table["estimate"].isna() | table["low"].isna()]
    assert (missing["note"] != "").all()
    named = profile["e2.acc.m-one"]
    assert named["sign_accuracy"].estimate > 0.8
    assert named["most_important_named"].chance == pytest.approx(1 / 3)
    with pytest.raises(KeyError):
        profile["e9.m-one"]


def test_halves_are_every_other_report(analysis):
    halves = half_reports(analysis, "m-one", COMPARISONS["e2.acc"])
    reports = analysis.study.reports
    mine = reports[(reports["stage"] == "introspection-trained")]
    mine = mine[mine["context_set"] == "instilled"]
    one = halves.iloc[0]
    cell = mine[(mine["context"] == one["context"]) & (mine["position"] == one["position"])]
    assert one["first"] == pytest.approx(cell["reported"].iloc[::2].mean())
    assert one["second"] == pytest.approx(cell["reported"].iloc[1::2].mean())


def test_it_shows_itself(profile):
    console = Console(file=io.StringIO(), width=80)
    console.print(profile_table(profile.rows))
    text = console.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "(.33)" in text
    assert "noise" in text
    assert "<table" in profile._repr_html_()
    section = profile_section(profile)
    assert section.blocks
    assert not profile_section(None).blocks
    assert all(isinstance(note, str) for note in notes(profile.rows))


def test_studies_without_any_comparison_say_why(analysis):
    nothing = profile_where_possible(analysis, ["native.acc"])
    assert not nothing.rows
    (said,) = profile_section(nothing).blocks
    assert "no reports of m-one, off-the-shelf" in said.text
    with pytest.raises(CannotCompute, match="accuracy has no profile"):
        ib.accuracy_profile(analysis, ["native.acc"])
    with pytest.raises(ib.InputError, match="no comparison"):
        ib.accuracy_profile(analysis, ["e9"])


def test_analyze_full_prints_and_writes_it(folder, tmp_path, capsys):
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    file = tmp_path / "figures.json"
    main(["analyze", str(folder), "--full", "--only", "e1", "--json", str(file), *options])
    assert "What accuracy consists of" in capsys.readouterr().out
    written = {row["id"]: row for row in json.loads(file.read_text())}
    told = written["e1.acc.m-one"]["profile"]
    assert list(told) == list(QUANTITIES)
    assert set(told["slope_of_reports"]) == {
        "estimate", "hdi_contexts", "chance", "contexts", "note"
    }  # fmt: skip
    assert written["e1.agree.m-one"]["profile"] is None
    main(["analyze", str(folder), "--only", "e1.acc", "--json", str(file), *options])
    assert "What accuracy consists of" not in capsys.readouterr().out
    assert "profile" not in json.loads(file.read_text())[0]


@pytest.fixture(scope="module")
def papers(paper_data):
    analysis = ib.Analysis(ib.load_study(paper_data), ib.Settings.default(seed=2025))
    return ib.accuracy_profile(analysis, ["e1.acc", "e2.acc"]).table()


@pytest.mark.parametrize(
    ("figure", "quantity", "observed"),
    [
        ("e1.acc", "slope_of_reports", 0.26),
        ("e2.acc", "slope_of_reports", 0.72),
        ("e1.acc", "sign_accuracy", 0.67),
        ("e2.acc", "sign_accuracy", 0.81),
        ("e1.acc", "most_important_named", 0.36),
        ("e2.acc", "most_important_named", 0.44),
        ("e1.acc", "noise_ceiling", (0.91 * 0.92) ** 0.5),
        ("e2.acc", "noise_ceiling", (0.91 * 0.97) ** 0.5),
    ],
)
def test_the_papers_large_model(papers, figure, quantity, observed):
    """An independent computation found these, with reliabilities from halves of its own."""
    large = papers["base_model"].str.startswith("gpt-4o-2024")
    row = papers[large & (papers["figure"] == figure) & (papers["quantity"] == quantity)].iloc[0]
    assert row["estimate"] == pytest.approx(observed, abs=0.011)
    assert row["low"] < observed < row["high"] or quantity == "noise_ceiling"
    assert pd.isna(row["chance"]) == (quantity == "noise_ceiling")
