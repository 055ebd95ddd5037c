"""Tables of the terminal as tables of a report: the same cells, made once."""

import pandas as pd
from rich.console import RenderableType
from rich.table import Table as TerminalTable
from rich.text import Text

from introspect_bayes.presentation.records import Table


def from_terminal(name: str, table: TerminalTable, data: pd.DataFrame, caption: str = "") -> Table:
    """Return what a table of the terminal shows, with the numbers behind it.

    Parameters
    ----------
    name
        Of the table's file.
    table
        A table whose cells are text.
    data
        The numbers behind it.
    caption
        What a reader must know, beside the table's own caption.

    Examples
    --------
    >>> shown = TerminalTable("id", "r", title="Estimates")
    >>> shown.add_row("e1.acc.4o", "[bold].54[/bold]")
    >>> from_terminal("estimates", shown, pd.DataFrame()).rows
    (('e1.acc.4o', '.54'),)
    """
    captions = [_plain(text) for text in (table.caption, caption) if text]
    columns = [[_plain(cell) for cell in column.cells] for column in table.columns]
    return Table(
        name=name,
        title=_plain(table.title or ""),
        headers=tuple(_plain(column.header) for column in table.columns),
        rows=tuple(zip(*columns, strict=True)),
        data=data,
        caption=" ".join(captions),
        numeric=frozenset(
            place for place, column in enumerate(table.columns) if column.justify == "right"
        ),
    )


def _plain(cell: RenderableType) -> str:
    text = cell.plain if isinstance(cell, Text) else Text.from_markup(str(cell)).plain
    return text.replace("\n", " ")  # a terminal is narrow, a report breaks lines itself
