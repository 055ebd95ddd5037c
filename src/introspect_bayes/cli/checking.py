"""The command that checks a study."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

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
    from introspect_bayes.checks import Check, Conclusion

UNSEEN: Final = ("the joint model (`introspect-bayes joint`)",)
"""What no check looks at."""


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
    full: Annotated[
        bool,
        typer.Option("--full", help="Also show every accuracy that changes, and every check."),
    ] = False,
    json_file: Annotated[
        Path | None, json_option("Also write conclusion, findings and checks as JSON")
    ] = None,
    reading: StudyOptions,
    fitting: FitOptions,
) -> None:
    """Check a study: its data, its fits, and whether the models could have made such data.

    The first line is the conclusion. Findings follow in three classes: stop (do not trust the
    numbers), numbers move (and which, by how much), known and harmless. Exit code 1 if any says
    stop, 2 for bad input.
    """
    from introspect_bayes.checks import check_study, conclude, select_checks
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
        progress.start("Conclusion", 1)
        conclusion = conclude(analysis, checks, UNSEEN)
    changed = changed_priors(analysis.settings.specs)
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    content = {
        "conclusion": conclusion.as_dict(),
        "findings": [finding.as_dict() for finding in conclusion.findings],
        "checks": [{**made.as_dict(), **made_of} for made in checks],
        **made_of,
    }
    write_json(json_file, content)
    _print(console_beside(json_file), analysis, checks, conclusion, full=full)
    if conclusion.kind == "stop":
        raise typer.Exit(ExitCode.FAILED)


def _print(
    console: "Console",
    analysis: "Analysis",
    checks: "Sequence[Check]",
    conclusion: "Conclusion",
    *,
    full: bool,
) -> None:
    from introspect_bayes.presentation.checks import (
        check_summary,
        check_tables,
        conclusion_lines,
    )
    from introspect_bayes.presentation.provenance import priors_note

    for line in conclusion_lines(conclusion, full=full):
        console.print(line)
    print_rows(console, analysis.study.chosen_rows)
    if note := priors_note(analysis):
        console.print(note, style="bold", markup=False)
    if not full:
        return
    console.print()
    for group in check_tables(checks):
        console.print(group)
    print_reading(console, analysis.study)
    console.print(check_summary(checks), style="bold", markup=False)
    console.print(
        "A single check fails by chance once in a hundred times, even where all is sound; all "
        "tests behind findings share a level of .002.",
        markup=False,
    )
