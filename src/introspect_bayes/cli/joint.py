"""The command that fits choices and reports together."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from introspect_bayes.cli.analysis import (
    Draws,
    JsonFile,
    NoCache,
    Only,
    Parser,
    Seed,
    SpecificationFile,
    Warmup,
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

if TYPE_CHECKING:
    from introspect_bayes.analyses.joint_accuracy import JointAccuracy
    from introspect_bayes.specs import Specification

EXIT_FAILED_DIAGNOSTICS: Final = 1

_MODEL: Final = "joint_accuracy"

JointPrior = Annotated[
    list[str] | None,
    typer.Option(
        metavar="joint_accuracy.PARAMETER=PRIOR",
        help="Another prior, such as joint_accuracy.accuracy='Normal(0, 0.3)'. Repeatable.",
    ),
]


def joint(  # noqa: PLR0913 - one argument an option
    study: Annotated[
        Path,
        typer.Argument(
            help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
            "or plunkett2025 (the paper's data)."
        ),
    ],
    *,
    only: Only = None,
    json_file: JsonFile = None,
    parser: Parser = None,
    where: Where = None,
    pool: Pool = None,
    reports_asked: ReportsAsked = None,
    contexts_from: ContextsFrom = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: JointPrior = None,
    specification: SpecificationFile = None,
    no_cache: NoCache = False,
) -> None:
    """Estimate how accurate introspection is, with the noise of choices and reports taken out.

    Choices and reports have one model; accuracy is the correlation of the weights behind both. It
    is printed beside the paper's plug-in estimate, which noise draws towards zero. Exit code 1 if
    diagnostics fail, 2 for bad input.
    """
    from introspect_bayes.analyses.joint_accuracy import figures_beginning, joint_accuracy
    from introspect_bayes.fits.joint_model import require_joint
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.specs import changed_priors, chosen_specifications

    check_writable(json_file)
    specs = chosen_specifications(prior or [], specification or [], names=(_MODEL,))
    require_joint(specs[_MODEL])
    figures_beginning(only or [])
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
        found = joint_accuracy(
            loaded,
            specs[_MODEL],
            only=only or (),
            sampler=_sampler(seed=seed, draws=draws, warmup=warmup),
            keep=not no_cache,
            progress=progress,
        )
        rows = found.table()
    changed = changed_priors(specs)
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    made_of = {"changed_priors": changed, **loaded.chosen_rows.as_dict()}
    write_json(json_file, [{**row, **made_of} for row in records])
    _print(found, specs[_MODEL], changed)
    if (rows["problems"] != "").any():
        typer.echo(
            "Diagnostics failed: do not rely on the numbers marked †; more draws (--draws) or a "
            "milder prior may mend it.",
            err=True,
        )
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


def _sampler(**given: int | None) -> Any:
    from dataclasses import replace

    from introspect_bayes.analyses.joint_accuracy import JOINT_SAMPLER

    return replace(JOINT_SAMPLER, **{n: value for n, value in given.items() if value is not None})


def _print(found: "JointAccuracy", spec: "Specification", changed: list[str]) -> None:
    from rich.console import Console

    from introspect_bayes.report.joint import joint_notes, joint_table

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else 120, highlight=False)
    print_warnings(console, found.analysis.study)
    print_rows(console, found.analysis.study.chosen_rows)
    console.print(joint_table(found))
    for note in joint_notes(found):
        console.print(note, markup=False)
    if changed:
        console.print(f"Priors that differ: {'; '.join(changed)}", style="bold", markup=False)
    priors = ", ".join(f"{name} ~ {prior}" for name, prior in spec.priors.items())
    console.print(f"Priors: {priors}", markup=False)
