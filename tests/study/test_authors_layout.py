import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from introspect_bayes.errors import InputError
from introspect_bayes.study import load_study
from introspect_bayes.study.checked_csv import CheckedTable

CHOICES = "tiny-model_instilled_selections.csv"
REPORTS = "tiny-model_instilled_weight_reports.csv"


@pytest.mark.parametrize("attributes", [2, 5, 10])
def test_any_number_of_attributes(write_study, attributes):
    study = load_study(write_study(attributes=attributes))
    assert study.max_attributes == attributes
    assert study.choices[study.difference_columns].abs().max().max() <= 1
    assert set(study.reports["position"]) == set(range(1, attributes + 1))
    assert len(study.contexts) == 12 * attributes


def test_differences_are_divided_by_the_range(write_study):
    study = load_study(write_study())
    native = study.choices[study.choices["context_set"] == "native"]
    path = Path(study.source) / "tiny-model_instilled_latent_selections.csv"
    table = CheckedTable(path, ()).numbers(["A_attribute_2", "B_attribute_2"])
    expected = (table[:, 0] - table[:, 1]) / 20
    assert native["d2"].to_numpy() == pytest.approx(expected)


def test_several_base_models_and_held_out_halves(write_study):
    study = load_study(write_study(base_models=("m-one", "m_two")))
    assert study.base_models == ["m-one", "m_two"]
    halves = study.report_sets[study.report_sets["report_set"].str.contains("_last_3_of_6")]
    assert {c for asked in halves["contexts_asked"] for c in asked} == {
        "context_0",
        "context_1",
        "context_2",
    }
    assert set(study.models["stage"]) == {
        "weight-trained",
        "off-the-shelf",
        "introspection-trained",
    }


def test_missing_experiments_are_simply_absent(write_study):
    folder = write_study()
    for path in folder.glob("*itrained*"):
        path.unlink()
    (folder / "instilled_weights.csv").unlink()
    study = load_study(folder)
    assert "introspection-trained" not in set(study.models["stage"])
    assert study.targets.empty


def test_units_come_from_the_candidates(write_study):
    folder = write_study()
    entry = {"short_name": "context_0", "attributes": [{"name": "context_0_a1", "units": "cm"}]}
    (folder / "candidate_scenarios.json").write_text(json.dumps([entry]), encoding="utf-8")
    assert load_study(folder).decision_contexts["context_0"].attributes[0].unit == "cm"


def test_contexts_may_have_fewer_attributes(write_study, edit_line):
    folder = write_study()

    def shorten(line):
        cells = line.split(",")
        cells[4] = cells[7] = cells[10] = ""
        return ",".join(cells)

    edit_line(folder / "scenarios.csv", 2, shorten)
    study = load_study(folder)
    assert len(study.decision_contexts["context_0"].attributes) == 2
    mine = study.choices[study.choices["context"] == "context_0"]
    assert (mine["d3"] == 0).all()
    assert set(study.reports.loc[study.reports["context"] == "context_0", "position"]) == {1, 2}


def replace_cell(column, value):
    def change(line):
        cells = line.split(",")
        cells[column] = value
        return ",".join(cells)

    return change


@pytest.mark.parametrize(
    ("file", "line", "change", "complaint"),
    [
        (
            CHOICES,
            1,
            lambda s: s.replace("selection", "choice"),
            "line 1: missing column selection",
        ),
        (CHOICES, 4, replace_cell(1, "atlantis"), "line 4, column scenario: context 'atlantis'"),
        (CHOICES, 5, replace_cell(2, "C"), "line 5, column selection: 'C' is neither A nor B"),
        (CHOICES, 5, replace_cell(2, "a"), "line 5, column selection: 'a' is neither A nor B"),
        (CHOICES, 6, replace_cell(4, "much"), "line 6, column A_attribute_2: 'much' is not a fin"),
        (CHOICES, 6, replace_cell(4, "inf"), "line 6, column A_attribute_2: 'inf' is not a finite"),
        (CHOICES, 181, lambda s: s[:20], "line 181: 2 cells where the header has 9"),
        (REPORTS, 3, replace_cell(4, "high"), "line 3, column report_attr2: 'high' is not a fini"),
        (REPORTS, 3, replace_cell(2, "x"), "line 3, column scenario: context 'x' is not in"),
        (REPORTS, 1, lambda s: s.replace("report_attr1", "w1"), "missing column report_attr1"),
        (REPORTS, 1, lambda s: s.replace("report_attr2", "report_attr7"), "not 1 to K"),
        (REPORTS, 3, replace_cell(0, "other"), "column explaining_model: 2 values"),
        ("scenarios.csv", 3, replace_cell(8, "0.0"), "line 3, column attr1_max: attribute"),
        ("scenarios.csv", 3, replace_cell(8, "-5"), "maximum -5 is not above minimum 0"),
        ("scenarios.csv", 3, replace_cell(0, "context_0"), "context 'context_0' occurs twice"),
        ("scenarios.csv", 3, replace_cell(3, ""), "follows an empty one"),
        ("instilled_weights.csv", 2, replace_cell(1, "?"), "line 2, column attr1: '?' is not a"),
        (
            "tiny-model_itrained_last_3_of_6_50ex_weight_reports.csv",
            2,
            replace_cell(2, "context_4"),
            "was used to train this model",
        ),
    ],
)
def test_bad_input_names_file_line_and_column(
    write_study, edit_line, file, line, change, complaint
):
    folder = write_study()
    edit_line(folder / file, line, change)
    with pytest.raises(InputError, match=re.escape(complaint)) as raised:
        load_study(folder)
    assert str(raised.value).startswith(file)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"model,scenario,selection,A_attribute_1,B_attribute_1\n", "a header but no rows"),
        (b"\xff\xfe\x00", "cannot be read as a CSV file"),
        (b'model,"scenario\n', "cannot be read as a CSV file"),
        (b"model,model\nx,y\n", "column 'model' occurs twice"),
    ],
)
def test_unreadable_files(write_study, content, complaint):
    folder = write_study()
    (folder / CHOICES).write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        load_study(folder)


def test_two_files_about_the_same_contexts_are_refused(write_study):
    folder = write_study()
    name = "tiny-model_itrained_last_3_of_6_{}ex_weight_reports.csv"
    (folder / name.format(10)).write_bytes((folder / name.format(50)).read_bytes())
    with pytest.raises(InputError, match=r"both report on context 'context_0'"):
        load_study(folder)


def test_folder_without_a_study(tmp_path):
    with pytest.raises(InputError, match="no such study folder"):
        load_study(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no scenarios\.csv"):
        load_study(tmp_path)


def test_folder_without_choices_or_reports(write_study):
    folder = write_study()
    for path in folder.glob("tiny*"):
        path.unlink()
    with pytest.raises(InputError, match="no choices and no reports"):
        load_study(folder)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@pytest.mark.compiles
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(line=st.integers(1, 20), column=st.integers(0, 8), value=cells)
def test_any_cell_is_read_or_refused_with_its_place(write_study, line, column, value):
    """No content of a cell leads to anything but a study or an InputError."""
    folder = _SHARED.setdefault("folder", write_study(trials=4))
    path = folder / CHOICES
    original = _SHARED.setdefault("text", path.read_text(encoding="utf-8"))
    lines = original.splitlines()
    parts = lines[line - 1].split(",")
    parts[column] = value
    lines[line - 1] = ",".join(parts)
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    try:
        load_study(folder)
    except InputError as error:
        assert CHOICES in str(error)  # noqa: PT017
    finally:
        path.write_text(original, encoding="utf-8")


_SHARED: dict = {}


def test_the_papers_data(paper_data):
    study = load_study(paper_data)
    assert study.base_models == ["gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"]
    assert len(study.choices) == 30_000
    assert len(study.decision_contexts) == 1_100
    assert len(study.contexts) == 5_500
    asked = (
        study.report_sets["contexts_asked"].map(len) * study.report_sets["reports_asked"]
    ).sum()
    assert asked == 10_000
    halves = study.report_sets[study.report_sets["report_set"].str.contains("_itrained_last_50")]
    names = list(study.decision_contexts)
    assert all(list(row) == names[:50] for row in halves["contexts_asked"])
