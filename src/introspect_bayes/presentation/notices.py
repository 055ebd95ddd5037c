"""What stands above all numbers of a study: warnings, how it was read, which rows are used."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from introspect_bayes.presentation.readings import reading_notes
from introspect_bayes.study import ChosenRows, Study


def warning_lines(study: Study, warnings: Iterable[str]) -> Iterator[Text]:
    """Yield the warnings that belong above all estimates of a study, and how it was read.

    Parameters
    ----------
    study
        The study.
    warnings
        What `checks.study_warnings` says of it.
    """
    yield from (Text(f"Warning: {warning}", style="bold yellow") for warning in warnings)
    yield from (Text(note) for note in reading_notes(study))


def row_lines(chosen: ChosenRows) -> Iterator[Text]:
    """Yield which rows are used and what is pooled over, if anything was chosen."""
    return (Text(f"{sentence}.", style="bold") for sentence in chosen.sentences())
