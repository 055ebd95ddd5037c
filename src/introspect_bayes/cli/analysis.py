"""Commands that analyse: demo, analyze, reproduce."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from introspect_bayes.cli.files import check_writable, write_json, write_text
from introspect_bayes.cli.report_files import report_target, write_known
from introspect_bayes.cli.rows import (
    ContextsFrom,
    Pool,
    ReportsAsked,
    Where,
    open_study,
    print_rows,
    print_warnings,
)

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis, Reproduction
    from introspect_bayes.analyses.privileged import PrivilegedAccess
    from introspect_bayes.checks import HealthRow
    from introspect_bayes.document import Target
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import Study

EXIT_FAILED_DIAGNOSTICS: Final = 1

Only = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Only this figure, or all that begin so. Repeatable."),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures as JSON.")
]
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
Seed = Annotated[int, typer.Option(min=0, help="Seed of all sampling.")]
Draws = Annotated[int | None, typer.Option(min=4, help="Draws per chain, instead of the defaults.")]
Warmup = Annotated[
    int | None, typer.Option(min=1, help="Warm-up iterations per chain, instead of the defaults.")
]

Prior = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SPECIFICATION.PARAMETER=PRIOR",
        help="Another prior, such as report_accuracy.reported='Normal(0, 0.5)'. Repeatable.",
    ),
]
SpecificationFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--specification",
        metavar="FILE",
        help="Your own specification (TOML), named as the one that it replaces. Repeatable.",
    ),
]

Parser = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Read the raw replies again with this parser: strict, lenient or plunkett2025, or a "
        "version of one (strict-1).",
    ),
]
ChosenEngine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="How posteriors are sampled: importance, nuts, or auto (importance, and nuts "
        "where its weights cannot be trusted).",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Fit everything anew, and keep no finished fit.")
]


def demo(  # noqa: PLR0913 - one argument an option
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep the simulated study in this new folder (default: not kept)."),
    ] = None,
    only: Only = None,
    json_file: JsonFile = None,
    report_file: ReportFile = None,
    seed: Seed = 1,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: Prior = None,
    specification: SpecificationFile = None,
    engine: ChosenEngine = "auto",
    no_cache: NoCache = False,
) -> None:
    """Simulate the paper's three experiments offline, at full size, and analyse them.

    Two simulated models, 200 contexts, 30,000 choices, 10 reports per context and stage. Each
    figure is printed with its 95% HDI beside the known truth: what the analysis would find in
    endless contexts.
    """
    from introspect_bayes.analyses.privileged import access_ids
    from introspect_bayes.analyses.reproduce import figure_ids, select_ids
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.simulate import SimulatedDesign, simulate_study
    from introspect_bayes.study import load_study

    check_writable(json_file)
    target = report_target(report_file, only)
    settings = chosen_settings(prior, specification, engine, seed=seed, draws=draws, warmup=warmup)
    settings["keep"] = not no_cache
    design = SimulatedDesign.shipped()
    names = [model.name for model in design.models]
    select_ids([*figure_ids(names, published=False), *access_ids(names)], only or [])
    with (
        tempfile.TemporaryDirectory() as scratch,
        TerminalProgress(shown=sys.stderr.isatty()) as progress,
    ):
        progress.start("Simulating choices and reports", 40_000)
        place = folder or Path(scratch) / "demo"
        simulate_study(place, design, seed, advance=progress.advance)
        analysis = start_analysis(load_study(place), progress, settings)
        _analyse(analysis, progress, only, json_file, None, target, truth=design.truth())


def analyze(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
            "or plunkett2025 (the paper's data)."
        ),
    ],
    *,
    parser: Parser = None,
    where: Where = None,
    pool: Pool = None,
    reports_asked: ReportsAsked = None,
    contexts_from: ContextsFrom = None,
    only: Only = None,
    json_file: JsonFile = None,
    report_file: ReportFile = None,
    health_file: HealthFile = None,
    weights_file: Annotated[
        Path | None,
        typer.Option(
            "--weights-csv", metavar="FILE", help="Also write the learned weights as CSV."
        ),
    ] = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: Prior = None,
    specification: SpecificationFile = None,
    engine: ChosenEngine = "auto",
    no_cache: NoCache = False,
) -> None:
    """Analyse a study: every figure that its data allows, with 95% HDIs.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file, health_file, weights_file)
    target = report_target(report_file, only)
    settings = chosen_settings(prior, specification, engine, seed=seed, draws=draws, warmup=warmup)
    settings["keep"] = not no_cache
    loaded = open_study(
        study, where, pool, reports_asked=reports_asked, contexts_from=contexts_from, parser=parser
    )
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = start_analysis(loaded, progress, settings)
        if weights_file is not None:
            table = analysis.learned_table()
            changed = "; ".join(changed_priors(analysis.settings.specs))
            table = table.assign(changed_priors=changed) if changed else table
            table = table.assign(**loaded.chosen_rows.as_columns())
            write_text(weights_file, table.to_csv(index=False))
        _analyse(analysis, progress, only, json_file, health_file, target)


def reproduce(  # noqa: PLR0913 - one argument an option
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the data (default: downloaded once, then cached)."),
    ] = None,
    where: Where = None,
    pool: Pool = None,
    reports_asked: ReportsAsked = None,
    contexts_from: ContextsFrom = None,
    only: Only = None,
    json_file: JsonFile = None,
    report_file: ReportFile = None,
    health_file: HealthFile = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: Prior = None,
    specification: SpecificationFile = None,
    engine: ChosenEngine = "auto",
    no_cache: NoCache = False,
) -> None:
    """Print the paper's figures beside what its raw data gives, with verdicts.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import find_paper_data

    check_writable(json_file, health_file)
    target = report_target(report_file, only)
    settings = chosen_settings(prior, specification, engine, seed=seed, draws=draws, warmup=warmup)
    settings["keep"] = not no_cache
    shown = sys.stderr.isatty()
    study = open_study(
        find_paper_data(data, progress=shown),
        where,
        pool,
        reports_asked=reports_asked,
        contexts_from=contexts_from,
    )
    with TerminalProgress(shown=shown) as progress:
        analysis = start_analysis(study, progress, settings)
        _analyse(analysis, progress, only, json_file, health_file, target, published=True)


def chosen_settings(
    priors: list[str] | None,
    files: list[Path] | None,
    engine: str,
    **sampling: int | None,
) -> dict[str, Any]:
    """Check what was chosen before anything is loaded.

    Parameters
    ----------
    priors, files
        Priors and specifications that take the place of the shipped ones.
    engine
        Name of an engine.
    sampling
        seed, draws and warmup; None for the defaults.
    """
    from introspect_bayes.engines import engine_named
    from introspect_bayes.specs import chosen_specifications

    specs = chosen_specifications(priors or [], files or [])
    return {**sampling, "specs": specs, "engine": engine_named(engine)}


def start_analysis(
    study: "Study", progress: "TerminalProgress", settings: dict[str, Any]
) -> "Analysis":
    """Load what fits models, and begin an analysis."""
    from introspect_bayes.analyses import Analysis, Settings

    progress.start("Loading PyMC", 1)
    return Analysis(study, Settings.default(**settings), progress)


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
    from introspect_bayes.analyses.reproduce import figure_ids, select_ids
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
    _print_figures(analysis, shown, published=published, collapsed=collapsed, truth=truth)
    if access.problems or any(figure.problems for figure in figures):
        typer.echo(
            "Diagnostics failed: do not rely on the numbers marked †; more draws (--draws), "
            "a milder prior or the engine auto may mend it.",
            err=True,
        )
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


@dataclass(frozen=True)
class Found:
    """What an analysis found."""

    figures: "Sequence[Reproduction]"
    access: "PrivilegedAccess"
    health: "Sequence[HealthRow]"


def _print_figures(
    analysis: "Analysis",
    found: Found,
    *,
    published: bool,
    collapsed: bool,
    truth: Mapping[str, float] | None,
) -> None:
    from rich.console import Console

    from introspect_bayes.analyses import exclusion_table
    from introspect_bayes.report import privileged, provenance, tables
    from introspect_bayes.report.refusals import reply_tables

    figures, health = found.figures, found.health
    # Piped output has no width of its own: wide enough that no cell is cut.
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else 140, highlight=False)
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
