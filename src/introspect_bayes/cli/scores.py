"""The command about tables of explanation scores."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from introspect_bayes.cli.analysis import Draws, NoCache, Seed, SpecificationFile, Warmup
from introspect_bayes.cli.files import check_writable, write_json, write_text
from introspect_bayes.cli.rows import Pool, Where, print_rows, typed_rows
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.analyses.explanation_scores import ExplanationScores
    from introspect_bayes.checks import Check
    from introspect_bayes.study import ChosenRows

EXIT_FAILED_DIAGNOSTICS: Final = 1

_PLOTS: Final = (".pdf", ".png", ".svg")
_WIDTH: Final = 110


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
    where: Where = None,
    pool: Pool = None,
    check: Annotated[
        bool, typer.Option("--check", help="Also check the model, and what the priors bear on.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all answers as JSON.")
    ] = None,
    plot_file: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Also plot the advantages (.png, .svg or .pdf), and beside it FILE-learning and "
            "FILE-cells.",
        ),
    ] = None,
    seed: Seed = 2025,
    draws: Draws = None,
    warmup: Warmup = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPECIFICATION.PARAMETER=PRIOR",
            help="Another prior, such as explanation_scores.own='Normal(0, 0.5)'. Repeatable.",
        ),
    ] = None,
    specification: SpecificationFile = None,
    no_cache: NoCache = False,
) -> None:
    """Do models explain themselves better than others explain them? Ask a table of scores.

    The advantage of self over other by task and overall, the learning curve, and which explainer
    helps where, with 95% HDIs from a multilevel model. Exit code 1 if its diagnostics or a check
    fail, 2 for bad input.
    """
    from introspect_bayes.analyses.explanation_scores import explanation_scores

    _check_arguments(file, plot_file, save, example=example)
    check_writable(json_file, plot_file, save)
    truth: Mapping[str, float] | None = None
    source: Any = file
    if example:
        source, truth = _simulated(seed, save)
    rows = typed_rows(where, pool)
    found = explanation_scores(
        source,
        where=rows.where,
        pool=rows.pool,
        specification=_specification(source, rows, prior, specification),
        sampler=_sampler(seed, draws, warmup),
        keep=not no_cache,
    )
    checks = _checks(found, seed) if check else []
    changed = _changed(found)
    write_json(json_file, _as_json(found, truth, checks, changed))
    if plot_file is not None:
        _plot(found, plot_file)
    _print(found, truth, checks, changed)
    if found.diagnostics.problems:
        typer.echo(
            f"Diagnostics failed ({'; '.join(found.diagnostics.problems)}): do not rely on the "
            "numbers marked †; more draws (--draws) or a milder prior may mend it.",
            err=True,
        )
    if found.diagnostics.problems or any(made.status in {"fail", "error"} for made in checks):
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


def _check_arguments(
    file: Path | None, plot_file: Path | None, save: Path | None, *, example: bool
) -> None:
    if (file is None) != example:
        msg = "name a file of scores, or ask for the simulated one with --example (not both)"
        raise InputError(msg)
    if save is not None and not example:
        msg = "--save writes the simulated table; it needs --example"
        raise InputError(msg)
    if plot_file is not None and plot_file.suffix not in _PLOTS:
        msg = f"--plot {plot_file}: the ending must be one of {', '.join(_PLOTS)}"
        raise InputError(msg)


def _simulated(seed: int, save: Path | None) -> tuple[Any, Mapping[str, float]]:
    import pandas as pd

    from introspect_bayes.simulate.explanation_scores import simulate_scores

    simulated = simulate_scores(seed=seed)
    table = pd.DataFrame(dict(simulated.columns))
    if save is not None:
        write_text(save, table.to_csv(index=False))
    return table, simulated.truth


def _specification(
    source: Any, rows: "ChosenRows", priors: list[str] | None, files: list[Path] | None
) -> Any:
    """Return the specification that suits the scores, with the chosen priors."""
    from introspect_bayes.analyses.score_specifications import SCORE_SPECIFICATIONS, suited_name
    from introspect_bayes.specs import chosen_specifications

    chosen = chosen_specifications(priors or [], files or [], SCORE_SPECIFICATIONS)
    name = suited_name(source, rows)
    other = next(n for n in SCORE_SPECIFICATIONS if n != name)
    if any(text.strip().startswith(f"{other}.") for text in priors or ()):
        msg = f"--prior {other}...: these scores are those of {name}; write {name}.PARAMETER=PRIOR"
        raise InputError(msg)
    return chosen[name]


def _sampler(seed: int, draws: int | None, warmup: int | None) -> Any:
    from dataclasses import replace

    from introspect_bayes.analyses.explanation_scores import SAMPLER

    given = {"seed": seed, "draws": draws, "warmup": warmup}
    return replace(SAMPLER, **{key: value for key, value in given.items() if value is not None})


def _changed(found: "ExplanationScores") -> list[str]:
    from introspect_bayes.specs import changed_priors

    return changed_priors({found.fit.spec.name: found.fit.spec})


def _checks(found: "ExplanationScores", seed: int) -> "list[Check]":
    from introspect_bayes.checks.explanation_scores import check_scores

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
    from introspect_bayes.report import score_plots

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
    found: "ExplanationScores",
    truth: Mapping[str, float] | None,
    checks: "list[Check]",
    changed: list[str],
) -> None:
    from rich.console import Console

    from introspect_bayes.report.scores import score_provenance, score_tables

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else _WIDTH, highlight=False)
    print_rows(console, found.chosen_rows)
    for table in score_tables(found, truth):
        console.print(table)
    for sentence in found.conclusions():
        console.print(sentence, markup=False)
    if checks:
        from introspect_bayes.checks.explanation_scores import SCORE_CHECKS
        from introspect_bayes.report.checks import check_summary, check_tables

        console.print()
        for group in check_tables(checks, SCORE_CHECKS):
            console.print(group)
        console.print(check_summary(checks), style="bold", markup=False)
    if changed:
        console.print(f"Priors that differ: {'; '.join(changed)}", style="bold", markup=False)
    console.print(score_provenance(found), markup=False)
