"""The command that checks a study."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from introspect_bayes.cli.console import console_beside, print_reading, print_rows
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import check_writable, json_option, write_json
from introspect_bayes.cli.fitting import FitOptions, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import StudyOptions, StudySource

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.checks import Check


@takes_option_groups
def check(
    study: StudySource,
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
        Path | None, json_option("Also write the checks as JSON, with figures")
    ] = None,
    reading: StudyOptions,
    fitting: FitOptions,
) -> None:
    """Check a study: its data, its fits, and whether the models could have made such data.

    Each check passes, fails, goes wrong or informs, in a sentence that says what follows. Exit
    code 1 if any failed or went wrong, 2 for bad input.
    """
    from introspect_bayes.checks import check_study, select_checks
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file)
    wanted = select_checks(only or [])
    settings = fitting.settings()
    loaded = reading.open(study)
    checks = []
    with TerminalProgress(shown=sys.stderr.isatty(), what="Checks") as progress:
        analysis = start_analysis(loaded, progress, settings)
        for made in check_study(analysis, wanted):
            checks.append(made)
            progress.finish_one(made.name)
    changed = changed_priors(analysis.settings.specs)
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**made.as_dict(), **made_of} for made in checks])
    _print(console_beside(json_file), analysis, checks)
    if any(made.status in {"fail", "error"} for made in checks):
        raise typer.Exit(ExitCode.FAILED)


def _print(console: "Console", analysis: "Analysis", checks: "Sequence[Check]") -> None:
    from introspect_bayes.presentation.checks import check_summary, check_tables
    from introspect_bayes.presentation.provenance import priors_note

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
