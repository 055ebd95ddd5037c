"""Columns that split the trials of a context: conditions, that nobody may pool without a word."""

import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

MOST_VALUES: Final = 20
"""Values beyond which a column is taken for free text, or for numbers that count the trials."""

TRIALS: Final = "trials of the same model and context"
"""Among what a column of choices or of reports has several values."""

_LONGEST: Final = 60
"""Characters of a value that a message shows."""

BLANK: Final = "(blank)"
"""How a message shows an empty cell."""


@dataclass(frozen=True)
class Split:
    """A column whose values tell trials apart that a model would pool.

    Attributes
    ----------
    place
        What the column stands in: the name of a file, or of a frame.
    column
        Its name.
    counts
        Rows of each value, the most frequent first; an empty cell is a value.
    among
        What differs, such as `TRIALS`; empty if any two values in the same place do.
    """

    place: str
    column: str
    counts: dict[str, int]
    among: str = TRIALS

    @property
    def counted(self) -> str:
        """Its values and their rows in words.

        Examples
        --------
        >>> Split("m_selections.csv", "flipped", {"0": 300, "": 20}).counted
        '0: 300 rows, (blank): 20 rows'
        """
        return counted(self.counts)


def counted(counts: dict[str, int]) -> str:
    """Return values and their rows in words, such as "0: 300 rows, (blank): 1 row"."""
    return ", ".join(
        f"{_shown(value)}: {count:,} row{'' if count == 1 else 's'}"
        for value, count in counts.items()
    )


def _shown(value: str) -> str:
    if len(value) > _LONGEST:
        value = f"{value[: _LONGEST - 3]}..."
    return (value if value.isprintable() else repr(value)) or BLANK


def cell_text(value: Any) -> str:
    """Return a cell as text; nothing at all as an empty text.

    Examples
    --------
    >>> cell_text(True), cell_text(float("nan")), cell_text([1, 2])
    ('True', '', '[1, 2]')
    """
    return "" if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)


def text_of(values: pd.Series) -> pd.Series:
    """Return values as they are compared: as text, trimmed, nothing at all as an empty text.

    Examples
    --------
    >>> text_of(pd.Series([0, True, " a ", None])).tolist()
    ['0', 'True', 'a', '']
    """
    cells = [cell_text(value).strip() for value in values]
    return pd.Series(cells, index=values.index, dtype=object)


def counts_of(values: pd.Series) -> dict[str, int]:
    """Return how many rows have each value, the most frequent first, equals in the text's order."""
    counts = Counter(text_of(values).tolist())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def splits_trials(values: pd.Series, groups: pd.DataFrame) -> bool:
    """Return whether values are those of conditions that were tried on the same subject.

    They are if there are 2 to `MOST_VALUES` of them, and in some group at least two values stand on
    two or more rows each. Numbers that count the trials of a group, properties of a group, and
    texts that differ from row to row are none.

    Parameters
    ----------
    values
        A column.
    groups
        Columns whose combinations are the groups, such as model and context.

    Examples
    --------
    >>> rows = pd.DataFrame({"context": list("aaaabb"), "trial": [1, 2, 3, 4, 1, 2]})
    >>> splits_trials(pd.Series([0, 1, 0, 1, 1, 1]), rows[["context"]])
    True
    >>> splits_trials(rows["trial"], rows[["context"]])
    False
    """
    text = text_of(values)
    if not 2 <= text.nunique() <= MOST_VALUES:  # noqa: PLR2004
        return False
    levels = [groups[name].to_numpy() for name in groups]
    sizes = text.groupby([*levels, text.to_numpy()], dropna=False).size()
    often = sizes[sizes > 1]
    return bool((often.groupby(level=list(range(len(levels))), dropna=False).size() > 1).any())


def find_splits(
    place: str,
    frame: pd.DataFrame,
    *,
    groups: Sequence[str],
    known: Collection[str],
    single: str = "",
    among: str = TRIALS,
) -> Iterator[Split]:
    """Yield the columns of a frame that split its trials.

    Parameters
    ----------
    place
        What the frame is called.
    frame
        One row a trial.
    groups
        Columns whose combinations are the groups within which nothing may differ.
    known
        Columns that the analysis uses, or may pool.
    single
        A column that may have one value only, used or not; none if empty.
    among
        What a group's rows are called.
    """
    for name in frame.columns:
        if name == single:
            counts = counts_of(frame[name])
            if len(counts) > 1:
                yield Split(place, single, counts, among="")
        elif name not in known and splits_trials(frame[name], frame[[*groups]]):
            yield Split(place, str(name).strip(), counts_of(frame[name]), among)


def refusal(splits: Iterable[Split]) -> str:
    """Return a message that names every split, and what to type.

    Parameters
    ----------
    splits
        At least one.

    Examples
    --------
    >>> split = Split("m.csv", "flipped", {"0": 3, "1": 2}, "trials of a context")
    >>> refusal([split]).partition(", which")[0]
    'm.csv, column flipped: 2 values among trials of a context (0: 3 rows, 1: 2 rows)'
    """
    by_column: dict[str, list[Split]] = {}
    for split in splits:
        by_column.setdefault(split.column, []).append(split)
    return "; ".join(_told(*same) for same in by_column.values())


def _told(first: Split, *others: Split) -> str:
    column, value = first.column, next(iter(first.counts))
    among = f" among {first.among}" if first.among else ""
    also = "".join(f"; so in {other.place} ({other.counted})" for other in others)
    where, pool = shlex.quote(f"{column}={value}"), shlex.quote(column)
    return (
        f"{first.place}, column {column}: {len(first.counts)} values{among} ({first.counted}), "
        f"which would be pooled as if they were the same{also}; type `--where {where}` to use "
        f"those rows only, or `--pool {pool}` to use all together, as tables then say "
        "(in Python: where=, pool=)"
    )
