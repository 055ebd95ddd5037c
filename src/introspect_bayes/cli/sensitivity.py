"""The command that looks at every figure again under other priors."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from introspect_bayes.cli.analysis import (
    ChosenEngine,
    Draws,
    NoCache,
    Only,
    Parser,
    Prior,
    Seed,
    SpecificationFile,
    Warmup,
    chosen_settings,
    start_analysis,
)
from introspect_bayes.cli.files import check_writable, write_json, write_text
from introspect_bayes.cli.rows import (
    ContextsFrom,
    Pool,
    ReportsAsked,
    Where,
    open_study,
    print_rows,
    print_warnings,
)
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis
    from introspect_bayes.analyses.sensitivity import PriorSensitivity

EXIT_FAILED_DIAGNOSTICS: Final = 1

_PLOTS: Final = (".pdf", ".png", ".svg")


def sensitivity(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
            "or plunkett2025 (the paper's data)."
        ),
    ],
    *,
    alternative: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPECIFICATION.PARAMETER=PRIOR",
            help="A prior to compare with, such as choice_weights.slopes='Laplace(0, 1)', instead "
            "of the usual eleven. Repeatable.",
        ),
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPECIFICATION.PARAMETER=FACTORS",
            help="A prior at other widths, such as choice_weights.slopes=0.1,1,10, instead of the "
            "usual eleven. Repeatable.",
        ),
    ] = None,
    only: Only = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write every figure under every prior."),
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="The same as CSV.")
    ] = None,
    plot_file: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Also plot all HDIs (.png, .svg or .pdf)."),
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
    """Compute every figure of a study under other priors, and show how far its HDI moves.

    The usual priors to compare with: the weights' prior from a tenth to ten times as wide,
    Student-t, Laplace and horseshoe weights, position bias held near zero or set free, a skeptic
    and an enthusiast about reports and training. Exit code 1 if diagnostics fail, 2 for bad input.
    """
    from introspect_bayes.analyses.scenarios import scenarios_from, usual_scenarios
    from introspect_bayes.analyses.sensitivity import prior_sensitivity
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file, csv_file, plot_file)
    check_plot(plot_file)
    settings = chosen_settings(prior, specification, engine, seed=seed, draws=draws, warmup=warmup)
    settings["keep"] = not no_cache
    own = scenarios_from(settings["specs"], alternative or [], scale or [])
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
    with TerminalProgress(shown=shown, what="Priors") as progress:
        analysis = start_analysis(loaded, progress, settings)
        scenarios = own or usual_scenarios(settings["specs"])
        progress.expect(len(scenarios) + 1)
        found = prior_sensitivity(analysis, scenarios, only or (), finished=progress.finish_one)
    changed = changed_priors(settings["specs"])
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**row, **made_of} for row in found.as_dicts()])
    if csv_file is not None:
        table = found.frame.assign(changed_priors="; ".join(changed))
        table = table.assign(**loaded.chosen_rows.as_columns())
        write_text(csv_file, table.to_csv(index=False))
    if plot_file is not None:
        from introspect_bayes.report.plots import plot_sensitivity

        plot_sensitivity(found.draws).savefig(plot_file)
    _print(found, analysis)
    if (found.frame["problems"] != "").any():
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


def check_plot(plot_file: Path | None) -> None:
    """Fail before the work if matplotlib does not know the kind of file."""
    if plot_file is not None and plot_file.suffix not in _PLOTS:
        msg = f"--plot {plot_file}: the ending must be one of {', '.join(_PLOTS)}"
        raise InputError(msg)


def _print(found: "PriorSensitivity", analysis: "Analysis") -> None:
    from rich.console import Console

    from introspect_bayes.report import provenance
    from introspect_bayes.report import sensitivity as tables

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else 120, highlight=False)
    print_warnings(console, analysis.study)
    print_rows(console, analysis.study.chosen_rows)
    console.print(tables.movements_table(found))
    console.print(tables.scenarios_table(found))
    for sentence in tables.conclusions(found):
        console.print(sentence, markup=False)
    if note := provenance.priors_note(analysis):
        console.print(note, style="bold", markup=False)
