"""The command line: thin commands, no statistics."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from introspect_bayes import __version__
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis, Reproduction
    from introspect_bayes.checks import HealthRow

EXIT_FAILED_DIAGNOSTICS: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_INTERRUPTED: Final = 130

app = typer.Typer(
    name="introspect-bayes",
    help="Bayesian models of a language model's choices and of its reports about them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"introspect-bayes {__version__}")
        raise typer.Exit


@app.callback()
def introspect_bayes(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Bayesian models of a language model's choices and of its reports about them."""


@app.command(epilog="Example: introspect-bayes reproduce --only e1.acc --json figures.json")
def reproduce(  # noqa: PLR0913 - one argument an option
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the data (default: downloaded once, then cached)."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this figure, or all that begin so. Repeatable."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures as JSON.")
    ] = None,
    health_file: Annotated[
        Path | None,
        typer.Option(
            "--health-json", metavar="FILE", help="Also write the data's anomalies as JSON."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all sampling.")] = 2025,
    draws: Annotated[
        int | None, typer.Option(min=4, help="Draws per chain, instead of the defaults.")
    ] = None,
    warmup: Annotated[
        int | None,
        typer.Option(min=1, help="Warm-up iterations per chain, instead of the defaults."),
    ] = None,
) -> None:
    """Print every figure of Plunkett et al. (2025) beside what the raw data gives.

    Exit code 1 if the diagnostics of a fit fail (its numbers are marked), 2 for bad input.
    """
    from introspect_bayes.analyses import Analysis, Settings, reproduce
    from introspect_bayes.analyses.reproduce import figure_ids, select_ids
    from introspect_bayes.checks import data_health
    from introspect_bayes.report.progress import TerminalProgress
    from introspect_bayes.study import find_paper_data, read_authors_layout

    _check_writable(json_file, health_file)
    shown = sys.stderr.isatty()
    study = read_authors_layout(find_paper_data(data, progress=shown))
    settings = Settings.default(seed=seed, draws=draws, warmup=warmup)
    with TerminalProgress(shown=shown) as progress:
        analysis = Analysis(study, settings, progress)
        wanted = select_ids(figure_ids(analysis), only or [])
        progress.expect(len(wanted))
        figures = []
        for figure in reproduce(analysis, wanted):
            figures.append(figure)
            progress.finish_one(figure.id)
        health = list(data_health(analysis)) if health_file or not only else []
    _print_figures(analysis, figures, health)
    _write_json(json_file, [figure.as_dict() for figure in figures])
    _write_json(health_file, [row.as_dict() for row in health])
    if any(figure.problems for figure in figures):
        typer.echo("Diagnostics failed: do not rely on the numbers marked †.", err=True)
        raise typer.Exit(EXIT_FAILED_DIAGNOSTICS)


def _print_figures(
    analysis: "Analysis", figures: "Sequence[Reproduction]", health: "Sequence[HealthRow]"
) -> None:
    from rich.console import Console

    from introspect_bayes.analyses import exclusion_table
    from introspect_bayes.report import tables

    # Piped output has no width of its own: wide enough that no cell is cut.
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    console.print(tables.figures_table(figures))
    for note in tables.notes(figures):
        console.print(note, soft_wrap=False)
    if any(figure.kind == "d.excl100" and figure.result for figure in figures):
        console.print()
        console.print(tables.exclusion_summary(exclusion_table(analysis)))
    if health:
        console.print(tables.health_table(health))
    console.print(tables.provenance(analysis))


def _check_writable(*files: Path | None) -> None:
    """Fail before the work rather than after it."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            msg = f"{file}: cannot be written; is its folder there and writable?"
            raise InputError(msg)


def _write_json(file: Path | None, content: list[dict[str, Any]]) -> None:
    if file is None:
        return
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(file)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Command-line arguments; the process's own if not given.
    """
    try:
        code = app(arguments, standalone_mode=False)
    except InputError as error:
        typer.echo(f"introspect-bayes: {error}", err=True)
        return EXIT_BAD_INPUT
    except typer.Abort:
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        typer.echo("introspect-bayes: interrupted; nothing was written", err=True)
        return EXIT_INTERRUPTED
    except Exception as error:
        # Click's own errors: wrong options and the like.
        if hasattr(error, "exit_code") and hasattr(error, "show"):
            error.show()
            return int(error.exit_code)
        raise
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
