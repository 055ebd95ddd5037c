"""CSV files read strictly: plain numbers, one spelling of names, the right line."""

import csv
import math
import unicodedata
from io import StringIO

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.constants import PLAIN_NUMBER
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.context_files import read_candidates, read_contexts
from introspect_bayes.protocol.training import read_learned_weights
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.study import load_study
from introspect_bayes.study.checked_csv import CheckedTable

CHOICES = "tiny-model_instilled_selections.csv"
NO_NUMBERS = ["1_0", "0x2", "6_0", "1_000.5", "0b1", "\uff11\uff10", "1e5_0", "\u0661"]
COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


@pytest.fixture
def write_cells(tmp_path):
    def write(*rows):
        path = tmp_path / "cells.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    return write


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_what_only_a_program_takes_for_a_number_is_none(write_cells, cell):
    table = CheckedTable(write_cells(["a", "b"], ["1", "2"], ["x", cell]), ("a",))
    with pytest.raises(InputError, match=f"line 3, column b: '{cell}' is not a finite number"):
        table.numbers(["b"])


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_every_loader_refuses_them(write_study, edit_line, tmp_path, cell):
    folder = write_study(trials=4)
    edit_line(folder / CHOICES, 2, lambda line: ",".join([*line.split(",")[:-1], cell]))
    with pytest.raises(InputError, match=rf"line 2, column B_attribute_3: '{cell}'"):
        load_study(folder)
    rows = {"explainer": ["a", "b"], "target": ["a", "a"], "task": ["t"] * 2, "item": ["1"] * 2}
    with pytest.raises(InputError, match=f"row 2, column score: '{cell}'"):
        read_explanation_scores(pd.DataFrame(rows | {"score": ["1", cell]}))
    path = tmp_path / "contexts.toml"
    path.write_text(
        '[[context]]\nname = "c"\nagent = "me"\nquestion = "?"\n'
        f'attributes = [{{name = "a", minimum = 0, maximum = "{cell}", unit = ""}}]\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=f"'{cell}' is not a number"):
        read_contexts(path)
    path = tmp_path / "candidates.json"
    path.write_text(
        '[{"short_name": "c", "question": "?", "attributes": '
        f'[{{"name": "a", "units": "", "range": [0, "{cell}"]}}]}}]',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=f"'{cell}' is not a number"):
        read_candidates(path)
    path = tmp_path / "weights.csv"
    path.write_text(f"context,position,weight\nc,1,{cell}\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"'{cell}' is not a number"):
        read_learned_weights(path)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_plain(number):
    for text in (repr(number), f"{number:e}", f" {number:+g} "):
        assert PLAIN_NUMBER.fullmatch(text)
        assert math.isfinite(float(text))


@given(st.text(max_size=8))
def test_plain_numbers_are_numbers(text):
    if PLAIN_NUMBER.fullmatch(text):
        float(text)
        assert text.isascii()
        assert "_" not in text


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=9)


@settings(deadline=None)
@given(texts=st.lists(cells, min_size=1, max_size=6))
def test_the_line_is_the_one_on_which_the_row_begins(tmp_path_factory, texts):
    """Whatever the cells hold: quotes, commas and line breaks of every kind."""
    path = tmp_path_factory.getbasetemp() / "lines.csv"
    written = StringIO(newline="")
    rows = csv.writer(written, quoting=csv.QUOTE_ALL)
    starts = []
    for text in ("text", *texts):
        before = written.getvalue().replace("\r\n", "\n").replace("\r", "\n")
        starts.append(before.count("\n") + 1)
        rows.writerow(["n" if starts[1:] else "name", text])
    path.write_text(written.getvalue(), encoding="utf-8", newline="")
    table = CheckedTable(path, ("name",))
    for row, line in enumerate(starts[1:]):
        assert table.locate(row, "name") == f"lines.csv, line {line}, column name"


def test_quoted_line_breaks_count_as_lines(write_study):
    folder = write_study(trials=4)
    path = folder / "scenarios.csv"
    text = path.read_text(encoding="utf-8")
    text = text.replace("Which context_0?", '"Which,\nof these\nplaces?"')
    path.write_text(text.replace("context_3_a1", ""), encoding="utf-8")
    with pytest.raises(InputError, match=r"scenarios\.csv, line 7, column attr2: attribute"):
        load_study(folder)


def test_accents_stored_in_two_ways_are_one_name(write_study):
    """A macOS file name, a question's author and a spreadsheet each store é in their way."""
    folder = write_study(trials=4, base_models=(DECOMPOSED,))
    for path in sorted(folder.glob("*.csv")):
        text = path.read_text(encoding="utf-8").replace("context_1_a1", f"{COMPOSED}_a1")
        form = "NFD" if "reports" in path.name else "NFC"
        text = text.replace("context_1,", f"{DECOMPOSED}_1,")
        path.write_text(unicodedata.normalize(form, text), encoding="utf-8")
    path = folder / f"{DECOMPOSED}_instilled_selections.csv"
    path.rename(folder / f"{COMPOSED}_instilled_selections.csv")
    study = load_study(folder)
    assert study.base_models == [COMPOSED]
    assert f"{COMPOSED}_1" in study.decision_contexts
    assert DECOMPOSED not in study.choices.to_csv() + study.reports.to_csv()


def test_scores_of_one_explainer_stay_together():
    rows = {
        "explainer": [COMPOSED, DECOMPOSED],
        "target": [DECOMPOSED, COMPOSED],
        "task": ["t"] * 2,
        "item": ["1", "2"],
        "score": [0, 1],
    }
    table = read_explanation_scores(pd.DataFrame(rows))
    assert set(table["explainer"]) == {COMPOSED}
    assert table["self"].all()


def test_a_context_of_two_spellings_is_doubled(tmp_path):
    context = (
        '[[context]]\nname = "{}"\nagent = "me"\nquestion = "?"\n'
        'attributes = [{{name = "a", minimum = 0, maximum = 1, unit = ""}}]\n'
    )
    path = tmp_path / "contexts.toml"
    path.write_text(context.format(COMPOSED) + context.format(DECOMPOSED), encoding="utf-8")
    with pytest.raises(InputError, match="occurs twice"):
        read_contexts(path)
