"""Reports that commands write beside their tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.document import Target
    from introspect_bayes.findings import Findings


def report_target(file: Path | None, only: Sequence[str] | None) -> "Target | None":
    """Return where a report goes, if one is wanted, before anything is computed.

    Raises
    ------
    InputError
        If it cannot be written, or would lack figures.
    """
    if file is None:
        return None
    if only:
        msg = "--report holds every figure of a study: leave out --only"
        raise InputError(msg)
    from introspect_bayes.document import Target

    return Target.checked(file)


def write_beside(found: "Findings", target: "Target") -> None:
    """Write the usual report of what was found."""
    from introspect_bayes.document import build, gather, write_document

    tell_written(write_document(build(gather(found)), target))


def tell_written(written: Sequence[Path]) -> None:
    """Say what was written, on standard error."""
    file, folder = written
    typer.echo(f"Wrote {file}, and the numbers behind it to {folder}", err=True)
