"""The command that plans a study before anything is paid."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from introspect_bayes.cli.files import check_writable, write_json, write_text
from introspect_bayes.cli.rows import (
    ContextsFrom,
    Pool,
    ReportsAsked,
    Where,
    open_study,
    print_rows,
    print_warnings,
)
from introspect_bayes.cli.sensitivity import check_plot
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from introspect_bayes.collect import Prices
    from introspect_bayes.designs import AssumedModel, DesignAnalysis, LikeStudy
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import Study


def plan(  # noqa: PLR0913 - one argument an option
    *,
    contexts: Annotated[
        str, typer.Option(metavar="N[,N...]", help="Decision contexts; several to compare.")
    ] = "20,50,100",
    choices: Annotated[
        str, typer.Option(metavar="N[,N...]", help="Choices asked in each context.")
    ] = "50",
    reports: Annotated[
        str, typer.Option(metavar="N[,N...]", help="Reports asked in each context and stage.")
    ] = "10",
    accuracy: Annotated[
        float | None,
        typer.Option(
            help="Assumed correlation of the weights with what reports say on average (default: "
            "0.5). The analysis finds a little less: choices and reports are noisy."
        ),
    ] = None,
    after: Annotated[
        float | None,
        typer.Option(
            help="Assumed accuracy after introspection training: plan for the effect of training."
        ),
    ] = None,
    models: Annotated[
        int, typer.Option(min=1, help="Base models that an effect is averaged over.")
    ] = 1,
    consistency: Annotated[
        float | None,
        typer.Option(
            help="Assumed log-odds of a choice per unit of utility: small is noisy (default: 6)."
        ),
    ] = None,
    position_bias: Annotated[
        float | None, typer.Option(help="Assumed log-odds of A between equals (default: 0).")
    ] = None,
    report_noise: Annotated[
        float | None,
        typer.Option(help="Assumed SD of a report around what the model believes (default: 15)."),
    ] = None,
    invalid: Annotated[
        float | None, typer.Option(help="Assumed share of invalid reports (default: 0).")
    ] = None,
    silent: Annotated[
        float | None,
        typer.Option(help="Assumed share of contexts without any valid report (default: 0)."),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="STUDY",
            help="Take all assumptions from an earlier study (a folder, smollm2, plunkett2025).",
        ),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(help="Figure of the earlier study to plan for, such as e3.effect or e1.acc."),
    ] = None,
    base_model: Annotated[str | None, typer.Option(help="Base model of the earlier study.")] = None,
    where: Where = None,
    pool: Pool = None,
    reports_asked: ReportsAsked = None,
    contexts_from: ContextsFrom = None,
    width: Annotated[
        float | None, typer.Option(help="Goal: expected width of the 95% HDI, at most.")
    ] = None,
    exclude_zero: Annotated[
        float | None,
        typer.Option(metavar="P", help="Goal: probability that the HDI excludes zero."),
    ] = None,
    rope: Annotated[
        float | None,
        typer.Option(help="Half-width of a region around zero that is practically zero."),
    ] = None,
    outside_rope: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI lies outside the ROPE.")
    ] = None,
    inside_rope: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI lies inside the ROPE.")
    ] = None,
    difference: Annotated[
        float | None, typer.Option(help="Another value that the HDI may exclude.")
    ] = None,
    exclude_difference: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI excludes that value.")
    ] = None,
    price_prompt: Annotated[
        float | None, typer.Option(min=0, help="US dollars per million prompt tokens.")
    ] = None,
    price_reply: Annotated[
        float | None, typer.Option(min=0, help="US dollars per million reply tokens.")
    ] = None,
    studies: Annotated[int, typer.Option(min=10, help="Simulated studies of each design.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 1,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Studies simulated at once (default: all cores).")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all as JSON.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write the table as CSV.")
    ] = None,
    plot_file: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Also plot it (.png, .svg or .pdf)."),
    ] = None,
) -> None:
    """Tell how many contexts, choices and reports a study needs, and what it will cost.

    Simulated models of the assumed accuracy answer whole studies of each design, which are parsed
    and analysed as real ones. The table tells how wide the 95% HDI of the accuracy (with --after:
    of the effect of introspection training) is expected to be, how probably it excludes zero, and
    what asking costs; with a goal, which design is the cheapest that meets it.
    """
    from introspect_bayes.designs import Goals, plan_study
    from introspect_bayes.report.progress import TerminalProgress

    check_writable(json_file, csv_file, plot_file)
    check_plot(plot_file)
    goals = Goals(
        width, exclude_zero, rope, outside_rope, inside_rope, difference, exclude_difference
    )
    options = {
        "accuracy": accuracy,
        "after": after,
        "consistency": consistency,
        "position_bias": position_bias,
        "noise": report_noise,
        "invalid_rate": invalid,
        "silent": silent,
    }
    given = {name: value for name, value in options.items() if value is not None}
    prices = _prices(price_prompt, price_reply)
    with TerminalProgress(shown=sys.stderr.isatty(), what="Studies") as progress:
        if like is None:
            _refuse(
                figure=figure,
                base_model=base_model,
                where=where,
                pool=pool,
                reports_asked=reports_asked,
                contexts_from=contexts_from,
            )
            assumed, study, earlier = _assumed(given, models), None, None
        else:
            _refuse_assumptions(like, given)
            study = open_study(
                like, where, pool, reports_asked=reports_asked, contexts_from=contexts_from
            )
            earlier = _like(study, figure, base_model, seed, progress)
            assumed = earlier.models
        progress.expect(studies)
        found = plan_study(
            assumed,
            contexts=_numbers("contexts", contexts),
            choices=_numbers("choices", choices),
            reports=_numbers("reports", reports),
            goals=goals,
            prices=prices,
            studies=studies,
            seed=seed,
            processes=processes,
            advance=lambda _: progress.finish_one("simulated"),
        )
    _write(found, earlier, json_file, csv_file)
    if plot_file is not None:
        found.plot().savefig(plot_file)
    _print(found, study, earlier)


def _numbers(name: str, text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        msg = f"--{name} {text}: whole numbers with commas between them, such as 20,50,100"
        raise InputError(msg) from error


def _prices(prompt: float | None, reply: float | None) -> "Prices | None":
    from introspect_bayes.collect import Prices

    if prompt is None and reply is None:
        return None
    return Prices(prompt or 0.0, reply or 0.0)


def _refuse(**options: object) -> None:
    for name, value in options.items():
        if value:
            typed = value[0] if isinstance(value, list) else value
            msg = f"--{name.replace('_', '-')} {typed}: is about an earlier study; give --like"
            raise InputError(msg)


def _refuse_assumptions(study: Path, given: dict[str, float]) -> None:
    if given:
        names = ", ".join(given)
        msg = f"--like takes all assumptions from {study}; leave out those given ({names})"
        raise InputError(msg)


def _assumed(given: dict[str, float], count: int) -> "tuple[AssumedModel, ...]":
    from introspect_bayes.designs import AssumedModel, AssumedReports
    from introspect_bayes.designs.assumptions import several

    about_reports = {k: given[k] for k in ("noise", "invalid_rate", "silent") if k in given}
    before = AssumedReports(given.get("accuracy", 0.5), **about_reports)
    trained = AssumedReports(given["after"], **about_reports) if "after" in given else None
    if count > 1 and trained is None:
        msg = f"--models {count}: an accuracy is that of one model; give --after to plan an effect"
        raise InputError(msg)
    return several(
        AssumedModel(
            before, trained, given.get("consistency", 6.0), given.get("position_bias", 0.0)
        ),
        count,
    )


def _like(
    study: "Study",
    figure: str | None,
    base_model: str | None,
    seed: int,
    progress: "TerminalProgress",
) -> "LikeStudy":
    from introspect_bayes.designs import like_study

    return like_study(
        study,
        figure,
        base_model,
        seed=seed,
        start=lambda name: progress.start(f"Matching {name}", 1),
    )


def _write(
    found: "DesignAnalysis",
    earlier: "LikeStudy | None",
    json_file: Path | None,
    csv_file: Path | None,
) -> None:
    write_json(
        json_file,
        {
            "figure": found.figure,
            "seed": found.seed,
            "studies": found.studies,
            "assumed": [asdict(model) for model in found.models],
            "matched": [] if earlier is None else _rows(earlier.matched),
            "goals": asdict(found.goals),
            "designs": _rows(found.table()),
            **({} if earlier is None else earlier.chosen_rows.as_dict()),
        },
    )
    if csv_file is not None:
        write_text(csv_file, found.table().to_csv(index=False))


def _rows(table: "pd.DataFrame") -> list[dict[Any, Any]]:
    known = table.astype(object)
    return known.where(known.notna(), None).to_dict("records")


def _print(found: "DesignAnalysis", study: "Study | None", earlier: "LikeStudy | None") -> None:
    from rich.console import Console

    from introspect_bayes.designs import terminal
    from introspect_bayes.designs.drawing import design_text

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else 120, highlight=False)
    if study is not None and earlier is not None:
        print_warnings(console, study)
        own = "; ".join(
            f"{name}: {design_text(asdict(design))}" for name, design in earlier.designs.items()
        )
        console.print(f"Like {earlier.figure} of the earlier study ({own}).", markup=False)
        print_rows(console, earlier.chosen_rows)
        for sentence in terminal.least_asked(earlier):
            console.print(sentence, markup=False)
    for model in found.models:
        console.print(terminal.assumed_text(model), markup=False)
    console.print(terminal.designs_table(found))
    for sentence in terminal.conclusions(found):
        console.print(sentence, markup=False)
