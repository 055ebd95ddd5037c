"""The command that asks whether models know themselves better than others know them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from introspect_bayes.cli.console import console_beside, print_rows, print_warnings
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import FiguresFile, check_writable, write_json
from introspect_bayes.cli.fitting import FitOptions, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import StudyOptions
from introspect_bayes.errors import InputError


@takes_option_groups
def privileged_access(
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
        typer.Option(
            metavar="ID",
            help="Only this comparison (such as e3.after), or all that begin so (such as e3). "
            "Repeatable.",
        ),
    ] = None,
    json_file: FiguresFile = None,
    reading: StudyOptions,
    fitting: FitOptions,
) -> None:
    """Hold every model's reports against every model's weights: own minus other.

    Do own reports tell a model's weights better than another model's do? All correlations come
    from one posterior; HDIs are as wide as contexts, not single attributes, say. Exit code 1 if
    the diagnostics of a fit fail (its numbers are marked), 2 for bad input, as a study of one
    model.
    """
    from introspect_bayes.errors import CannotCompute
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.privileged.privileged import privileged_access as access_of
    from introspect_bayes.privileged.privileged import select_comparisons
    from introspect_bayes.specs import changed_priors

    check_writable(json_file)
    wanted = select_comparisons(only or [])
    settings = fitting.settings()
    loaded = reading.open(study)
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        analysis = start_analysis(loaded, progress, settings)
        try:
            access = access_of(analysis, wanted)
        except CannotCompute as reason:
            raise InputError(str(reason)) from reason
    changed = changed_priors(settings["specs"])
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**row, **made_of} for row in access.as_dicts()])
    from introspect_bayes.presentation import provenance
    from introspect_bayes.privileged import tables

    console = console_beside(json_file)
    print_warnings(console, loaded)
    print_rows(console, loaded.chosen_rows)
    for part in tables.everything(access):
        console.print(part, markup=False)
    if note := provenance.priors_note(analysis):
        console.print(note, style="bold", markup=False)
    if access.problems:
        raise typer.Exit(ExitCode.FAILED)
