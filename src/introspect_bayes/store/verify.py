"""Verification that a store is what it promises to be."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from introspect_bayes.protocol.requests import request_id
from introspect_bayes.store.replies import Store

APPEND_ONLY: Final = (
    "requests", "replies", "runs", "run_ends", "attempts", "outcomes", "models", "training_events",
    "failed_replies", "refusals", "plan_changes",
)  # fmt: skip
_LISTED: Final = 5
_ENDED: Final = {
    "answered": ("answered", "answered"),
    # A filtered answer was once stored as an answer.
    "refused": ("refused by server", "answered"),
}


def problems_of(store: Store) -> list[str]:
    """Return what is wrong with a store; empty if all is well.

    Checked are SQLite's own integrity, references between tables, that every request's id is the
    hash of its content, that every reply belongs to an attempt with the outcome "answered" of the
    same request and every refusal to one that was refused, and that the triggers which refuse
    changes are there.

    Parameters
    ----------
    store
        An open store.
    """
    try:
        return list(_problems(store.connection))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # also in a damaged name
        return [f"the file is damaged: {error}"]


def _problems(connection: sqlite3.Connection) -> Iterator[str]:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        yield from (f"the file is damaged: {line}" for line in found[:_LISTED])
        return
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_LISTED):
        yield f"row {row} of {table} refers to a row of {parent} that is not there"
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    present = {name for (name,) in triggers}
    for table in APPEND_ONLY:
        if not {f"{table}_stay", f"{table}_remain", f"{table}_once"} <= present:
            yield f"the triggers that keep {table} unchanged are gone"
    changed = [
        id_
        for id_, content, replicate in connection.execute(
            "SELECT id, content, replicate FROM requests"
        )
        if id_ != request_id(content, replicate)
    ]
    if changed:
        yield f"{len(changed)} requests do not match their hash, first {changed[0]}"
    yield from _strays(connection)
    missing = connection.execute(
        "SELECT attempt FROM outcomes WHERE kind = 'answered'"
        " AND attempt NOT IN (SELECT attempt FROM replies WHERE attempt IS NOT NULL"
        " UNION SELECT attempt FROM failed_replies WHERE attempt IS NOT NULL)"
    ).fetchall()
    if missing:
        yield f"{len(missing)} answered attempts brought no reply, first number {missing[0][0]}"


def _strays(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what belongs to no attempt of its request that ended so."""
    for table, name, kind in (
        ("replies", "replies", "answered"),
        ("failed_replies", "failed replies", "answered"),
        ("refusals", "refusals", "refused"),
    ):
        strays = connection.execute(
            f"SELECT kept.number FROM {table} AS kept"  # noqa: S608 - names from above
            " LEFT JOIN attempts ON attempts.number = kept.attempt"
            " LEFT JOIN outcomes ON outcomes.attempt = kept.attempt"
            " WHERE kept.attempt IS NOT NULL AND (attempts.request IS NOT kept.request"
            " OR kind IS NULL OR kind NOT IN (?, ?))",
            _ENDED[kind],
        ).fetchall()
        if strays:
            yield f"{len(strays)} {name} belong to no {kind} attempt, first number {strays[0][0]}"
