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
ReportsAsked = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="How many reports were asked in each context, where the authors' layout holds the "
        "valid ones only.",
    ),
]
ContextsFrom = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder with the contexts (scenarios.csv) of a study in the authors' layout, and its "
        "target weights and units.",
    ),
]


def typed_rows(where: Sequence[str] | None, pool: Sequence[str] | None) -> "ChosenRows":
    """Return what was typed for `Where` and `Pool`."""
    from introspect_bayes.study import ChosenRows

    return ChosenRows.typed(where or (), pool or ())


def open_study(  # noqa: PLR0913 - what all commands share
    source: Path,
    where: Sequence[str] | None,
    pool: Sequence[str] | None,
    *,
    reports_asked: int | None = None,
    contexts_from: Path | None = None,
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
    reports_asked, contexts_from
        What was typed for `ReportsAsked` and `ContextsFrom`.
    parser
        Name of another parser of reports.
    progress
        Whether to show a progress bar while downloading.
    """
    from introspect_bayes.study import read_study

    return read_study(
        source,
        typed_rows(where, pool),
        parser=parser,
        reports_asked=reports_asked,
        contexts_from=contexts_from,
        progress=progress,
    )


def print_warnings(console: "Console", study: "Study") -> None:
    """Print the warnings that belong above all estimates of a study, and how it was read."""
    from introspect_bayes.checks import study_warnings

    for warning in study_warnings(study):
        console.print(f"Warning: {warning}", style="bold yellow", markup=False)
    print_reading(console, study)


def print_reading(console: "Console", study: "Study") -> None:
    """Say what a parser took as a liberty or read otherwise than the one that the study names."""
    from introspect_bayes.report.readings import reading_notes

    for note in reading_notes(study):
        console.print(note, markup=False)


def print_rows(console: "Console", chosen: "ChosenRows") -> None:
    """Say which rows are used and what is pooled over, if anything was chosen."""
    for sentence in chosen.sentences():
        console.print(f"{sentence}.", style="bold", markup=False)
