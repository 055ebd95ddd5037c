"""Files that commands write: checked before the work, and written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from introspect_bayes.errors import InputError

_PLOTS: Final = (".pdf", ".png", ".svg")

STANDARD_OUTPUT: Final = Path("-")
"""Names standard output in the place of a file."""


def json_option(what: str) -> Any:
    """Return the option for a JSON file, with what is written into it."""
    return typer.Option(
        "--json", metavar="FILE", help=f"{what} (-: to standard output, instead of tables)."
    )


FiguresFile = Annotated[Path | None, json_option("Also write the figures as JSON")]


def check_writable(*files: Path | None, plot: Path | None = None) -> None:
    """Fail before the work rather than after it.

    Raises
    ------
    InputError
        If a file cannot be written, two go to standard output, or matplotlib does not know the
        kind of plot.
    """
    if files.count(STANDARD_OUTPUT) > 1:
        msg = "-: only one file can go to standard output; name the others"
        raise InputError(msg)
    if plot is not None and plot.suffix not in _PLOTS:
        msg = f"--plot {plot}: the ending must be one of {', '.join(_PLOTS)}"
        raise InputError(msg)
    for file in (*files, plot):
        if file is None or file == STANDARD_OUTPUT:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            msg = f"{file}: cannot be written; is its folder there and writable?"
            raise InputError(msg)


def write_json(file: Path | None, content: Any) -> None:
    """Write JSON, if a file is named."""
    if file is not None:
        write_text(file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a text file in one go, or all of it to standard output."""
    if file == STANDARD_OUTPUT:
        typer.echo(text.encode(), nl=False)  # bytes: UTF-8 whatever the terminal's encoding is
        return
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(file)
