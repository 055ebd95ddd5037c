"""Rows that are copies of others, where there are more than chance and repeated asking make."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

LEAST_SHARE: Final = 0.05
"""Share of copies below which nothing is said: they make intervals 2.5% too narrow, which does not
show in two digits."""

_EVEN_SHARE: Final = 0.9
_LEAST_ROWS: Final = 10
_TIMES_CHANCE: Final = 3
_DIFFERING: Final = 0.02


def copied_rows(text: pd.DataFrame, context: str, answers: Sequence[str]) -> np.ndarray:
    """Return which rows are copies of an earlier one, all False unless they are suspicious.

    They are if nearly all rows occur an even number of times (a file doubled), or if at least
    `LEAST_SHARE` are copies, far more than options drawn from few values would give by chance, and
    the same options hardly ever have another answer. Trials asked several times of a model that
    answers at random, and equal reports about one context, are therefore no copies.

    Parameters
    ----------
    text
        A file's cells.
    context
        Name of the column of decision contexts.
    answers
        Columns that hold a reply: all others were fixed when the model was asked.

    Returns
    -------
    numpy.ndarray
        Shape (row,).

    Examples
    --------
    >>> rows = [["c", str(n), str(n), "A"] for n in range(20)]
    >>> text = pd.DataFrame(rows + rows[:3], columns=["scenario", "price", "size", "selection"])
    >>> int(copied_rows(text, "scenario", ["selection"]).sum())
    3
    """
    copies = text.duplicated().to_numpy()
    if copies.sum() < LEAST_SHARE * len(text) or not copies.any():
        return np.zeros(len(text), dtype=bool)
    rows = text.groupby(list(text.columns), sort=False, dropna=False).ngroup().to_numpy()
    counts = np.bincount(rows)[rows]
    contexts = text[context].to_numpy()
    suspicious = _doubled(contexts, copies, counts) or (
        not _answered_anew(text, answers)
        and (counts - 1).sum() / 2 > _TIMES_CHANCE * _by_chance(text, context, answers)
    )
    return copies if suspicious else np.zeros(len(text), dtype=bool)


def _doubled(contexts: np.ndarray, copies: np.ndarray, counts: np.ndarray) -> bool:
    """Return whether rows come in even numbers, where a context has different ones at all."""
    distinct = pd.Series(~copies).groupby(contexts).transform("sum").to_numpy()
    varied = distinct > 1
    return bool(
        (~copies & varied).sum() >= _LEAST_ROWS and (counts[varied] % 2 == 0).mean() >= _EVEN_SHARE
    )


def _asked(text: pd.DataFrame, answers: Sequence[str]) -> list[str]:
    return [column for column in text.columns if column not in set(answers)]


def _answered_anew(text: pd.DataFrame, answers: Sequence[str]) -> bool:
    """Return whether the same options often have different answers: they were asked repeatedly."""
    asked = _asked(text, answers)
    distinct = text.drop_duplicates()
    times = text.groupby(asked, sort=False).size()
    replies = distinct.groupby(asked, sort=False).size()
    repeated = replies[times > 1]
    return bool((repeated > 1).mean() > _DIFFERING)


def _by_chance(text: pd.DataFrame, context: str, answers: Sequence[str]) -> float:
    """Return how many pairs of equal options to expect, were columns drawn independently."""
    expected = 0.0
    for _, rows in text[_asked(text, answers)].groupby(context, sort=False):
        count = len(rows)
        pairs = count * (count - 1) / 2
        for column in rows.columns:
            sizes = rows[column].value_counts().to_numpy()
            pairs *= (sizes * (sizes - 1)).sum() / max(count * (count - 1), 1)
        expected += pairs
    return expected
