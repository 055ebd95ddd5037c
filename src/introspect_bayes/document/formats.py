"""A report as text of one format or another."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from introspect_bayes.document.templating import rendered
from introspect_bayes.errors import InputError, closest
from introspect_bayes.presentation.records import Block, Document, Table, csv_text


def html(document: Document, folder: str) -> str:
    """Return one page that needs no other file: styles, pictures and data are in it.

    Parameters
    ----------
    document
        The report.
    folder
        Name of the folder beside it that holds the same data as files.
    """
    return rendered("report.html.j2", document=document, folder=folder, kind=_kind)


def markdown(document: Document, folder: str) -> str:
    """Return Markdown (with GitHub's tables), whose pictures lie in the folder beside it."""
    return rendered("report.md.j2", document=document, folder=folder, kind=_kind)


def latex(document: Document, folder: str) -> str:
    """Return the tables that go into a paper, for LaTeX with the package booktabs."""
    tables = [_latex_table(table) for table in document.tables if table.for_paper]
    return rendered("report.tex.j2", document=document, folder=folder, tables=tables)


def csv(document: Document, folder: str) -> str:  # noqa: ARG001 - formats are called alike
    """Return the table of figures in full precision; the other tables lie in the folder."""
    return csv_text(next(document.tables))


FORMATS: Final[dict[str, tuple[str, Callable[[Document, str], str]]]] = {
    "html": (".html", html),
    "markdown": (".md", markdown),
    "latex": (".tex", latex),
    "csv": (".csv", csv),
}
"""Endings and writers of formats by name."""


def format_named(name: str | None, ending: str = "") -> str:
    """Return a format by its name, or else by the ending of a file.

    Raises
    ------
    InputError
        If there is no such format.

    Examples
    --------
    >>> format_named(None, ".md"), format_named("latex")
    ('markdown', 'latex')
    """
    if name is not None:
        if name not in FORMATS:
            msg = f"no format {name!r}{closest(name, FORMATS)}"
            raise InputError(msg)
        return name
    for known, (usual, _) in FORMATS.items():
        if usual == ending:
            return known
    endings = ", ".join(usual for usual, _ in FORMATS.values())
    msg = f"a report cannot end in {ending!r}; endings: {endings} (or choose with --format)"
    raise InputError(msg)


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _latex_table(table: Table) -> str:
    """Return a table of booktabs, by pandas."""
    frame = pd.DataFrame(list(table.rows), columns=list(table.headers)).map(_signs)
    frame.columns = pd.Index([_signs(head) for head in frame.columns])
    style = frame.style.format(escape="latex-math").format_index(escape="latex-math", axis=1)
    aligned = "".join("r" if place in table.numeric else "l" for place in range(frame.shape[1]))
    return str(
        style.hide(axis="index").to_latex(
            hrules=True,
            caption=_signs(f"{table.title}. {table.caption}".strip()).replace("%", r"\%"),
            label=f"tab:{table.name}",
            position="htbp",
            position_float="centering",
            column_format=aligned,
        )
    )


def _signs(text: str) -> str:
    """Write signs that LaTeX's text has no letters for as mathematics."""
    for sign, command in {"±": r"$\pm$", "†": r"$\dagger$", "[-": r"[$-$", " -": r" $-$"}.items():
        text = text.replace(sign, command)
    return f"$-${text[1:]}" if text.startswith("-.") else text
