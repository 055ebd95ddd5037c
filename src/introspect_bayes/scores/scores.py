"""Tables of explanation scores: who explained what of whom, and how good the explanation was."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.study.checked_csv import CheckedTable, one_spelling
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows, choose_rows, spelling
from introspect_bayes.study.splits import cell_text, find_splits, refusal, text_of

NAMES: Final = ("explainer", "target", "task", "item")
"""Columns of names that every table needs, beside the score."""

OPTIONAL: Final = ("training_size", "replicate")
"""Columns that a table may have; all others are left alone, unless they split the scores."""

COLUMNS: Final = (*NAMES, "score", *OPTIONAL)
"""All columns that are read."""

_PARQUET: Final = (".parquet", ".pq")
_TRUTH_VALUES: Final = {"true": "1", "false": "0"}


class CheckedFrame(CheckedTable):
    """A frame as text cells, with the checks of a CSV file; complaints name row and column.

    Parameters
    ----------
    frame
        Any frame; missing values become empty cells.
    name
        What complaints call it.
    required
        Columns that must be there.

    Raises
    ------
    InputError
        If there are no rows, a column lacks or occurs twice.
    """

    def __init__(self, frame: pd.DataFrame, name: str, required: tuple[str, ...]) -> None:
        self.path = Path(name)
        self._name = name
        header = [one_spelling(str(column)) for column in frame.columns]
        doubled = {column for column in header if header.count(column) > 1}
        if doubled:
            msg = f"{name}: column {min(doubled)!r} occurs twice"
            raise InputError(msg)
        if frame.empty:
            msg = f"{name}: there are no rows"
            raise InputError(msg)
        cells = {
            column: [_text(value) for value in frame.iloc[:, place]]
            for place, column in enumerate(header)
        }
        self.text = pd.DataFrame(cells, dtype=str)
        self._lines = list(range(1, len(frame) + 1))
        self.require(required)

    def locate(self, row: int, column: str) -> str:
        """Return "name, row N, column NAME", counting rows from 1."""
        return f"{self._name}, row {self._lines[row]}, column {column}"


def read_explanation_scores(
    source: str | Path | pd.DataFrame, chosen: ChosenRows = EVERYTHING
) -> pd.DataFrame:
    """Read a table of explanation scores.

    Parameters
    ----------
    source
        A CSV file (``.csv.gz`` if compressed), a Parquet file (``.parquet``; needs the extra
        ``parquet``), or a frame. Columns: explainer, target, task, item (names), score (0 or 1,
        True or False, or in between), and, if there are any, training_size (how many examples the
        explainer was trained on) and replicate (tells repeated scores of the same explanation
        apart). An explainer that is the target explains itself: the two must then have the same
        name. Other columns are ignored, unless they split the scores.
    chosen
        Which rows are used, and which columns are pooled over.

    Returns
    -------
    pandas.DataFrame
        The rows in their order: explainer, target, task, item (text), score (float), self (bool),
        training_size (float; only where the table has it).

    Raises
    ------
    InputError
        If a column lacks, a name is empty, a score is no number from 0 to 1, a training size no
        positive number, or a row repeats another one; the message names file, row and column. If
        another column splits the scores (2 to 20 values, at least two of them in several scores
        each of the same explainer, target and task), and is neither chosen by nor pooled over.

    Examples
    --------
    >>> rows = {"explainer": ["a", "b"], "target": ["a", "a"], "task": ["features"] * 2}
    >>> rows |= {"item": ["7", "7"], "score": [1, 0]}
    >>> read_explanation_scores(pd.DataFrame(rows))[["explainer", "target", "score", "self"]]
      explainer target  score   self
    0         a      a    1.0   True
    1         b      a    0.0  False
    """
    table = _table(source)
    _refuse_misspelt(table)
    name = table.path.name
    if chosen:
        table = choose_rows({name: table}, chosen, COLUMNS.__contains__)[0][name]
    _refuse_splits(table, chosen)
    found = pd.DataFrame({name: table.strings(name).str.strip() for name in NAMES})
    found["score"] = _scores(table)
    found["self"] = found["explainer"] == found["target"]
    if (sizes := _training_sizes(table)) is not None:
        found["training_size"] = sizes
    _refuse_repeated(table, found, chosen.pool)
    _refuse_spelt_otherwise(table, found)
    return found


def _table(source: str | Path | pd.DataFrame) -> CheckedTable:
    required = (*NAMES, "score")
    if isinstance(source, pd.DataFrame):
        return CheckedFrame(source, "the frame of scores", required)
    path = Path(source).expanduser()
    if not path.is_file():
        msg = f"{path}: no such file"
        raise InputError(msg)
    if path.suffix.lower() not in _PARQUET:
        return CheckedTable(path, required)
    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        msg = f"{path.name}: Parquet needs the package pyarrow (the extra 'parquet'); or take CSV"
        raise InputError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path.name}: cannot be read as a Parquet file: {error}"
        raise InputError(msg) from error
    return CheckedFrame(frame, path.name, required)


def _text(value: Any) -> str:
    return one_spelling(cell_text(value))


def _refuse_splits(table: CheckedTable, chosen: ChosenRows) -> None:
    pooled = [spelt for column in chosen.pool if (spelt := spelling(table, column)) is not None]
    groups = NAMES[:3]
    among = f"scores of the same {', '.join(groups[:-1])} and {groups[-1]}"
    known = {*COLUMNS, *pooled}
    name = table.path.name
    splits = list(find_splits(name, table.text, groups=groups, known=known, among=among))
    if splits:
        raise InputError(refusal(splits))


def _refuse_misspelt(table: CheckedTable) -> None:
    """Refuse a column that is nearly an optional one, which would else be ignored in silence."""
    for name in OPTIONAL:
        spelt = {
            column.lower().replace(" ", "_").replace("-", "_"): column for column in table.columns
        }
        for near in get_close_matches(name, spelt, cutoff=0.85):
            if spelt[near] != name and name not in table.columns:
                msg = f"{table.path.name}: column {spelt[near]!r}: did you mean {name!r}?"
                raise InputError(msg)


def _scores(table: CheckedTable) -> np.ndarray:
    written = table.strings("score").str.strip()
    table.text["score"] = written.str.lower().map(_TRUTH_VALUES).fillna(written)
    values = table.numbers(["score"])[:, 0]

    def complaint(cell: str) -> str:
        percent = " (divide percentages by 100)" if 1 < float(cell) <= 100 else ""  # noqa: PLR2004
        return f"{cell!r} is not a score from 0 to 1{percent}"

    table.refuse((values < 0) | (values > 1), "score", complaint)
    return values


def _training_sizes(table: CheckedTable) -> np.ndarray | None:
    """Return the training sizes; None where there are none."""
    if "training_size" not in table.columns:
        return None
    blank = (table.text["training_size"].str.strip() == "").to_numpy()
    if blank.all():
        return None
    table.refuse(blank, "training_size", lambda _: "is empty, where other rows have a size")
    values = table.numbers(["training_size"])[:, 0]
    table.refuse(
        values <= 0,
        "training_size",
        lambda cell: (
            f"{cell!r} is not a positive number (sizes are compared by their logarithm; leave "
            "untrained explainers out, or analyse them alone without training_size)"
        ),
    )
    return values


def _refuse_repeated(table: CheckedTable, found: pd.DataFrame, pool: Sequence[str]) -> None:
    key = [*NAMES, *(["training_size"] if "training_size" in found else [])]
    keys = found[key].copy()
    if "replicate" in table.columns:
        keys["replicate"] = table.strings("replicate").str.strip()
    for column in pool:  # what is pooled over tells repeated scores apart, too
        if (spelt := spelling(table, column)) is not None:
            keys[f"pooled {column}"] = text_of(table.text[spelt])
    repeated = keys.duplicated().to_numpy()
    if not repeated.any():
        return
    row = int(np.flatnonzero(repeated)[0])
    first = int(np.flatnonzero((keys == keys.iloc[row]).all(axis=1))[0])
    where = table.locate(first, "item").rsplit(", column", 1)[0]
    table.refuse(
        repeated,
        "item",
        lambda cell: (
            f"{cell!r} was scored already for the same {', '.join(key[:3])}"
            f"{' and training_size' if len(key) > len(NAMES) else ''} ({where}); tell repeated "
            "scores apart in a column 'replicate'"
        ),
    )


def _refuse_spelt_otherwise(table: CheckedTable, found: pd.DataFrame) -> None:
    """Refuse names of models that differ only in case, as own explanations are told by names."""
    spelt: dict[str, str] = {}
    for column in ("explainer", "target"):
        for name in found[column].unique():
            other = spelt.setdefault(name.casefold(), name)
            same = f"is elsewhere {other!r}; is it the same model?"
            table.refuse((found[column] == name) & (other != name), column, partial(_said, same))


def _said(complaint: str, cell: str) -> str:
    return f"{cell!r} {complaint}"
