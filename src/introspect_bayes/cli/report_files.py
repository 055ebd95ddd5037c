"""Reports that commands write beside their tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis, Reproduction
    from introspect_bayes.analyses.privileged import PrivilegedAccess
    from introspect_bayes.checks import HealthRow
    from introspect_bayes.document import Target


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


def write_known(  # noqa: PLR0913 - all that is known already
    analysis: "Analysis",
    figures: "Sequence[Reproduction]",
    health: "Sequence[HealthRow]",
    access: "PrivilegedAccess",
    target: "Target",
    *,
    published: bool,
    truth: Mapping[str, float] | None,
) -> None:
    """Write the usual report from figures that are computed already."""
    from introspect_bayes.document import Known, build, gather, write_document

    known = Known(tuple(figures), tuple(health), published=published, truth=truth, access=access)
    tell_written(write_document(build(gather(analysis, known=known)), target))


def tell_written(written: Sequence[Path]) -> None:
    """Say what was written, on standard error."""
    file, folder = written
    typer.echo(f"Wrote {file}, and the numbers behind it to {folder}", err=True)
