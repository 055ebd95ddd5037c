"""The command that writes a report of a study."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.fitting import FitOptions, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import StudyOptions, StudySource
from introspect_bayes.cli.report_files import tell_written


@takes_option_groups
def report(  # noqa: PLR0913 - one argument an option
    study: StudySource,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write (default: STUDY-report.html)."
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="html (one page, complete in itself), markdown, latex (tables for a paper) or "
            "csv; by default what the file's ending says.",
        ),
    ] = None,
    added: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME",
            help="Add what takes minutes: joint (the joint model), sensitivity (other priors), "
            "checks (all of them, leave-one-out included), or all. Repeatable.",
        ),
    ] = None,
    left_out: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="SECTION",
            help="Leave out a section, such as contexts or predictive. Repeatable.",
        ),
    ] = None,
    reading: StudyOptions,
    fitting: FitOptions,
) -> None:
    """Write a report of a study that can be sent to a co-author: tables, figures, checks, sources.

    One HTML page, complete in itself, for screen, phone and paper; beside it a folder with the
    numbers of every table and figure (CSV) and every figure (SVG). Exit code 1 if the diagnostics
    of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.document import Target, Wanted, build, gather, write_document
    from introspect_bayes.document.formats import FORMATS, format_named
    from introspect_bayes.presentation.progress import TerminalProgress

    kind = format_named(file_format, output.suffix if output else ".html")
    file = output or Path(f"{study.resolve().name}-report{FORMATS[kind][0]}")
    target = Target.checked(file, kind)
    wanted = Wanted.chosen(added or [], left_out or [])
    settings = fitting.settings()
    loaded = reading.open(study)
    with TerminalProgress(shown=sys.stderr.isatty(), what="Report") as progress:
        analysis = start_analysis(loaded, progress, settings)
        materials = gather(analysis, wanted)
        progress.start("Writing", 1)
        written = write_document(build(materials, wanted), target)
    tell_written(written)
    if materials.failed:
        typer.echo("Diagnostics failed: do not rely on the numbers marked †.", err=True)
        raise typer.Exit(ExitCode.FAILED)
