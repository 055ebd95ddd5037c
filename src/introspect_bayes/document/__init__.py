"""Reports: sections made of an analysis, written as HTML, Markdown, LaTeX or CSV."""

from collections.abc import Collection
from pathlib import Path

from introspect_bayes.analyses import Analysis
from introspect_bayes.document.building import build
from introspect_bayes.document.files import Target, write_document
from introspect_bayes.document.gathering import SLOW, Known, Wanted, gather
from introspect_bayes.document.sections import SECTIONS

__all__ = [
    "SECTIONS",
    "SLOW",
    "Known",
    "Target",
    "Wanted",
    "build",
    "gather",
    "write_document",
    "write_report",
]


def write_report(
    analysis: Analysis,
    file: str | Path,
    *,
    file_format: str | None = None,
    added: Collection[str] = (),
    left_out: Collection[str] = (),
) -> Path:
    """Write a report of a study, and beside it a folder with the numbers behind it.

    Parameters
    ----------
    analysis
        Analysis of the study.
    file
        Where to; its ending says the format unless `file_format` does.
    file_format
        "html", "markdown", "latex" or "csv".
    added
        What takes minutes: keys of `SLOW`, or "all".
    left_out
        Keys of `SECTIONS`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the format or a name is unknown, or the file cannot be written.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> analysis = ib.Analysis(ib.load_study("smollm2"))  # doctest: +SKIP
    >>> ib.write_report(analysis, "smollm2.html")  # doctest: +SKIP
    """
    target = Target.checked(Path(file), file_format)
    wanted = Wanted.chosen(added, left_out)
    return write_document(build(gather(analysis, wanted), wanted), target)[0]
