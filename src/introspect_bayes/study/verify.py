"""Verification that a study's replies are intact, and that its folder is what was asked."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from introspect_bayes.collect.reading import read_body
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.study_folder import (
    REPLIES_FILE,
    STUDY_FILE,
    PreparedStudy,
    read_study_folder,
)
from introspect_bayes.store import Store, problems_of


@dataclass(frozen=True, slots=True)
class Verification:
    """What verification found.

    Attributes
    ----------
    problems
        One line a problem; empty if all is well.
    requests, replies, attempts
        How many the store holds; 0 where it cannot be read.
    unanswered
        Requests that are still to be answered: neither refused nor of a plan that was replaced.
    """

    problems: tuple[str, ...]
    requests: int = 0
    replies: int = 0
    attempts: int = 0
    unanswered: int = 0


def verify_study(folder: Path) -> Verification:
    """Verify a study folder and its store of replies; both are only read.

    Checked are what `store.problems_of` checks; that the study folder is readable; that every
    request asks what its trial in the study folder says, of the model that the store says; and
    that every reply is word for word in the response of its attempt.

    Parameters
    ----------
    folder
        A study folder.

    Raises
    ------
    InputError
        If there is no study with replies, or the replies are no store at all.

    Examples
    --------
    >>> verify_study(Path("my-study")).problems  # doctest: +SKIP
    ()
    """
    path = folder / REPLIES_FILE
    if not path.is_file():
        what = f"no replies are stored yet (no {REPLIES_FILE})"
        if not (folder / STUDY_FILE).is_file():
            what = f"not a study folder (no {STUDY_FILE}), so there is nothing to verify"
        msg = f"{folder}: {what}"
        raise InputError(msg)
    problems: list[str] = []
    prepared = None
    try:
        prepared = read_study_folder(folder)
    except (ValueError, AttributeError, csv.Error) as error:
        problems.append(f"the study folder cannot be read: {error}")
    counts = (0, 0, 0, 0)
    with Store(path, read_only=True) as store:
        found = problems_of(store)
        problems += found
        try:
            counts = _counts(store.connection)
            if not counts[0]:
                problems.append("the store is empty: it holds no requests")
            if prepared is not None:
                problems += problems_of_requests(store.connection, prepared)
            problems += _problems_of_replies(store.connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not found:
                problems.append(f"the file is damaged: {error}")
    return Verification(tuple(problems), *counts)


def _counts(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    requests, replies, attempts, unanswered = connection.execute(
        "SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM replies),"
        " (SELECT count(*) FROM attempts), (SELECT count(*) FROM planned_requests"
        " WHERE id NOT IN (SELECT request FROM replies UNION SELECT request FROM refusals))"
    ).fetchone()
    return requests, replies, attempts, unanswered


def problems_of_requests(connection: sqlite3.Connection, prepared: PreparedStudy) -> Iterator[str]:
    """Yield how the requests of a store differ from what its study folder says.

    Requests to models that never answered tie nobody down: the next collection replaces them.

    Parameters
    ----------
    connection
        To the store.
    prepared
        The study folder.
    """
    planned = _messages_by_trial(prepared)
    unplanned, elsewhere, changed = [], [], []
    rows = connection.execute(
        "SELECT id, content, model, trial FROM planned_requests"
        " WHERE model IN (SELECT model FROM requests JOIN replies ON request = id) ORDER BY place"
    )
    for id_, content, model, trial in rows:
        if trial not in planned:
            unplanned.append(trial)
            continue
        sent = _object(content)
        if sent.get("model") != model:
            elsewhere.append(id_)
        if _spoken(sent.get("messages")) != _spoken(planned[trial]):
            changed.append(id_)
    if unplanned:
        yield (
            f"{len(unplanned)} requests name a trial that is not planned in the study folder, "
            f"first {unplanned[0]}"
        )
    if elsewhere:
        yield (
            f"{len(elsewhere)} requests name another model than the one that is asked, "
            f"first {elsewhere[0]}"
        )
    if changed:
        yield (
            f"{len(changed)} requests do not ask what their trial in the study folder says, "
            f"first {changed[0]}"
        )


def _messages_by_trial(prepared: PreparedStudy) -> dict[str, list[dict[str, str]] | None]:
    contexts = {c.name: c for members in prepared.contexts.values() for c in members}
    messages: dict[str, list[dict[str, str]] | None] = {}
    for trial in (*prepared.trials, *prepared.ablations):
        context, template = contexts.get(trial.context), prepared.templates.get(trial.task)
        try:
            usable = context is not None and template is not None
            messages[trial.id] = template.messages(context, trial.options) if usable else None  # type: ignore[union-attr,arg-type]
        except ValueError:  # a line of trials that was cut off
            messages[trial.id] = None
    return messages


def _spoken(messages: Any) -> Any:
    """Return messages without an empty system message, which only earlier versions sent."""
    if isinstance(messages, list) and messages and isinstance(messages[0], dict):
        said = messages[0].get("content")
        if messages[0].get("role") == "system" and isinstance(said, str) and not said.strip():
            return messages[1:]
    return messages


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _joined_once(body: bytes, text: str | None) -> bool:
    """Return whether a reply is its response's text together with the thinking in it."""
    reading = read_body(body, with_thinking=True)
    return not isinstance(reading, str) and reading.text == text


def _problems_of_replies(connection: sqlite3.Connection) -> Iterator[str]:
    unreadable, changed, ended = [], [], []
    rows = connection.execute(
        "SELECT replies.number, text, body, replies.finish_reason, outcomes.finish_reason"
        " FROM replies JOIN outcomes ON outcomes.attempt = replies.attempt"
        " ORDER BY replies.number"
    )
    for number, text, body, kept, stated in rows:
        reading = read_body(body or b"")
        if isinstance(reading, str):
            unreadable.append(number)
        elif reading.text != text and not _joined_once(body, text):
            changed.append(number)
        if kept != (stated or ""):
            ended.append(number)
    if unreadable:
        yield (
            f"{len(unreadable)} replies have a response that cannot be read, "
            f"first number {unreadable[0]}"
        )
    if changed:
        yield f"{len(changed)} replies differ from their response, first number {changed[0]}"
    if ended:
        yield (
            f"{len(ended)} replies have another finish reason than their attempt, "
            f"first number {ended[0]}"
        )
