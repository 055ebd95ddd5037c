"""How a study's raw replies were read: which parser, what it left out, and what it changed."""

from collections.abc import Iterator
from typing import Any, Final, Protocol

import pandas as pd

_TASKS: Final = {"decision": "choices", "report": "reports", "ablation": "answers about ablations"}


class HowRead(Protocol):
    """What tells how raw replies were read: a study, or `ReadingCounts`."""

    @property
    def parser(self) -> str:
        """The parser that read them; empty where there were no raw replies."""

    @property
    def named_parser(self) -> str:
        """The parser that the study names."""

    @property
    def liberties(self) -> pd.DataFrame:
        """What was left out or taken for something else, and how often."""

    @property
    def read_otherwise(self) -> pd.DataFrame:
        """What the parser that the study names read otherwise, and how often."""


def reading_notes(study: HowRead) -> list[str]:
    """Return sentences on how raw replies were read; none where there were none, or all is plain.

    Parameters
    ----------
    study
        The study, or what was counted while reading.
    """
    return list(_notes(study))


def reading_record(study: HowRead) -> dict[str, Any]:
    """Return the same as JSON-ready values; empty for a study without raw replies.

    Parameters
    ----------
    study
        The study.
    """
    if not study.parser:
        return {}
    return {
        "reading": {
            "parser": study.parser,
            "named_parser": study.named_parser,
            "read_otherwise": _summed(study.read_otherwise, ["task", "before", "now"]),
            "liberties": _summed(study.liberties, ["task", "liberty"]),
        }
    }


def _notes(study: HowRead) -> Iterator[str]:
    changed = _summed(study.read_otherwise, ["task", "before", "now"])
    if changed:
        counted = "; ".join(
            f"{row['count']:,} {_TASKS[row['task']]} from {row['before']} to {row['now']}"
            for row in changed
        )
        yield (
            f"Replies are read by {study.parser}; {study.named_parser}, which study.toml names, "
            f"reads some otherwise: {counted}. --parser {study.named_parser} reads them as before."
        )
    taken = _summed(study.liberties, ["task", "liberty"])
    if taken:
        counted = "; ".join(
            f"{row['liberty']} in {row['count']:,} {_TASKS[row['task']]}" for row in taken
        )
        yield f"Liberties that {study.parser} took in reading: {counted}."


def _summed(frame: pd.DataFrame, keys: list[str]) -> list[dict[str, Any]]:
    if frame.empty:
        return []
    counted = frame.groupby(keys, sort=True)["count"].sum().reset_index()
    rows = counted.to_dict("records")
    return [{**{key: str(row[key]) for key in keys}, "count": int(row["count"])} for row in rows]
