"""Commands that keep a study: export, verify."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from introspect_bayes.cli.console import say
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import check_writable, json_option, write_json


def export(
    study: Annotated[
        Path, typer.Argument(help="A study folder, or a folder in the authors' layout.")
    ],
    folder: Annotated[Path, typer.Argument(help="The folder to write; new or empty.")],
    *,
    file_format: Annotated[
        Literal["csv", "parquet", "authors"],
        typer.Option(
            "--format",
            help="csv, parquet: tidy tables, and every stored row. authors: the file layout of "
            "the paper's data.",
        ),
    ] = "csv",
) -> None:
    """Write a study as files that other programs read, completely or not at all."""
    from introspect_bayes.study.export import export_study

    written = export_study(study, folder, file_format)
    typer.echo(f"Wrote {len(written.files)} files to {folder}")
    for line in written.changed:
        typer.echo(f"Changed: {line}")
    for line in written.left_out:
        typer.echo(f"Left out: {line}")


def verify(
    study: Annotated[Path, typer.Argument(help="A study folder with replies.")],
    *,
    json_file: Annotated[Path | None, json_option("Also write the outcome as JSON")] = None,
) -> None:
    """Verify that a study's replies are intact and answer what its folder asks.

    Exit code 2 if not, with one line a problem.
    """
    from introspect_bayes.protocol.warning_signs import how_many
    from introspect_bayes.study import study_folder
    from introspect_bayes.study.verify import verify_study

    check_writable(json_file)
    found = verify_study(study_folder(study))
    write_json(json_file, asdict(found))
    if found.problems:
        for problem in found.problems:
            typer.echo(f"introspect-bayes: {study}: {problem}", err=True)
        raise typer.Exit(ExitCode.BAD_INPUT)
    left = found.unanswered
    say(
        f"OK: {how_many(found.requests, 'request')}, "
        f"{found.replies:,} {'reply' if found.replies == 1 else 'replies'}, "
        f"{how_many(found.attempts, 'attempt')}"
        + (
            f"; {how_many(left, 'request')} {'has' if left == 1 else 'have'} no reply yet"
            if left
            else ""
        ),
        json_file,
    )
