"""Tables of a report made from frames."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from introspect_bayes.presentation.records import Table


def from_frame(
    name: str,
    title: str,
    frame: pd.DataFrame,
    written: Mapping[str, Callable[[Any], str]] | None = None,
    caption: str = "",
    code: Collection[str] = (),
) -> Table:
    """Return a table of all columns of a frame, whose names are the heads.

    Parameters
    ----------
    name, title, caption
        As in `Table`.
    frame
        One row a row; numeric columns are set flush right.
    written
        How the values of a column are written; as they are if not given.
    code
        Columns that hold formulae.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"R-hat": [1.0012]})
    >>> table = from_frame("fits", "Fits", frame, {"R-hat": "{:.3f}".format})
    >>> table.rows, table.numeric
    ((('1.001',),), frozenset({0}))
    """
    ways = written or {}
    cells = frame.astype(object)
    for column in frame.columns:
        write = ways.get(str(column), str)
        cells[column] = [write(value) for value in frame[column]]
    headers = tuple(str(column) for column in frame.columns)
    return Table(
        name=name,
        title=title,
        headers=headers,
        rows=tuple(tuple(row) for row in cells.itertuples(index=False)),
        data=frame,
        caption=caption,
        numeric=frozenset(
            place
            for place, column in enumerate(frame.columns)
            if pd.api.types.is_numeric_dtype(frame[column])
        ),
        code=frozenset(headers.index(column) for column in code),
    )
