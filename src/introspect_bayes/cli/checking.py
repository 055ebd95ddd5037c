"""The command that checks a study."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from introspect_bayes.cli.analysis import (
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
from introspect_bayes.cli.files import check_writable, write_json
from introspect_bayes.cli.rows import (
    ContextsFrom,
    Pool,
    ReportsAsked,
    Where,
    open_study,
    print_reading,
    print_rows,
)

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis
    from introspect_bayes.checks import Check

EXIT_FAILED_CHECKS: Final = 1

_WIDTH: Final = 100


def check(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
            "or plunkett2025 (the paper's data)."
        ),
    ],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this check (such as loo.pareto-k), or all that begin so (such as loo). "
            "Repeatable.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the checks as JSON, with figures."),
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
    """Check a study: its data, its fits, and whether the models could have made such data.

    Each check passes, fails, goes wrong or informs, in a sentence that says what follows. Exit
    code 1 if any failed or went wrong, 2 for bad input.
    """
    from introspect_bayes.checks import check_study, select_checks
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file)
    wanted = select_checks(only or [])
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
    checks = []
    with TerminalProgress(shown=shown, what="Checks") as progress:
        analysis = start_analysis(loaded, progress, settings)
        for made in check_study(analysis, wanted):
            checks.append(made)
            progress.finish_one(made.name)
    changed = changed_priors(analysis.settings.specs)
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**made.as_dict(), **made_of} for made in checks])
    _print(analysis, checks)
    if any(made.status in {"fail", "error"} for made in checks):
        raise typer.Exit(EXIT_FAILED_CHECKS)


def _print(analysis: "Analysis", checks: "Sequence[Check]") -> None:
    from rich.console import Console

    from introspect_bayes.report.checks import check_summary, check_tables
    from introspect_bayes.report.provenance import priors_note

    # Piped output has no width of its own.
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else _WIDTH, highlight=False)
    for group in check_tables(checks):
        console.print(group)
    print_reading(console, analysis.study)
    print_rows(console, analysis.study.chosen_rows)
    if note := priors_note(analysis):
        console.print(note, style="bold", markup=False)
    console.print(check_summary(checks), style="bold", markup=False)
    console.print(
        "Even where all is sound, chance makes up to one statistical check in a hundred fail. "
        "--json FILE has the figures behind each.",
        markup=False,
    )
