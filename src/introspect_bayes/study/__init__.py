"""Studies: tidy frames of contexts, choices, reports, targets and models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.protocol.study_folder import STUDY_FILE
from introspect_bayes.study.authors_layout import read_authors_layout
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows
from introspect_bayes.study.download import find_paper_data
from introspect_bayes.study.frames import Study
from introspect_bayes.study.replies import read_prepared

__all__ = [
    "ChosenRows",
    "ContextSet",
    "Stage",
    "Study",
    "find_paper_data",
    "load_study",
    "read_authors_layout",
    "read_prepared",
    "read_study",
    "study_folder",
]

SHIPPED_STUDIES: Final = ("smollm2",)
"""Studies in the package's data, opened by name unless a folder of that name is at hand."""


def study_folder(source: str | Path) -> Path:
    """Return a study's folder: the one named, or that of a study which ships with the package."""
    folder = Path(source).expanduser()
    if not folder.is_dir() and str(source) in SHIPPED_STUDIES:
        return shipped_folder("data") / str(source)
    return folder


def load_study(  # noqa: PLR0913 - all that can be said of how to read a study
    source: str | Path = "plunkett2025",
    *,
    parser: str | None = None,
    where: Mapping[str, Any] | None = None,
    pool: str | Sequence[str] = (),
    reports_asked: int | None = None,
    contexts_from: str | Path | None = None,
    progress: bool = False,
) -> Study:
    """Load a study.

    Parameters
    ----------
    source
        ``"plunkett2025"`` for the paper's public data (downloaded once, unless the environment
        variable ``INTROSPECT_BAYES_DATA`` names a local copy), ``"smollm2"`` for the small study
        that ships with the package, or a folder: one that `prepare` wrote and that replies were
        collected in, or one in the authors' file layout.
    parser
        Name of the parser (`parse.PARSERS`) that reads choices and reports, such as "lenient" or
        "strict-1"; without a version, the newest. If not given, the newest of the kind that the
        study names.
    where
        Which rows are used: a value, or several, by column, such as ``{"flipped": 0}``. Values are
        compared as text. Files without the column are used whole (`Study.chosen_rows` says which).
        In a study folder, whose replies have no columns, ``{"model": NAME}`` alone.
    pool
        Columns of conditions whose rows are analysed together, such as ``["flipped"]``.
    reports_asked
        How many reports were asked in each context, where the authors' layout does not say it: it
        holds valid reports only. Of the paper's own files it is known.
    contexts_from
        Folder with ``scenarios.csv``, ``instilled_weights.csv`` and ``candidate_scenarios.json`` of
        a study in the authors' layout, where its own folder and the one above lack them.
    progress
        Whether to show a progress bar while downloading.

    Raises
    ------
    InputError
        If the study cannot be found or read; names file, line and column. If a column splits the
        trials of a context (2 to 20 values, at least two of them on several trials each), or a file
        holds several models, and neither `where` nor `pool` says what is meant.

    Examples
    --------
    >>> study = load_study("plunkett2025")  # doctest: +SKIP
    >>> study.base_models  # doctest: +SKIP
    ['gpt-4o-2024-08-06', 'gpt-4o-mini-2024-07-18']
    """
    return read_study(
        source,
        ChosenRows.of(where, pool),
        parser=parser,
        reports_asked=reports_asked,
        contexts_from=contexts_from,
        progress=progress,
    )


def read_study(  # noqa: PLR0913 - as load_study
    source: str | Path,
    chosen: ChosenRows = EVERYTHING,
    *,
    parser: str | None = None,
    reports_asked: int | None = None,
    contexts_from: str | Path | None = None,
    progress: bool = False,
    fitting: bool = True,
) -> Study:
    """Read a study as `load_study` does.

    Parameters
    ----------
    source, parser, reports_asked, contexts_from, progress
        As for `load_study`.
    chosen
        Which rows are used, and which columns are pooled over.
    fitting
        Whether models are to be fitted, so that columns which split trials are refused.
    """
    folder = study_folder(source)
    if reports_asked is not None and reports_asked < 1:
        msg = f"--reports-asked {reports_asked}: the number of reports asked is 1 or more"
        raise InputError(msg)
    if str(source) == "plunkett2025" and not folder.is_dir():
        folder = find_paper_data(progress=progress)
    if not folder.is_dir():
        msg = (
            f"{folder}: no such study folder; make one with `introspect-bayes prepare {folder}`, "
            f"or name a known one: plunkett2025, {', '.join(SHIPPED_STUDIES)}"
        )
        raise InputError(msg)
    if (folder / STUDY_FILE).is_file():
        if reports_asked is not None or contexts_from is not None:
            option = "--contexts-from" if reports_asked is None else "--reports-asked"
            msg = f"{folder}: a study folder states its contexts and counts itself; leave {option}"
            raise InputError(msg)
        return read_prepared(folder, parser, chosen)
    if parser is not None:
        msg = f"{folder}: the authors' layout holds no raw replies that a parser could read again"
        raise InputError(msg)
    return read_authors_layout(
        folder,
        chosen,
        reports_asked=reports_asked,
        contexts_from=None if contexts_from is None else Path(contexts_from).expanduser(),
        fitting=fitting,
    )
