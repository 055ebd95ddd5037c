"""Tables and sentences of the terminal as HTML that a notebook shows, in light and in dark."""

from collections.abc import Iterable
from html import escape
from typing import Final

import pandas as pd
from rich.style import Style
from rich.table import Table as TerminalTable
from rich.text import Text

from introspect_bayes.presentation.records import Table
from introspect_bayes.presentation.terminal_tables import from_terminal

_LINE: Final = "border-bottom: 1px solid rgba(128, 128, 128, 0.5)"
"""Grey that is seen on white and on black; letters have the notebook's own colour."""


def html(parts: Iterable[TerminalTable | Text]) -> str:
    r"""Return tables and sentences as HTML that needs no style sheet, script or file.

    Parameters
    ----------
    parts
        What a terminal would show, in order.

    Examples
    --------
    >>> html([Text("r < .5")])
    '<div>\n<p style="white-space: pre-wrap">r &lt; .5</p>\n</div>'
    """
    shown = (_paragraph(part) if isinstance(part, Text) else _table(part) for part in parts)
    return "\n".join(["<div>", *filter(None, shown), "</div>"])


def _paragraph(text: Text) -> str:
    if not text.plain:
        return ""
    said = escape(text.plain)
    style = text.style if isinstance(text.style, Style) else Style.parse(text.style)
    said = f"<strong>{said}</strong>" if style.bold else said
    return f'<p style="white-space: pre-wrap">{said}</p>'


def _table(terminal: TerminalTable) -> str:
    table = from_terminal("", terminal, pd.DataFrame())
    heads = "".join(_cell("th", table, place, head) for place, head in enumerate(table.headers))
    rows = (
        "".join(_cell("td", table, place, cell) for place, cell in enumerate(row))
        for row in table.rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    caption = f"<strong>{escape(table.title)}</strong> {escape(table.caption)}".strip()
    return (
        '<div style="overflow-x: auto">\n<table style="border-collapse: collapse">\n'
        f'<caption style="caption-side: top; text-align: left">{caption}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _cell(tag: str, table: Table, place: int, text: str) -> str:
    side = "right" if place in table.numeric else "left"
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} style="text-align: {side}; {_LINE}">{escape(text)}</{tag}>'
