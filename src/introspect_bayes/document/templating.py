"""Templates of reports, filled in by Jinja."""

import base64
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from introspect_bayes.presentation.records import Figure, Table, csv_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    # What is missing is a fault of ours, never an empty place in a report.
    environment = Environment(
        loader=PackageLoader("introspect_bayes.document"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_FILTERS)
    environment.globals["marked"] = _MARKED
    environment.globals["long"] = _LONG
    return environment


def rendered(template: str, **values: Any) -> str:
    """Fill in a template that ships with the package.

    Parameters
    ----------
    template
        Name of its file under ``templates/``; in ``*.html.j2`` values are escaped.
    **values
        What it needs; a gap is an error.

    Examples
    --------
    >>> "version = {1.2}" in rendered("citation.bib.j2", version="1.2")
    True
    """
    return _environment().get_template(template).render(**values)


def _markdown_cell(text: str) -> str:
    """Keep a cell in its cell and its signs from being read as markup."""
    escaped = "".join(f"\\{letter}" if letter in r"\`*_{}[]<>|#" else letter for letter in text)
    return " ".join(escaped.split())


def _markdown_code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _data_address(block: Table | Figure) -> str:
    """Return an address that holds a block's numbers whole."""
    coded = base64.b64encode(csv_text(block).encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{coded}"


def _ended(title: str) -> str:
    """End a title that has no sign of its own."""
    return title if title.endswith(("?", ".")) else f"{title}."


def _unbroken(cell: str) -> str:
    """Keep an interval on one line, with the number before it."""
    return re.sub(
        r"(\S+ )?\[[-+.\d%]+, [-+.\d%]+\]", lambda found: found[0].replace(" ", "\u00a0"), cell
    )


def _with_options(text: str) -> "Markup":
    """Keep an option of the command line on one line, with its value."""
    from markupsafe import Markup, escape

    kept = re.sub(r"--[a-z]+ [a-z]+", r'<span class="option">\g<0></span>', str(escape(text)))
    return Markup(kept)  # noqa: S704 - escaped above


_MARKED: Final = {
    "reproduced": "good",
    "not reproduced": "bad",
    "pass": "good",
    "fail": "bad",
    "error": "bad",
    "information": "told",
}
"""Cells that are set off by colour as well, and how."""

_LONG: Final = 60
"""Letters of a cell that is prose, and gets room to be read on a narrow screen."""

_FILTERS: Final = {
    "address": quote,
    "cell": _markdown_cell,
    "code_cell": _markdown_code,
    "data_address": _data_address,
    "ended": _ended,
    "unbroken": _unbroken,
    "with_options": _with_options,
}
