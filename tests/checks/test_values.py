"""What was read on trust is said above the estimates, with counts, and what it changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.checks import data_health
from introspect_bayes.study.authors_layout.repeats import copied_rows

pytestmark = pytest.mark.compiles

CHOICES = "tiny-model_instilled_selections.csv"
REPORTS = "tiny-model_instilled_weight_reports.csv"


def change(path, column, value, lines=slice(None)):
    """Change cells of a column, or add it; lines count from the first row."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells = table[column] if column in table else pd.Series("", index=table.index)
    table[column] = cells.mask(np.isin(np.arange(len(table)), np.arange(len(table))[lines]), value)
    table.to_csv(path, index=False)


def double(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, *lines[1:]]))


@pytest.fixture
def found(write_study):
    """Return warnings about values of a small study, whose files were changed."""

    def examine(change_folder=lambda _: None, **options):
        folder = write_study(**options)
        change_folder(folder)
        return [w for w in ib.study_warnings(ib.load_study(folder)) if "cannot be used" not in w]

    return examine


def test_a_simulated_study_deserves_none(found):
    assert found() == []
    assert found(attributes=2) == []


def test_a_single_cell_beyond_the_range(found):
    (warning,) = found(lambda f: change(f / CHOICES, "A_attribute_2", "1e9", slice(3, 4)))
    assert warning.startswith("ft:tiny-model (weight-trained): 1 of 180 choices in instilled")
    assert f"(first: {CHOICES}, line 5, column A_attribute_2: 1e9, range 0 to 20)" in warning


def test_a_range_that_is_not_the_values(found):
    warnings = found(lambda f: change(f / "scenarios.csv", "attr1_max", "0.001"))
    assert [w.split(": ")[1][:32] for w in warnings] == [
        "180 of 180 choices in native con",
        "180 of 180 choices in instilled ",
    ]


def test_rounding_is_allowed_for(found):
    """As in the authors' files: 100.0 where 99.9 is the largest possible value."""
    assert found(lambda f: change(f / CHOICES, "A_attribute_2", "20.2", slice(3, 9))) == []
    assert len(found(lambda f: change(f / CHOICES, "B_attribute_2", "-0.5", slice(3, 4)))) == 1


@pytest.mark.parametrize(("name", "counts"), [(CHOICES, "180 of 360"), (REPORTS, "24 of 48")])
def test_all_rows_doubled(found, name, counts):
    (warning,) = found(lambda f: double(f / name))
    assert f"{counts} " in warning
    assert "are copies of another row" in warning
    assert f"(first: {name}, line {2 + int(counts.split()[0])}, " in warning


def test_rows_that_were_numbered_after_they_were_doubled(found):
    def double_and_number(folder):
        double(folder / CHOICES)
        lines = (folder / CHOICES).read_text(encoding="utf-8").splitlines()
        numbered = [f"{number},{line}" for number, line in enumerate(lines[1:])]
        (folder / CHOICES).write_text("\n".join([f",{lines[0]}", *numbered]), encoding="utf-8")

    (warning,) = found(double_and_number)
    assert "180 of 360 choices in instilled contexts are copies of another row" in warning


def test_cells_of_attributes_that_the_context_lacks(found):
    def shorten(folder):
        for end in ("", "_min", "_max"):
            change(folder / "scenarios.csv", f"attr3{end}", "", slice(0, 1))

    warnings = found(shorten)
    assert len(warnings) == 4
    assert "30 of 180 choices in instilled contexts have cells of attributes" in warnings[0]
    assert f"(first: {CHOICES}, line 2, column A_attribute_3: " in warnings[0]
    assert "4 of 24 reports in instilled contexts have cells of attributes" in warnings[1]

    def blank(folder):
        shorten(folder)
        for path in folder.glob("tiny*"):
            table = pd.read_csv(path, dtype=str)
            shorter = table["scenario"] == "context_0"
            for column in table:
                if column.endswith(("attribute_3", "attr3")):
                    table[column] = table[column].mask(shorter, "NA")
            table.to_csv(path, index=False)

    assert found(blank) == []


def test_a_third_option(found):
    (warning,) = found(lambda f: change(f / CHOICES, "C_attribute_1", "5", slice(0, 60)))
    assert "60 of 180 choices in instilled contexts state a further option" in warning
    assert found(lambda f: change(f / CHOICES, "C_attribute_1", "")) == []


def test_a_report_beyond_the_limit(found):
    (warning,) = found(lambda f: change(f / REPORTS, "report_attr1", "1000000", slice(0, 1)))
    assert "1 of 48 valid reports with a weight beyond ±100" in warning
    assert "(the largest: 1e+06, in context context_0)" in warning


def test_few_choices(found):
    """Three attributes and the pull to a position: eight choices are the least."""
    assert found(trials=8) == []
    warnings = found(trials=7)
    assert len(warnings) == 2
    assert "in 6 of 6 instilled contexts there are fewer than two choices for each" in warnings[1]
    assert "(the fewest: 7, in context_0)" in warnings[1]


def test_data_health_says_what_each_changes(write_study):
    folder, sound = write_study(), write_study()
    for row in (3, 40, 77, 100, 133):
        change(folder / CHOICES, "A_attribute_2", "60", slice(row, row + 1))
        change(sound / CHOICES, "A_attribute_2", "gone", slice(row, row + 1))
    kept = (sound / CHOICES).read_text(encoding="utf-8").splitlines()
    kept = [line for line in kept if "gone" not in line]
    (sound / CHOICES).write_text("\n".join(kept), encoding="utf-8")
    double(folder / REPORTS)
    row, clean = health_of(folder), health_of(sound)
    counts = {name: (a.count, a.of) for name, a in row.anomalies.items() if a.count}
    assert counts["value_outside"] == (5, 180)
    assert counts["repeated"] == (24, 180 + 48)
    # Copies of whole reports leave their means as they are.
    assert row.anomalies["repeated"].r_without == pytest.approx(row.r)
    assert row.anomalies["value_outside"].r_without == pytest.approx(clean.r)
    assert clean.anomalies["value_outside"].count == clean.anomalies["repeated"].count == 0
    assert row.as_dict()["anomalies"]["value_outside"]["change"] != 0


def health_of(folder):
    study = ib.load_study(folder)
    kept = study.choices["context_set"] == "instilled"
    settings = ib.Settings.default(draws=200, warmup=200, keep=False)
    analysis = ib.Analysis(replace(study, choices=study.choices[kept]), settings)
    return next(row for row in data_health(analysis) if row.figure == "e1.acc")


def test_check_names_them(write_study):
    folder = write_study()
    change(folder / CHOICES, "A_attribute_2", "1e9", slice(3, 4))
    checks = list(ib.check_study(ib.Analysis(ib.load_study(folder)), ["data.values"]))
    assert [(c.subject, c.status) for c in checks] == [
        ("tiny-model, weight-trained", "fail"),
        ("tiny-model, introspection-trained", "pass"),
        ("tiny-model, off-the-shelf", "pass"),
    ]


def rows_of(options, answers):
    """Return a file's cells: one row an option pair and answer, in four contexts."""
    contexts = np.arange(len(options)) % 4
    cells = [[f"c{c}", *o, a] for c, o, a in zip(contexts, options, answers, strict=True)]
    names = ["scenario", *(f"o{k}" for k in range(len(options[0]))), "selection"]
    return pd.DataFrame(cells, columns=names, dtype=str)


def copies(text):
    return int(copied_rows(text, "scenario", ["selection"]).sum())


@pytest.mark.parametrize("levels", [2, 3, 5])
@pytest.mark.parametrize("always", [True, False])
def test_options_of_few_values_repeat_by_chance(levels, always):
    random = np.random.default_rng(levels)
    options = random.integers(0, levels, (400, 4))
    answers = (options.sum(axis=1) > 2 * (levels - 1)) if always else random.random(400) > 0.5
    text = rows_of(options, answers)
    assert text.duplicated().any()
    assert copies(text) == 0
    assert copies(pd.concat([text, text])) > 400


def test_trials_asked_again_are_no_copies_unless_all_answers_are_the_same():
    random = np.random.default_rng(1)
    options = np.tile(random.random((100, 4)), (3, 1))
    assert copies(rows_of(options, random.random(300) < 0.9)) == 0
    assert copies(rows_of(options, ["A"] * 300)) == 200


def test_a_part_that_was_copied():
    random = np.random.default_rng(1)
    text = rows_of(random.random((400, 4)), random.random(400) > 0.5)
    assert copies(pd.concat([text, text[:40]])) == 40
    assert copies(pd.concat([text, text[:10]])) == 0


def test_equal_reports_about_one_context_are_no_copies():
    """Ten reports each at temperature 0, and no options in the file that tell them apart."""
    rows = [[f"c{c}", str(7 * c), str(c)] for c in range(20) for _ in range(10)]
    text = pd.DataFrame(rows, columns=["scenario", "w1", "w2"])
    assert not copied_rows(text, "scenario", ["w1", "w2"]).any()
    random = np.random.default_rng(1)
    rows = [[f"c{c}", *random.integers(-9, 10, 2) * 10] for c in range(20) for _ in range(10)]
    text = pd.DataFrame(rows, columns=["scenario", "w1", "w2"]).astype(str)
    assert not copied_rows(text, "scenario", ["w1", "w2"]).any()
    assert copied_rows(pd.concat([text, text]), "scenario", ["w1", "w2"]).sum() > 200


def test_the_papers_data_has_two_reports_out_of_range_and_nothing_else(paper_data):
    study = ib.load_study(paper_data)
    assert study.odd_rows.empty
    beyond = [w for w in ib.study_warnings(study) if "beyond ±100" in w]
    assert len(beyond) == 2
    assert "(the largest: 2388, in context " in beyond[0] + beyond[1]
