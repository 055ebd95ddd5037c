"""The command that asks whether models know themselves better than others know them."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from introspect_bayes.cli.analysis import (
    EXIT_FAILED_DIAGNOSTICS,
    ChosenEngine,
    Draws,
    JsonFile,
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
    print_rows,
    print_warnings,
)
from introspect_bayes.errors import InputError


def privileged_access(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, or plunkett2025 (the paper's "
            "data)."
        ),
    ],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this comparison, such as e3.after. Repeatable."),
    ] = None,
    json_file: JsonFile = None,
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
    """Hold every model's reports against every model's weights: own minus other.

    Does a model know itself better than another model knows it? All correlations come from one
    posterior; HDIs are as wide as contexts, not single attributes, say. Exit code 1 if the
    diagnostics of a fit fail (its numbers are marked), 2 for bad input, as a study of one model.
    """
    from introspect_bayes.analyses import CannotCompute
    from introspect_bayes.analyses.privileged import privileged_access as access_of
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file)
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
    with TerminalProgress(shown=shown) as progress:
        analysis = start_analysis(loaded, progress, settings)
        try:
            access = access_of(analysis, only or ())
        except CannotCompute as reason:
            raise InputError(str(reason)) from reason
    changed = changed_priors(settings["specs"])
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**row, **made_of} for row in access.as_dicts()])
    from rich.console import Console

    from introspect_bayes.report import privileged as tables
    from introspect_bayes.report import provenance

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else 140, highlight=False)
    print_warnings(console, loaded)
    print_rows(console, loaded.chosen_rows)
    for part in tables.everything(access):
        console.print(part, markup=False)
    if note := provenance.priors_note(analysis):
        console.print(note, style="bold", markup=False)
    if access.problems:
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)
