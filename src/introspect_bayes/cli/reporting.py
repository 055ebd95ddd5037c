"""The command that writes a report of a study."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from introspect_bayes.cli.analysis import (
    EXIT_FAILED_DIAGNOSTICS,
    ChosenEngine,
    Draws,
    NoCache,
    Parser,
    Prior,
    Seed,
    SpecificationFile,
    Warmup,
    chosen_settings,
    start_analysis,
)
from introspect_bayes.cli.report_files import tell_written
from introspect_bayes.cli.rows import ContextsFrom, Pool, ReportsAsked, Where, open_study


def report(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
            "or plunkett2025 (the paper's data)."
        ),
    ],
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
    parser: Parser = None,
    where: Where = None,
    pool: Pool = None,
    reports_asked: ReportsAsked = None,
    contexts_from: ContextsFrom = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: Prior = None,
    specification: SpecificationFile = None,
    engine: ChosenEngine = "auto",
    no_cache: NoCache = False,
) -> None:
    """Write a report of a study that can be sent to a co-author: tables, figures, checks, sources.

    One HTML page, complete in itself, for screen, phone and paper; beside it a folder with the
    numbers of every table and figure (CSV) and every figure (SVG). Exit code 1 if the diagnostics
    of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.document import Target, Wanted, build, gather, write_document
    from introspect_bayes.document.formats import FORMATS, format_named
    from introspect_bayes.report.progress import TerminalProgress

    kind = format_named(file_format, output.suffix if output else ".html")
    file = output or Path(f"{study.resolve().name}-report{FORMATS[kind][0]}")
    target = Target.checked(file, kind)
    wanted = Wanted.chosen(added or [], left_out or [])
    settings = chosen_settings(prior, specification, engine, seed=seed, draws=draws, warmup=warmup)
    settings["keep"] = not no_cache
    shown = sys.stderr.isatty()
    loaded = open_study(
        study,
        where,
        pool,
        reports_asked=reports_asked,
        contexts_from=contexts_from,
        parser=parser,
        progress=shown,
    )
    with TerminalProgress(shown=shown, what="Report") as progress:
        analysis = start_analysis(loaded, progress, settings)
        materials = gather(analysis, wanted)
        progress.start("Writing", 1)
        written = write_document(build(materials, wanted), target)
    tell_written(written)
    if materials.failed:
        typer.echo("Diagnostics failed: do not rely on the numbers marked †.", err=True)
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)
