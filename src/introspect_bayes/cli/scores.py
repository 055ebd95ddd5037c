"""The command about tables of explanation scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from introspect_bayes.cli.console import console_beside, print_rows
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import check_writable, json_option, write_json, write_text
from introspect_bayes.cli.fitting import NoCache, PriorOptions, prior_option
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.reading import RowOptions
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from introspect_bayes.checks import Check
    from introspect_bayes.scores.answers import ExplanationScores
    from introspect_bayes.study import ChosenRows


@dataclass(frozen=True, kw_only=True)
class ScoreFitOptions(PriorOptions):
    """All that decides the fit of scores; there is one engine."""

    prior: Annotated[
        list[str] | None,
        prior_option("SPECIFICATION", "explanation_scores.own='Normal(0, 0.5)'"),
    ] = None
    no_cache: NoCache = False


@takes_option_groups
def scores(  # noqa: PLR0913 - one argument an option
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV or Parquet file with columns explainer, target, task, item, score (0 or 1, "
            "or in between) and, if there are any, training_size and replicate."
        ),
    ] = None,
    *,
    example: Annotated[
        bool, typer.Option("--example", help="Simulate a table instead, with known truth.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the simulated table as CSV.")
    ] = None,
    choosing: RowOptions,
    check: Annotated[
        bool, typer.Option("--check", help="Also check the model, and what the priors bear on.")
    ] = False,
    json_file: Annotated[Path | None, json_option("Also write all answers as JSON")] = None,
    plot_file: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Also plot the advantages (.png, .svg or .pdf), and beside it FILE-learning and "
            "FILE-cells.",
        ),
    ] = None,
    fitting: ScoreFitOptions,
) -> None:
    """Do models explain themselves better than others explain them? Ask a table of scores.

    The advantage of self over other by task and overall, the learning curve, and which explainer
    helps where, with 95% HDIs from a multilevel model. Exit code 1 if its diagnostics or a check
    fail, 2 for bad input.
    """
    from introspect_bayes.scores.answers import SAMPLER, explanation_scores

    _check_arguments(file, save, example=example)
    check_writable(json_file, save, plot=plot_file)
    truth: Mapping[str, float] | None = None
    source: Any = file
    if example:
        source, truth = _simulated(fitting.seed, save)
    rows = choosing.chosen()
    found = explanation_scores(
        source,
        where=rows.where,
        pool=rows.pool,
        specification=_specification(source, rows, fitting),
        sampler=fitting.sampler(SAMPLER),
        keep=not fitting.no_cache,
    )
    checks = _checks(found, fitting.seed) if check else []
    changed = _changed(found)
    write_json(json_file, _as_json(found, truth, checks, changed))
    if plot_file is not None:
        _plot(found, plot_file)
    _print(console_beside(json_file, save), found, truth, checks, changed)
    if found.diagnostics.problems:
        typer.echo(
            f"Diagnostics failed ({'; '.join(found.diagnostics.problems)}): do not rely on the "
            "numbers marked †; more draws (--draws) or a milder prior may mend it.",
            err=True,
        )
    if found.diagnostics.problems or any(made.status in {"fail", "error"} for made in checks):
        raise typer.Exit(ExitCode.FAILED)


def _check_arguments(file: Path | None, save: Path | None, *, example: bool) -> None:
    if (file is None) != example:
        msg = "name a file of scores, or ask for the simulated one with --example (not both)"
        raise InputError(msg)
    if save is not None and not example:
        msg = "--save writes the simulated table; it needs --example"
        raise InputError(msg)


def _simulated(seed: int, save: Path | None) -> tuple[Any, Mapping[str, float]]:
    import pandas as pd

    from introspect_bayes.scores.simulated import simulate_scores

    simulated = simulate_scores(seed=seed)
    table = pd.DataFrame(dict(simulated.columns))
    if save is not None:
        write_text(save, table.to_csv(index=False))
    return table, simulated.truth


def _specification(source: Any, rows: "ChosenRows", fitting: ScoreFitOptions) -> Any:
    """Return the specification that suits the scores, with the chosen priors."""
    from introspect_bayes.scores.specifications import SCORE_SPECIFICATIONS, suited_name

    chosen = fitting.specifications(SCORE_SPECIFICATIONS)
    name = suited_name(source, rows)
    other = next(n for n in SCORE_SPECIFICATIONS if n != name)
    if any(text.strip().startswith(f"{other}.") for text in fitting.prior or ()):
        msg = f"--prior {other}...: these scores are those of {name}; write {name}.PARAMETER=PRIOR"
        raise InputError(msg)
    return chosen[name]


def _changed(found: "ExplanationScores") -> list[str]:
    from introspect_bayes.specs import changed_priors

    return changed_priors({found.fit.spec.name: found.fit.spec})


def _checks(found: "ExplanationScores", seed: int) -> "list[Check]":
    from introspect_bayes.scores.checks import check_scores

    return check_scores(found, seed)


def _as_json(
    found: "ExplanationScores",
    truth: Mapping[str, float] | None,
    checks: "list[Check]",
    changed: list[str],
) -> dict[str, Any]:
    return {
        **found.as_dict(),
        "checks": [made.as_dict() for made in checks],
        "changed_priors": changed,
        **({"truth": dict(truth)} if truth is not None else {}),
    }


def _plot(found: "ExplanationScores", file: Path) -> None:
    from introspect_bayes.scores import plots as score_plots

    plots = {"": score_plots.plot_advantage, "-learning": score_plots.plot_learning_curve}
    plots["-cells"] = score_plots.plot_cells
    for ending, plot in plots.items():
        try:
            figure = plot(found)
        except InputError as reason:
            typer.echo(f"Not plotted: {reason}", err=True)
            continue
        figure.savefig(file.with_name(f"{file.stem}{ending}{file.suffix}"))


def _print(
    console: "Console",
    found: "ExplanationScores",
    truth: Mapping[str, float] | None,
    checks: "list[Check]",
    changed: list[str],
) -> None:
    from introspect_bayes.scores.tables import score_provenance, score_tables

    print_rows(console, found.chosen_rows)
    for table in score_tables(found, truth):
        console.print(table)
    for sentence in found.conclusions():
        console.print(sentence, markup=False)
    if checks:
        from introspect_bayes.presentation.checks import check_summary, check_tables
        from introspect_bayes.scores.checks import SCORE_CHECKS

        console.print()
        for group in check_tables(checks, SCORE_CHECKS):
            console.print(group)
        console.print(check_summary(checks), style="bold", markup=False)
    if changed:
        console.print(f"Priors that differ: {'; '.join(changed)}", style="bold", markup=False)
    console.print(score_provenance(found), markup=False)
