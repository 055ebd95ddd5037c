"""Reports: sections made of an analysis, written as HTML, Markdown, LaTeX or CSV."""

from collections.abc import Collection
from pathlib import Path

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.document.building import build
from introspect_bayes.document.files import Target, write_document
from introspect_bayes.document.gathering import SLOW, Wanted, gather
from introspect_bayes.document.sections import SECTIONS
from introspect_bayes.findings import Findings

__all__ = [
    "SECTIONS",
    "SLOW",
    "Target",
    "Wanted",
    "build",
    "gather",
    "write_document",
    "write_report",
]


def write_report(
    source: Analysis | Findings,
    file: str | Path,
    *,
    file_format: str | None = None,
    added: Collection[str] = (),
    left_out: Collection[str] = (),
) -> Path:
    """Write a report of a study, and beside it a folder with the numbers behind it.

    Parameters
    ----------
    source
        What was found in the study (`analyze`), or an analysis of it.
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
        If the format or a name is unknown, the file cannot be written, or single figures were
        asked for.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> found = ib.analyze("smollm2")  # doctest: +SKIP
    >>> ib.write_report(found, "smollm2.html")  # doctest: +SKIP
    """
    target = Target.checked(Path(file), file_format)
    wanted = Wanted.chosen(added, left_out)
    return write_document(build(gather(source, wanted), wanted), target)[0]
