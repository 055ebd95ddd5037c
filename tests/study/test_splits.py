"""Columns that split the trials of a context: found, refused, chosen by, pooled over."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import introspect_bayes as ib
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts
from introspect_bayes.study import load_study
from introspect_bayes.study.authors_layout.opening import is_known
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.chosen_rows import ChosenRows, choose_rows
from introspect_bayes.study.export import export_study
from introspect_bayes.study.splits import splits_trials
from split_data import CHOICES, NATIVE, REPORTS, add_column, reverse_every_other_choice, set_column

ROWS_OF_A_FILE = 180


@pytest.fixture
def folder(write_study):
    return write_study()


@pytest.fixture(scope="module")
def flipped(write_study):
    """A study in which every other choice of each context follows the reversed weights."""
    made = write_study(contexts=8, trials=80)
    for name in (CHOICES, NATIVE):
        reverse_every_other_choice(made / name)
    return made


values = st.sampled_from(["0", "1", " 1", "2", "", None, "x"])
tables = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), values), max_size=24)


@settings(deadline=None)
@given(tables)
def test_the_rule(rows):
    """2 to 20 values, at least two of them twice in some group: counted by hand."""
    frame = pd.DataFrame(rows, columns=["model", "context", "value"], dtype=object)
    cells = Counter((m, c, (v or "").strip()) for m, c, v in rows)
    kinds = {value for _, _, value in cells}
    often = Counter((m, c) for (m, c, _), count in cells.items() if count >= 2)
    expected = 2 <= len(kinds) <= 20 and any(count >= 2 for count in often.values())
    assert splits_trials(frame["value"], frame[["model", "context"]]) == expected


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 3))
def test_the_rule_ends_at_twenty_values_and_needs_two_rows_of_each(count, times):
    values = pd.Series([*range(count)] * times)
    groups = pd.DataFrame({"context": ["a"] * len(values)})
    assert splits_trials(values, groups) == (count <= 20 and times > 1)


def test_a_column_that_splits_trials_is_refused_with_what_to_type(flipped):
    with pytest.raises(InputError) as raised:
        load_study(flipped)
    said = str(raised.value)
    assert f"{NATIVE}, column flipped: 2 values" in said
    assert f"{CHOICES} (0: 320 rows, 1: 320 rows)" in said
    assert "`--where flipped=0`" in said
    assert "`--pool flipped`" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trial_number", lambda i: i % 30),  # 30 values
        ("repeat", lambda i: i % 30 if i % 30 < 20 else f"{i}"),  # more than 20
        ("domain", lambda i: "ab"[i // 90]),  # a property of contexts
        ("prompt", lambda i: f"Which of these, number {i}?"),
        ("batch", lambda _: "monday"),
        ("once", lambda i: "odd" if i % 30 == 0 else ""),  # on one row of a context only
        ("D_attribute_1", lambda i: i % 2),  # known to the reader, though it warns of it
    ],
)
def test_other_columns_are_left_alone(folder, name, value):
    before = load_study(folder)
    add_column(folder / CHOICES, name, value)
    pd.testing.assert_frame_equal(load_study(folder).choices, before.choices)


def test_reports_are_split_too_and_a_blank_is_a_value(folder):
    add_column(folder / REPORTS, "trigger", lambda i: "on" if i % 2 else " ")
    with pytest.raises(InputError, match=r"column trigger: 2 values .*\(\(blank\): 12 rows, on: 1"):
        load_study(folder)
    blank = load_study(folder, where={"trigger": ""})
    kept = blank.reports[blank.reports["report_set"] == REPORTS.removesuffix(".csv")]
    assert kept.groupby("context")["report"].max().eq(2).all()


def test_chosen_rows_are_those_of_the_value_numbered_anew(flipped):
    whole = load_study(flipped, pool="flipped")
    part = load_study(flipped, where={"flipped": 1})
    for context, rows in part.choices.groupby("context"):
        same = whole.choices[whole.choices["context"] == context].iloc[1::2]
        assert list(rows["trial"]) == list(range(1, 41))
        assert list(rows["selection"]) == list(same["selection"])
        assert np.array_equal(rows[["d1", "d2", "d3"]], same[["d1", "d2", "d3"]])
    pd.testing.assert_frame_equal(part.reports, whole.reports)


def test_what_was_chosen_is_said_of_the_study_and_of_single_files(flipped):
    part = load_study(flipped, where={"flipped": "0"})
    assert "Only rows with flipped = 0" in repr(part)
    assert dict(part.chosen_rows.where) == {"flipped": ("0",)}
    assert any("used whole" in note and REPORTS in note for note in part.chosen_rows.notes)
    assert "Pooled over flipped" in repr(load_study(flipped, pool=["flipped"]))


def test_values_of_a_column_add_up_and_columns_must_all_fit(folder):
    add_column(folder / CHOICES, "dose", lambda i: i % 3)
    add_column(folder / CHOICES, "prompt", lambda i: "ab"[(i // 3) % 2])
    only = {"dose": [0, 2], "prompt": "a"}
    with pytest.raises(InputError, match=r"column dose: 2 values.*--where dose=0"):
        load_study(folder, where=only)
    study = load_study(folder, where=only, pool="dose")
    assert (study.choices["context_set"] == "instilled").sum() == ROWS_OF_A_FILE / 3
    with pytest.raises(InputError, match=r"column dose: 3 values.*; .*column prompt: 2 values"):
        load_study(folder)


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        ({"where": {"flipped": 2}}, r"--where flipped=2: no row .*has 0: 320 rows, 1: 320 rows"),
        ({"where": {"fliped": 0}}, r"--where fliped: no such column in .*found: model, flipped"),
        ({"pool": "fliped"}, "--pool fliped: no such column"),
        ({"where": {"selection": "A"}}, "--where selection: the analysis itself needs"),
        ({"pool": ["A_attribute_1"]}, "--pool A_attribute_1: the analysis itself needs"),
        (
            {"where": {"flipped": 0, "explaining_model": "none"}},
            "--where explaining_model=none: no row",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused(flipped, chosen, complaint):
    with pytest.raises(InputError, match=complaint):
        load_study(flipped, **chosen)


def test_no_row_that_has_all_of_it(folder):
    for path in folder.glob("*reports.csv"):
        path.unlink()
    for name in (CHOICES, NATIVE):
        add_column(folder / name, "dose", lambda i: i % 2)
        add_column(folder / name, "prompt", lambda i: "ab"[i % 2])
    with pytest.raises(InputError, match=r"--where dose=0 --where prompt=b: no row of"):
        load_study(folder, where={"dose": 0, "prompt": "b"})


def test_a_file_without_such_rows_is_left_out_and_it_is_said(folder):
    add_column(folder / REPORTS, "dose", lambda _: 1)
    add_column(folder / CHOICES, "dose", lambda i: i % 2)
    study = load_study(folder, where={"dose": 0})
    assert REPORTS.removesuffix(".csv") not in set(study.report_sets["report_set"])
    assert f"Without such rows, and left out: {REPORTS}" in study.chosen_rows.notes


def test_a_file_without_rows_stays_a_set_without_reports(folder):
    none = CheckedTable(folder / NATIVE, ()).only(np.zeros(ROWS_OF_A_FILE, bool))
    add_column(folder / CHOICES, "dose", lambda i: i % 2)
    some = CheckedTable(folder / CHOICES, ())
    wanted = ChosenRows.of({"dose": 0})
    kept, noted = choose_rows({REPORTS: none, CHOICES: some}, wanted, is_known)
    assert [len(table) for table in kept.values()] == [0, ROWS_OF_A_FILE / 2]
    assert noted.notes == (f"Without a column dose, and used whole: {REPORTS}",)


def test_target_weights_follow_the_condition_where_they_have_it(folder):
    targets = folder / "instilled_weights.csv"
    add_column(targets, "flipped", lambda _: 0)
    header, *lines = targets.read_text().splitlines()
    others = [f"{line.split(',')[0]},1,2,3,1" for line in lines]
    targets.write_text("\n".join([header, *lines, *others]))
    add_column(folder / CHOICES, "flipped", lambda i: i % 2)
    study = load_study(folder, where={"flipped": 1})
    assert set(study.targets["target"]) == {1.0, 2.0, 3.0}


def test_complaints_name_the_line_of_the_whole_file(folder):
    add_column(folder / CHOICES, "flipped", lambda i: i % 2)
    set_column(folder / CHOICES, "selection", lambda i: "C" if i == 3 else "A")
    with pytest.raises(InputError, match="line 5, column selection: 'C'"):
        load_study(folder, where={"flipped": 1})
    load_study(folder, where={"flipped": 0})


@pytest.mark.parametrize(("file", "column"), [(CHOICES, "model"), (REPORTS, "explaining_model")])
def test_two_models_in_one_file_are_refused_until_one_is_chosen(folder, file, column):
    set_column(folder / file, column, lambda i: f"m{i // 100}" if file == CHOICES else f"m{i // 9}")
    with pytest.raises(InputError, match=rf"{file}, column {column}: \d values .*--where {column}"):
        load_study(folder)
    frame = "choices" if file == CHOICES else "reports"
    one = getattr(load_study(folder, where={column: "m1"}), frame)
    assert "m1" in set(one["model"])
    assert "m0" not in set(one["model"])
    both = load_study(folder, pool=column)
    assert f"Pooled over {column}" in repr(both)
    ib.Analysis(both)


def test_analyses_refuse_frames_that_a_column_splits(folder):
    study = load_study(folder)
    half = study.choices.index % 2
    mixed = replace(study, choices=study.choices.assign(trigger=half))
    with pytest.raises(InputError, match=r"column trigger: 2 values .*study.pooled\('trigger'\)"):
        ib.Analysis(mixed)
    with pytest.raises(InputError, match="column trigger"):
        ib.fit("choice_weights", mixed)
    ib.Analysis(mixed.pooled("trigger"))
    ib.Analysis(replace(mixed, choices=mixed.choices[half == 0]))
    told = study.reports.assign(trigger=study.reports["report"] % 2)
    with pytest.raises(InputError, match=r"reports of .*column trigger"):
        ib.joint_accuracy(replace(study, reports=told))
    named = study.reports.assign(attribute=study.reports["position"].map(str))
    ib.Analysis(replace(study, reports=named))


def test_export_is_not_held_up_and_says_what_it_leaves_out(flipped, tmp_path):
    written = export_study(flipped, tmp_path / "tables")
    assert f"{CHOICES}: the column flipped (0: 320 rows, 1: 320 rows)" in written.left_out
    with pytest.raises(InputError, match="column flipped"):
        ib.Analysis(ib.study.read_study(flipped, fitting=False))


def test_two_models_of_one_stage_in_a_study_folder(answer_study, tmp_path):
    def reply(messages, replicate):
        return ("A" if replicate % 2 else "B"), "stop"

    models = {Model(name, "base", "weight-trained"): reply for name in ("one", "two")}
    counts = Counts(instilled_choices=4, native_choices=4, reports=1)
    answer_study(tmp_path, models, counts, instilled=2, native=2)
    both = load_study(tmp_path)
    with pytest.raises(InputError, match=r"several models answered .*`--where model=one`"):
        ib.Analysis(both)
    one = load_study(tmp_path, where={"model": "one"})
    assert set(one.choices["model"]) == {"one"}
    ib.Analysis(one)
    with pytest.raises(InputError, match="no replies of this model; there are one, two"):
        load_study(tmp_path, where={"model": "three"})
    for wrong in ({"pool": "model"}, {"where": {"flipped": 0}}):
        with pytest.raises(InputError, match="replies have no columns"):
            load_study(tmp_path, **wrong)


def test_sets_of_reports_about_one_context_are_never_pooled(folder):
    study = load_study(folder)
    other = study.reports.assign(model="other", report_set="other")
    doubled = replace(study, reports=pd.concat([study.reports, other], ignore_index=True))
    for each in (doubled, doubled.pooled("model")):
        with pytest.raises(InputError, match=r"reports of tiny-model, .*column model: 2 values"):
            ib.Analysis(each)


def test_a_message_stays_short_and_on_one_line(folder):
    add_column(folder / CHOICES, "prompt", lambda i: f"{'long ' * 90}{i % 2}" if i % 3 else "a\nb")
    with pytest.raises(InputError) as raised:
        load_study(folder)
    counts = str(raised.value).partition("(")[2].partition(")")[0]
    assert "'a\\nb': 60 rows" in counts
    assert len(counts) < 240
    assert "\n" not in counts


def test_the_papers_files_have_no_such_column(paper_data):
    assert not load_study(paper_data).splits


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["0", "1", "b c", ""]), min_size=12, max_size=12))
def test_any_choice_of_rows_is_what_a_filter_gives(cells):
    table = pd.DataFrame(
        {
            "explainer": "a", "target": "a", "task": "t",
            "item": [str(i) for i in range(12)], "score": 1, "kind": cells,
        }
    )  # fmt: skip
    from introspect_bayes.scores.scores import read_explanation_scores

    for value in set(cells):
        found = read_explanation_scores(table, ChosenRows.of({"kind": value}))
        assert list(found["item"]) == list(table.loc[table["kind"] == value, "item"])
