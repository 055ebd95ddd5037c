"""The command that fits choices and reports together."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from introspect_bayes.cli.console import console_beside, print_rows, print_warnings
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import FiguresFile, check_writable, write_json
from introspect_bayes.cli.fitting import NoCache, PriorOptions, prior_option
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import Only, StudyOptions, StudySource

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.joint_model.accuracies import JointAccuracy
    from introspect_bayes.specs import Specification

_MODEL: Final = "joint_accuracy"


@dataclass(frozen=True, kw_only=True)
class JointFitOptions(PriorOptions):
    """All that decides the fits of the joint model; there is one engine."""

    prior: Annotated[
        list[str] | None, prior_option(_MODEL, f"{_MODEL}.accuracy='Normal(0, 0.3)'")
    ] = None
    no_cache: NoCache = False


@takes_option_groups
def joint(
    study: StudySource,
    *,
    only: Only = None,
    json_file: FiguresFile = None,
    reading: StudyOptions,
    fitting: JointFitOptions,
) -> None:
    """Estimate how accurate introspection is, with the noise of choices and reports taken out.

    Choices and reports have one model. The paper's figure free of noise and the mean correlation of
    the weights behind both are printed beside the paper's own figure, which noise draws towards
    zero. Exit code 1 if diagnostics fail or the fitted model makes other data, 2 for bad input.
    """
    from introspect_bayes.analysis.selection import select_ids
    from introspect_bayes.joint_model.accuracies import JOINT_SAMPLER, joint_accuracy, joint_ids
    from introspect_bayes.joint_model.model import require_joint
    from introspect_bayes.joint_model.tables import json_rows
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors

    check_writable(json_file)
    specs = fitting.specifications((_MODEL,))
    require_joint(specs[_MODEL])
    select_ids(joint_ids(), only or [])
    loaded = reading.open(study)
    with TerminalProgress(shown=sys.stderr.isatty()) as progress:
        found = joint_accuracy(
            loaded,
            specs[_MODEL],
            only=only or (),
            sampler=fitting.sampler(JOINT_SAMPLER),
            keep=not fitting.no_cache,
            progress=progress,
        )
        rows = found.table()
    changed = changed_priors(specs)
    records = json_rows(rows)
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**row, **made_of} for row in records])
    _print(console_beside(json_file), found, specs[_MODEL], changed)
    if (rows["problems"] != "").any():
        typer.echo(
            "Diagnostics or predictive checks failed: do not rely on the numbers marked †. More "
            "draws (--draws) or a milder prior may mend diagnostics; a model that makes other data "
            "needs other equations.",
            err=True,
        )
        raise typer.Exit(ExitCode.FAILED)


def _print(
    console: "Console", found: "JointAccuracy", spec: "Specification", changed: list[str]
) -> None:
    from introspect_bayes.joint_model.tables import joint_notes, joint_table

    print_warnings(console, found.analysis.study)
    print_rows(console, found.analysis.study.chosen_rows)
    console.print(joint_table(found))
    for note in joint_notes(found):
        console.print(note, markup=False)
    if changed:
        console.print(f"Priors that differ: {'; '.join(changed)}", style="bold", markup=False)
    priors = ", ".join(f"{name} ~ {prior}" for name, prior in spec.priors.items())
    console.print(f"Priors: {priors}", markup=False)
