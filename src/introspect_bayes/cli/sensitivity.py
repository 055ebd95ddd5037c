"""The command that looks at every figure again under other priors."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from introspect_bayes.cli.console import console_beside, print_rows, print_warnings
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import check_writable, json_option, write_json, write_text
from introspect_bayes.cli.fitting import FitOptions, start_analysis
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import Only, StudyOptions, StudySource

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.analysis.sensitivity import PriorSensitivity


@takes_option_groups
def sensitivity(  # noqa: PLR0913 - one argument an option
    study: StudySource,
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
        Path | None, json_option("Also write every figure under every prior")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="The same as CSV.")
    ] = None,
    plot_file: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Also plot all HDIs (.png, .svg or .pdf)."),
    ] = None,
    reading: StudyOptions,
    fitting: FitOptions,
) -> None:
    """Compute every figure of a study under other priors, and show how far its HDI moves.

    The usual priors to compare with: the weights' prior from a tenth to ten times as wide,
    Student-t, Laplace and horseshoe weights, position bias held near zero or set free, a skeptic
    and an enthusiast about reports and training. Exit code 1 if diagnostics fail, 2 for bad input.
    """
    from introspect_bayes.analysis.scenarios import scenarios_from, usual_scenarios
    from introspect_bayes.analysis.sensitivity import prior_sensitivity
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file, csv_file, plot=plot_file)
    settings = fitting.settings()
    own = scenarios_from(settings["specs"], alternative or [], scale or [])
    loaded = reading.open(study)
    with TerminalProgress(shown=sys.stderr.isatty(), what="Priors") as progress:
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
        from introspect_bayes.presentation.plots import plot_sensitivity

        plot_sensitivity(found.draws).savefig(plot_file)
    _print(console_beside(json_file, csv_file), found, analysis)
    if (found.frame["problems"] != "").any():
        raise typer.Exit(ExitCode.FAILED)


def _print(console: "Console", found: "PriorSensitivity", analysis: "Analysis") -> None:
    from introspect_bayes.presentation import provenance
    from introspect_bayes.presentation import sensitivity as tables

    print_warnings(console, analysis.study)
    print_rows(console, analysis.study.chosen_rows)
    console.print(tables.movements_table(found))
    console.print(tables.scenarios_table(found))
    for sentence in tables.conclusions(found):
        console.print(sentence, markup=False)
    if note := provenance.priors_note(analysis):
        console.print(note, style="bold", markup=False)
