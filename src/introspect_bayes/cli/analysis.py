"""Commands that analyse: demo, analyze, reproduce."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis, Reproduction
    from introspect_bayes.checks import HealthRow
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
Seed = Annotated[int, typer.Option(min=0, help="Seed of all sampling.")]
Draws = Annotated[int | None, typer.Option(min=4, help="Draws per chain, instead of the defaults.")]
Warmup = Annotated[
    int | None, typer.Option(min=1, help="Warm-up iterations per chain, instead of the defaults.")
]


def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep the simulated study in this new folder (default: not kept)."),
    ] = None,
    only: Only = None,
    json_file: JsonFile = None,
    seed: Seed = 1,
    draws: Draws = None,
    warmup: Warmup = None,
) -> None:
    """Simulate the paper's three experiments offline, at full size, and analyse them.

    Two simulated models, 200 contexts, 30,000 choices, 10 reports per context and stage. Each
    figure is printed with its 95% HDI beside the known truth: what the analysis would find in
    endless contexts.
    """
    from introspect_bayes.analyses.reproduce import figure_ids, select_ids
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.simulate import SimulatedDesign, simulate_study
    from introspect_bayes.study import load_study

    _check_writable(json_file)
    design = SimulatedDesign.shipped()
    names = [model.name for model in design.models]
    select_ids(figure_ids(names, published=False), only or [])
    with (
        tempfile.TemporaryDirectory() as scratch,
        TerminalProgress(shown=sys.stderr.isatty()) as progress,
    ):
        progress.start("Simulating choices and reports", 40_000)
        place = folder or Path(scratch) / "demo"
        simulate_study(place, design, seed, advance=progress.advance)
        analysis = _analysis(load_study(place), progress, seed, draws, warmup)
        _analyse(analysis, progress, only, json_file, None, truth=design.truth())


def analyze(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, or smollm2, the shipped example."
        ),
    ],
    *,
    parser: Annotated[
        str | None, typer.Option(help="Read the raw reports again with this parser.")
    ] = None,
    only: Only = None,
    json_file: JsonFile = None,
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
) -> None:
    """Analyse a study: every figure that its data allows, with 95% HDIs.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import load_study

    _check_writable(json_file, health_file, weights_file)
    loaded = load_study(study, parser=parser)
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = _analysis(loaded, progress, seed, draws, warmup)
        if weights_file is not None:
            _write_text(weights_file, analysis.learned_table().to_csv(index=False))
        _analyse(analysis, progress, only, json_file, health_file)


def reproduce(  # noqa: PLR0913 - one argument an option
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the data (default: downloaded once, then cached)."),
    ] = None,
    only: Only = None,
    json_file: JsonFile = None,
    health_file: HealthFile = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
) -> None:
    """Print the paper's figures beside what its raw data gives, with verdicts.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import find_paper_data, load_study

    _check_writable(json_file, health_file)
    shown = sys.stderr.isatty()
    study = load_study(find_paper_data(data, progress=shown))
    with TerminalProgress(shown=shown) as progress:
        analysis = _analysis(study, progress, seed, draws, warmup)
        _analyse(analysis, progress, only, json_file, health_file, published=True)


def _analysis(
    study: "Study",
    progress: "TerminalProgress",
    seed: int,
    draws: int | None,
    warmup: int | None,
) -> "Analysis":
    from introspect_bayes.analyses import Analysis, Settings

    progress.start("Loading PyMC", 1)
    return Analysis(study, Settings.default(seed=seed, draws=draws, warmup=warmup), progress)


def _analyse(  # noqa: PLR0913 - shared by three commands
    analysis: "Analysis",
    progress: "TerminalProgress",
    only: list[str] | None,
    json_file: Path | None,
    health_file: Path | None,
    *,
    published: bool = False,
    truth: Mapping[str, float] | None = None,
) -> None:
    """Compute, print and write the figures of a study."""
    from introspect_bayes.analyses import reproduce as figures_of
    from introspect_bayes.analyses.reproduce import figure_ids, select_ids
    from introspect_bayes.checks import data_health

    wanted = select_ids(figure_ids(analysis.study.base_models, published=published), only or [])
    progress.expect(len(wanted))
    figures = []
    for figure in figures_of(analysis, wanted, published=published):
        figures.append(figure)
        progress.finish_one(figure.id)
    health = list(data_health(analysis)) if health_file or not only else []
    progress.close()
    rows = [figure.as_dict() for figure in figures]
    if truth is not None:
        rows = [{**row, "truth": truth.get(row["id"])} for row in rows]
    _write_json(json_file, rows)
    _write_json(health_file, [row.as_dict() for row in health])
    # Files first: whoever pipes the tables into `head` closes the pipe before the end.
    collapsed = not published and not only
    _print_figures(analysis, figures, health, published=published, collapsed=collapsed, truth=truth)
    if any(figure.problems for figure in figures):
        typer.echo(
            "Diagnostics failed: do not rely on the numbers marked †; more draws may mend it "
            "(--draws 4000).",
            err=True,
        )
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


def _print_figures(
    analysis: "Analysis",
    figures: "Sequence[Reproduction]",
    health: "Sequence[HealthRow]",
    *,
    published: bool,
    collapsed: bool,
    truth: Mapping[str, float] | None,
) -> None:
    from rich.console import Console

    from introspect_bayes.analyses import exclusion_table
    from introspect_bayes.checks import study_warnings
    from introspect_bayes.report import tables

    # Piped output has no width of its own: wide enough that no cell is cut.
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    for warning in study_warnings(analysis.study):
        console.print(f"Warning: {warning}", style="bold yellow", markup=False)
    shown = [figure for figure in figures if figure.in_study] if collapsed else figures
    console.print(
        tables.figures_table(shown) if published else tables.estimates_table(shown, truth)
    )
    for note in tables.notes(shown):
        console.print(note, markup=False)
    missing = tables.absent(figures) if collapsed else ""
    if missing:
        console.print(missing, markup=False)
    if any(figure.kind == "d.excl100" and figure.result for figure in figures):
        console.print()
        console.print(tables.exclusion_summary(exclusion_table(analysis)))
    if health:
        console.print(tables.health_table(health))
        console.print(tables.anomalies_table(health))
        failures = tables.failures_table(analysis.study)
        if failures is not None:
            console.print(failures)
    console.print(tables.provenance(analysis))


def _check_writable(*files: Path | None) -> None:
    """Fail before the work rather than after it."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            msg = f"{file}: cannot be written; is its folder there and writable?"
            raise InputError(msg)


def _write_json(file: Path | None, content: list[dict[str, Any]]) -> None:
    if file is not None:
        _write_text(file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _write_text(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
