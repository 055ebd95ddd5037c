"""Commands that analyse: demo, analyze, reproduce."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from introspect_bayes.cli.console import console_beside, print_rows, print_warnings
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import FiguresFile, check_writable, write_json, write_text
from introspect_bayes.cli.fitting import FitOptions, Seed, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import FileOptions, Only, StudyOptions, StudySource
from introspect_bayes.cli.report_files import report_target, write_known

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.analyses import Analysis, Reproduction
    from introspect_bayes.analyses.privileged import PrivilegedAccess
    from introspect_bayes.checks import HealthRow
    from introspect_bayes.document import Target
    from introspect_bayes.report.progress import TerminalProgress

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
    from introspect_bayes.analyses.privileged import access_ids
    from introspect_bayes.analyses.reproduce import figure_ids
    from introspect_bayes.analyses.selection import select_ids
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.simulate import SimulatedDesign, simulate_study
    from introspect_bayes.study import load_study

    check_writable(json_file)
    target = report_target(report_file, only)
    settings = fitting.settings()
    design = SimulatedDesign.shipped()
    names = [model.name for model in design.models]
    select_ids([*figure_ids(names, published=False), *access_ids(names)], only or [])
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
    from introspect_bayes.report.progress import TerminalProgress
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
        _analyse(analysis, progress, only, json_file, health_file, target)


@takes_option_groups
def reproduce(  # noqa: PLR0913 - one argument an option
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the data (default: downloaded once, then cached)."),
    ] = None,
    reading: FileOptions,
    only: Only = None,
    json_file: FiguresFile = None,
    report_file: ReportFile = None,
    health_file: HealthFile = None,
    fitting: FitOptions,
) -> None:
    """Print the paper's figures beside what its raw data gives, with verdicts.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import find_paper_data

    check_writable(json_file, health_file)
    target = report_target(report_file, only)
    settings = fitting.settings()
    study = reading.open(find_paper_data(data, progress=sys.stderr.isatty()))
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = start_analysis(study, progress, settings)
        _analyse(analysis, progress, only, json_file, health_file, target, published=True)


def _analyse(  # noqa: PLR0913 - shared by three commands
    analysis: "Analysis",
    progress: "TerminalProgress",
    only: list[str] | None,
    json_file: Path | None,
    health_file: Path | None,
    target: "Target | None",
    *,
    published: bool = False,
    truth: Mapping[str, float] | None = None,
) -> None:
    """Compute, print and write the figures of a study."""
    from introspect_bayes.analyses import reproduce as figures_of
    from introspect_bayes.analyses.access_figure import PREFIX
    from introspect_bayes.analyses.privileged import access_ids, access_where_possible
    from introspect_bayes.analyses.reproduce import figure_ids
    from introspect_bayes.analyses.selection import select_ids
    from introspect_bayes.checks import data_health
    from introspect_bayes.report.readings import reading_record
    from introspect_bayes.specs import changed_priors

    base_models = analysis.study.base_models
    ids, apart = figure_ids(base_models, published=published), access_ids(base_models)
    wanted = select_ids([*ids, *apart], only or [])
    progress.expect(len(wanted))
    figures = []
    mine = [name for name in wanted if name in ids]
    for figure in figures_of(analysis, mine, published=published) if mine else ():
        figures.append(figure)
        progress.finish_one(figure.id)
    compared = [name.removeprefix(PREFIX) for name in wanted if name in apart]
    access = access_where_possible(analysis, compared, progress.finish_one)
    health = list(data_health(analysis)) if health_file or not only else []
    if target is not None:
        write_known(analysis, figures, health, access, target, published=published, truth=truth)
    progress.close()
    changed = changed_priors(analysis.settings.specs)
    everything = [*(figure.as_dict() for figure in figures), *access.as_dicts()]
    made_of = {
        "changed_priors": changed,
        **analysis.study.chosen_rows.as_dict(),
        **reading_record(analysis.study),
    }
    rows = [{**row, **made_of} for row in everything]
    if truth is not None:
        rows = [{**row, "truth": truth.get(row["id"])} for row in rows]
    write_json(json_file, rows)
    write_json(health_file, [{**row.as_dict(), **made_of} for row in health])
    # Files first: whoever pipes the tables into `head` closes the pipe before the end.
    collapsed = not published and not only
    shown = Found(figures, access, health)
    console = console_beside(json_file, health_file)
    _print_figures(console, analysis, shown, published=published, collapsed=collapsed, truth=truth)
    if access.problems or any(figure.problems for figure in figures):
        typer.echo(
            "Diagnostics failed: do not rely on the numbers marked †; more draws (--draws), "
            "a milder prior or the engine auto may mend it.",
            err=True,
        )
        raise typer.Exit(ExitCode.FAILED)


@dataclass(frozen=True)
class Found:
    """What an analysis found."""

    figures: "Sequence[Reproduction]"
    access: "PrivilegedAccess"
    health: "Sequence[HealthRow]"


def _print_figures(
    console: "Console",
    analysis: "Analysis",
    found: Found,
    *,
    published: bool,
    collapsed: bool,
    truth: Mapping[str, float] | None,
) -> None:
    from introspect_bayes.analyses import exclusion_table
    from introspect_bayes.report import privileged, provenance, tables
    from introspect_bayes.report.refusals import reply_tables

    figures, health = found.figures, found.health
    print_warnings(console, analysis.study)
    print_rows(console, analysis.study.chosen_rows)
    shown = [figure for figure in figures if figure.in_study] if collapsed else figures
    if shown:
        console.print(
            tables.figures_table(shown) if published else tables.estimates_table(shown, truth)
        )
    if note := provenance.priors_note(analysis):
        console.print(note, style="bold", markup=False)
    for note in tables.notes(shown):
        console.print(note, markup=False)
    missing = tables.absent(figures) if collapsed else ""
    if missing:
        console.print(missing, markup=False)
    for part in privileged.summary(found.access, truth):
        console.print(part, markup=False)
    if any(figure.kind == "d.excl100" and figure.result for figure in figures):
        console.print()
        console.print(tables.exclusion_summary(exclusion_table(analysis)))
    if health:
        console.print(tables.health_table(health))
        console.print(tables.anomalies_table(health))
        for table in reply_tables(analysis.study):
            console.print(table)
    console.print(provenance.provenance(analysis))
