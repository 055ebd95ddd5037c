"""Where commands print, and how wide: the one console."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from introspect_bayes.cli.files import STANDARD_OUTPUT

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.study import ChosenRows, Study

WIDTH: Final = 140
"""Columns of what goes into a file or a pipe, which have no width of their own."""


def console_beside(*files: Path | None) -> "Console":
    """Return what tables are printed on: as wide as the terminal, or as `COLUMNS` says.

    Parameters
    ----------
    files
        What else the command writes. If one of them is standard output, the console prints nothing.
    """
    return _console(stderr=False, quiet=STANDARD_OUTPUT in files)


def _console(*, stderr: bool, quiet: bool = False) -> "Console":
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, width=None if known else WIDTH, highlight=False, quiet=quiet)


def say(sentence: str, *files: Path | None) -> None:
    """Say something on standard output, or on standard error if one of the files is the former."""
    typer.echo(sentence, err=STANDARD_OUTPUT in files)


def print_warnings(console: "Console", study: "Study") -> None:
    """Print the warnings that belong above all estimates of a study, and how it was read.

    Where tables are left out, warnings are not: they go to standard error.
    """
    from introspect_bayes.checks import study_warnings
    from introspect_bayes.presentation.notices import warning_lines

    heard = _console(stderr=True) if console.quiet else console
    for line in warning_lines(study, study_warnings(study)):
        heard.print(line)


def print_reading(console: "Console", study: "Study") -> None:
    """Say what a parser took as a liberty or read otherwise than the one that the study names."""
    from introspect_bayes.presentation.readings import reading_notes

    for note in reading_notes(study):
        console.print(note, markup=False)


def print_rows(console: "Console", chosen: "ChosenRows") -> None:
    """Say which rows are used and what is pooled over, if anything was chosen."""
    from introspect_bayes.presentation.notices import row_lines

    for line in row_lines(chosen):
        console.print(line)
