"""Options that say how a study is read, and which of its rows are used."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from introspect_bayes.study import ChosenRows, Study

StudySource = Annotated[
    Path,
    typer.Argument(
        help="A study folder, a folder in the authors' layout, smollm2 (the shipped example), "
        "or plunkett2025 (the paper's data)."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Only this figure, or all that begin so. Repeatable."),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full",
        help="Also say what accuracy consists of: magnitudes, signs, ranks, what matters most, "
        "and the ceiling that noise sets (seconds to a minute more).",
    ),
]


@dataclass(frozen=True, kw_only=True)
class RowOptions:
    """Which rows are used, and what is pooled over."""

    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Use only the rows whose column has this value. Repeatable: several values of a "
            "column are added up, several columns must all fit.",
        ),
    ] = None
    pool: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Analyse rows together although this column tells them apart. Repeatable.",
        ),
    ] = None

    def chosen(self) -> "ChosenRows":
        """Return what was typed.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        from introspect_bayes.study import ChosenRows

        return ChosenRows.typed(self.where or (), self.pool or ())


@dataclass(frozen=True, kw_only=True)
class FileOptions(RowOptions):
    """Which rows of a study's files are used, and what the authors' layout does not say."""

    reports_asked: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many reports were asked in each context, where the authors' layout holds the "
            "valid ones only.",
        ),
    ] = None
    contexts_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder with the contexts (scenarios.csv) of a study in the authors' layout, and "
            "its target weights and units.",
        ),
    ] = None

    def open(self, source: Path, parser: str | None = None) -> "Study":
        """Load a study that is to be fitted.

        Parameters
        ----------
        source
            What `load_study` takes.
        parser
            Name of another parser of reports.
        """
        from introspect_bayes.study import read_study

        return read_study(
            source,
            self.chosen(),
            parser=parser,
            reports_asked=self.reports_asked,
            contexts_from=self.contexts_from,
            progress=sys.stderr.isatty(),
        )


@dataclass(frozen=True, kw_only=True)
class _ParserOption:
    parser: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Read the raw replies again with this parser: strict, lenient or plunkett2025, or "
            "a version of one (strict-1).",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StudyOptions(FileOptions, _ParserOption):
    """How a study is read: by which parser, and which rows of it."""

    def open(self, source: Path, parser: str | None = None) -> "Study":
        """Load a study that is to be fitted, read by the parser that was named, if one was."""
        return super().open(source, parser or self.parser)
