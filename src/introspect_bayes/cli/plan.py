"""The command that plans a study before anything is paid."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from introspect_bayes.cli.assuming import AssumptionOptions, GoalOptions
from introspect_bayes.cli.console import console_beside, print_rows, print_warnings
from introspect_bayes.cli.files import check_writable, json_option, write_json, write_text
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.pricing import PriceOptions
from introspect_bayes.cli.reading import FileOptions
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from introspect_bayes.designs import DesignAnalysis, LikeStudy
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.study import Study


@takes_option_groups
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
    assuming: AssumptionOptions,
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
    reading: FileOptions,
    aiming: GoalOptions,
    paying: PriceOptions,
    studies: Annotated[int, typer.Option(min=10, help="Simulated studies of each design.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 1,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Studies simulated at once (default: all cores).")
    ] = None,
    json_file: Annotated[Path | None, json_option("Also write all as JSON")] = None,
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
    from introspect_bayes.designs import plan_study
    from introspect_bayes.presentation.progress import TerminalProgress

    check_writable(json_file, csv_file, plot=plot_file)
    goals = aiming.goals()
    with TerminalProgress(shown=sys.stderr.isatty(), what="Studies") as progress:
        if like is None:
            _refuse(figure=figure, base_model=base_model, **asdict(reading))
            assumed, study, earlier = assuming.assumed(), None, None
        else:
            assuming.refuse_beside(like)
            study = reading.open(like)
            earlier = _like(study, figure, base_model, seed, progress)
            assumed = earlier.models
        progress.expect(studies)
        found = plan_study(
            assumed,
            contexts=_numbers("contexts", contexts),
            choices=_numbers("choices", choices),
            reports=_numbers("reports", reports),
            goals=goals,
            prices=paying.prices(),
            studies=studies,
            seed=seed,
            processes=processes,
            advance=lambda _: progress.finish_one("simulated"),
        )
    _write(found, earlier, json_file, csv_file)
    if plot_file is not None:
        found.plot().savefig(plot_file)
    _print(console_beside(json_file, csv_file), found, study, earlier)


def _numbers(name: str, text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        msg = f"--{name} {text}: whole numbers with commas between them, such as 20,50,100"
        raise InputError(msg) from error


def _refuse(**options: object) -> None:
    for name, value in options.items():
        if value:
            typed = value[0] if isinstance(value, list) else value
            msg = f"--{name.replace('_', '-')} {typed}: is about an earlier study; give --like"
            raise InputError(msg)


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


def _print(
    console: "Console",
    found: "DesignAnalysis",
    study: "Study | None",
    earlier: "LikeStudy | None",
) -> None:
    from introspect_bayes.designs import terminal
    from introspect_bayes.designs.drawing import design_text

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
