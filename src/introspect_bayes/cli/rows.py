"""Options that say which rows of a study are used, and what is pooled over."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.study import ChosenRows, Study

Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN=VALUE",
        help="Use only the rows whose column has this value. Repeatable: several values of a "
        "column are added up, several columns must all fit.",
    ),
]
Pool = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Analyse rows together although this column tells them apart. Repeatable.",
    ),
]


def typed_rows(where: Sequence[str] | None, pool: Sequence[str] | None) -> "ChosenRows":
    """Return what was typed for `Where` and `Pool`."""
    from introspect_bayes.study import ChosenRows

    return ChosenRows.typed(where or (), pool or ())


def open_study(
    source: Path,
    where: Sequence[str] | None,
    pool: Sequence[str] | None,
    *,
    parser: str | None = None,
    progress: bool = False,
) -> "Study":
    """Load a study that is to be fitted.

    Parameters
    ----------
    source
        What `load_study` takes.
    where, pool
        What was typed for `Where` and `Pool`.
    parser
        Name of another parser of reports.
    progress
        Whether to show a progress bar while downloading.
    """
    from introspect_bayes.study import read_study

    return read_study(source, typed_rows(where, pool), parser=parser, progress=progress)


def print_rows(console: "Console", chosen: "ChosenRows") -> None:
    """Say which rows are used and what is pooled over, if anything was chosen."""
    for sentence in chosen.sentences():
        console.print(f"{sentence}.", style="bold", markup=False)
