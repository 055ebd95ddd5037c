"""Commands that analyse: demo, analyze, reproduce."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from introspect_bayes.cli.console import console_beside, print_warnings
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import FiguresFile, check_writable, write_json, write_text
from introspect_bayes.cli.fitting import FitOptions, Seed, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import FileOptions, Full, Only, StudyOptions, StudySource
from introspect_bayes.cli.report_files import report_target, write_beside

if TYPE_CHECKING:
    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.document import Target
    from introspect_bayes.presentation.progress import TerminalProgress

HealthFile = Annotated[
    Path | None,
    typer.Option("--health-json", metavar="FILE", help="Also write the data's anomalies as JSON."),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Also write a report (.html, .md, .tex or .csv), as the command report does.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class DemoFitOptions(FitOptions):
    """All that decides the fits of the simulated study, whose seed is its own."""

    seed: Seed = 1


@takes_option_groups
def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep the simulated study in this new folder (default: not kept)."),
    ] = None,
    accuracy_spread: Annotated[
        float,
        typer.Option(
            min=0,
            help="How much contexts differ in how accurate reports are: standard deviation of "
            "Fisher's z (0: all alike).",
        ),
    ] = 0.0,
    only: Only = None,
    json_file: FiguresFile = None,
    report_file: ReportFile = None,
    fitting: DemoFitOptions,
) -> None:
    """Simulate the paper's three experiments offline, at full size, and analyse them.

    Two simulated models, 200 contexts, 30,000 choices, 10 reports per context and stage. Each
    figure is printed with its 95% HDI beside the known truth: what the analysis would find in
    endless contexts.
    """
    from introspect_bayes.findings import wanted_ids
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.simulate import SimulatedDesign, simulate_study
    from introspect_bayes.study import load_study

    check_writable(json_file)
    target = report_target(report_file, only)
    settings = fitting.settings()
    design = replace(SimulatedDesign.shipped(), accuracy_spread=accuracy_spread)
    names = [model.name for model in design.models]
    wanted_ids(names, only or [])
    with (
        tempfile.TemporaryDirectory() as scratch,
        TerminalProgress(shown=sys.stderr.isatty()) as progress,
    ):
        progress.start("Simulating choices and reports", 40_000)
        place = folder or Path(scratch) / "demo"
        simulate_study(place, design, fitting.seed, advance=progress.advance)
        analysis = start_analysis(load_study(place), progress, settings)
        _analyse(analysis, progress, only, json_file, None, target, truth=design.truth())


@takes_option_groups
def analyze(  # noqa: PLR0913 - one argument an option
    study: StudySource,
    *,
    reading: StudyOptions,
    only: Only = None,
    full: Full = False,
    json_file: FiguresFile = None,
    report_file: ReportFile = None,
    health_file: HealthFile = None,
    weights_file: Annotated[
        Path | None,
        typer.Option(
            "--weights-csv", metavar="FILE", help="Also write the learned weights as CSV."
        ),
    ] = None,
    fitting: FitOptions,
) -> None:
    """Analyse a study: every figure that its data allows, with 95% HDIs.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file, health_file, weights_file)
    target = report_target(report_file, only)
    settings = fitting.settings()
    loaded = reading.open(study)
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = start_analysis(loaded, progress, settings)
        if weights_file is not None:
            table = analysis.learned_table()
            changed = "; ".join(changed_priors(analysis.settings.specs))
            table = table.assign(changed_priors=changed) if changed else table
            table = table.assign(**loaded.chosen_rows.as_columns())
            write_text(weights_file, table.to_csv(index=False))
        _analyse(
            analysis,
            progress,
            only,
            json_file,
            health_file,
            target,
            weights_file=weights_file,
            full=full,
        )


@takes_option_groups
def reproduce(  # noqa: PLR0913 - one argument an option
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the data (default: downloaded once, then cached)."),
    ] = None,
    reading: FileOptions,
    only: Only = None,
    full: Full = False,
    json_file: FiguresFile = None,
    report_file: ReportFile = None,
    health_file: HealthFile = None,
    fitting: FitOptions,
) -> None:
    """Print the paper's figures beside what its raw data gives, with verdicts.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.study import find_paper_data

    check_writable(json_file, health_file)
    target = report_target(report_file, only)
    settings = fitting.settings()
    study = reading.open(find_paper_data(data, progress=sys.stderr.isatty()))
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = start_analysis(study, progress, settings)
        _analyse(
            analysis, progress, only, json_file, health_file, target, published=True, full=full
        )


def _analyse(  # noqa: PLR0913 - shared by three commands
    analysis: "Analysis",
    progress: "TerminalProgress",
    only: list[str] | None,
    json_file: Path | None,
    health_file: Path | None,
    target: "Target | None",
    *,
    weights_file: Path | None = None,
    published: bool = False,
    truth: Mapping[str, float] | None = None,
    full: bool = False,
) -> None:
    """Compute, print and write the figures of a study."""
    from introspect_bayes.findings import findings_of, wanted_ids

    ids = only or []
    progress.expect(len(wanted_ids(analysis.study.base_models, ids, published=published)))
    found = findings_of(
        analysis,
        ids,
        published=published,
        truth=truth,
        health=health_file is not None or not ids,
        full=full,
        finished=progress.finish_one,
    )
    if target is not None:
        write_beside(found, target)
    progress.close()
    written = found.to_dict()
    write_json(json_file, written["figures"])
    write_json(health_file, written["health"])
    # Files first: whoever pipes the tables into `head` closes the pipe before the end.
    console = console_beside(json_file, health_file, weights_file)
    if console.quiet:
        print_warnings(console, analysis.study)
    console.print(found)
    if found.failed:
        typer.echo(
            "Diagnostics failed: do not rely on the numbers marked †; more draws (--draws), "
            "a milder prior or the engine auto may mend it.",
            err=True,
        )
        raise typer.Exit(ExitCode.FAILED)
