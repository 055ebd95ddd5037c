"""How a study's raw replies were read: which parser, what it left out, and what it changed."""

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from introspect_bayes.study import Study

_TASKS: Final = {"decision": "choices", "report": "reports", "ablation": "answers about ablations"}


def reading_notes(study: Study) -> list[str]:
    """Return sentences on how raw replies were read; none where there were none, or all is plain.

    Parameters
    ----------
    study
        The study.
    """
    return list(_notes(study))


def reading_record(study: Study) -> dict[str, Any]:
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


def _notes(study: Study) -> Iterator[str]:
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
