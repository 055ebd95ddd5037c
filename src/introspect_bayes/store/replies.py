"""The store file."""

import sqlite3
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import Request
from introspect_bayes.protocol.stages import Model
from introspect_bayes.store.attempts import StoredAttempts
from introspect_bayes.store.records import (
    Attempt,
    Outcome,
    Refusal,
    StoredReply,
    TrainingEvent,
)
from introspect_bayes.store.refusals import StoredRefusals
from introspect_bayes.store.schema import MIGRATIONS


class Store(StoredAttempts, StoredRefusals):
    """A store file, opened for use as a context manager.

    Parameters
    ----------
    path
        The file; made if need be.
    read_only
        Open an existing store to read it, also where nothing can be written.

    Raises
    ------
    InputError
        If the file is not a store, or was written by a newer version of the package.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        try:
            self.connection = _connect(path, read_only=read_only)
            try:
                self._migrate(read_only=read_only)
            except BaseException:
                self.connection.close()
                raise
        except sqlite3.DatabaseError as error:
            msg = f"{path}: not a store of replies: {error}"
            raise InputError(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()

    def _migrate(self, *, read_only: bool) -> None:
        if not read_only:
            self.connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            )
        (seen,) = self.connection.execute("PRAGMA user_version").fetchone()
        if seen > len(MIGRATIONS):
            msg = f"{self.path}: written by a newer version of introspect-bayes; update the package"
            raise InputError(msg)
        if seen == len(MIGRATIONS):
            return
        if read_only:
            # An old store is read through a copy in memory; the file stays as it is.
            copy = sqlite3.connect(":memory:", isolation_level=None)
            self.connection.backup(copy)
            self.connection.close()
            self.connection = copy
        for number, script in enumerate(MIGRATIONS[seen:], start=seen + 1):
            self.connection.executescript(
                f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;"
            )

    def plan(self, requests: Iterable[Request]) -> None:
        """Add requests; those already there are left as they are."""
        known = {row[0] for row in self.connection.execute("SELECT id FROM requests")}
        rows = (
            (r.id, r.content, r.replicate, m.base_model, m.name, m.stage, m.trained_on, r.trial.id)
            for r in requests
            for m in (r.model,)
            if r.id not in known
        )
        with self.transaction():
            self.connection.executemany(
                "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    def answer(self, replies: Iterable[tuple[str, str | None, str]]) -> None:
        """Add replies that no server gave: request id, text, finish reason; one per request.

        Raises
        ------
        InputError
            If a request already has its answer, or was never planned.
        """
        try:
            with self.transaction():
                self.connection.executemany(
                    "INSERT INTO replies (request, text, finish_reason) VALUES (?, ?, ?)", replies
                )
        except sqlite3.IntegrityError as error:
            msg = f"{self.path}: a reply was refused, nothing was added: {error}"
            raise InputError(msg) from error

    def replies(self, model: str | None = None) -> Iterator[StoredReply]:
        """Yield all replies, or those of one model, in the order of the plan."""
        rows = self.connection.execute(
            # Of most replies the text says all, and bodies of thinking models are long.
            "SELECT base_model, requests.model, stage, trained_on, trial, text,"
            " replies.finish_reason,"
            " CASE WHEN trim(coalesce(text, ''), char(32, 9, 10, 13)) = ''"
            " OR instr(CAST(body AS TEXT), '\"content\":[')"
            " OR instr(CAST(body AS TEXT), '\"content\": [') THEN body END"
            " FROM requests JOIN replies ON replies.request = id"
            " LEFT JOIN outcomes ON outcomes.attempt = replies.attempt"
            " WHERE :model IS NULL OR requests.model = :model ORDER BY requests.rowid",
            {"model": model},
        )
        for row in rows:
            yield StoredReply(*row)

    def planned_with(self, text: str) -> bool:
        """Return whether a text is part of what is planned to be sent, whoever is asked."""
        (found,) = self.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM planned_requests WHERE instr(content, ?))", (text,)
        ).fetchone()
        return bool(found)

    def planned(self, model: str) -> dict[str, bool]:
        """Return the requests that are planned to a model, by id: whether each has its answer."""
        rows = self.connection.execute(
            "SELECT id, number IS NOT NULL FROM planned_requests"
            " LEFT JOIN replies ON request = id WHERE model = ?",
            (model,),
        )
        return {request: bool(answered) for request, answered in rows}

    def change_plan(self, withdrawn: Iterable[str], planned: Iterable[str]) -> None:
        """Withdraw requests from the plan, and plan others that were withdrawn before.

        Requests, and attempts at them, stay in the store; of several changes the last one counts.
        """
        changes = [*((id_, 0) for id_ in withdrawn), *((id_, 1) for id_ in planned)]
        with self.transaction():
            self.connection.executemany(
                "INSERT INTO plan_changes (request, planned) VALUES (?, ?)", changes
            )

    def count_unanswered(self, beside: Container[str] = ()) -> dict[str, int]:
        """Return the number of planned requests that are still to be answered, by model.

        Requests that the server refused are not. Models that never answered at all are left out: a
        mistyped name leaves only a plan behind.

        Parameters
        ----------
        beside
            Trials that do not count.
        """
        left: Counter[str] = Counter()
        answering = set()
        rows = self.connection.execute(
            "SELECT model, trial, replies.number IS NOT NULL FROM planned_requests"
            " LEFT JOIN replies ON request = id WHERE replies.number IS NOT NULL"
            " OR id NOT IN (SELECT request FROM refusals) ORDER BY place"
        )
        for model, trial, answered in rows:
            if trial in beside:
                continue
            if answered:
                answering.add(model)
            else:
                left[model] += 1
        return {model: count for model, count in left.items() if model in answering}

    def trial(self, request: str) -> str:
        """Return the id of the trial that a request states."""
        (trial,) = self.connection.execute(
            "SELECT trial FROM requests WHERE id = ?", (request,)
        ).fetchone()
        return str(trial)

    def content(self, request: str) -> str:
        """Return what is sent for a request: canonical JSON."""
        (content,) = self.connection.execute(
            "SELECT content FROM requests WHERE id = ?", (request,)
        ).fetchone()
        return str(content)

    def begin_run(self, started: str, settings: str, provenance: str) -> int:
        """Add a run (settings and provenance as JSON) and return its number."""
        with self.transaction():
            return int(
                self.connection.execute(
                    "INSERT INTO runs (started, settings, provenance) VALUES (?, ?, ?)",
                    (started, settings, provenance),
                ).lastrowid
                or 0
            )

    def end_run(self, run: int, ended: str, reason: str, counts: str) -> None:
        """Add how a run ended (counts as JSON)."""
        with self.transaction():
            self.connection.execute(
                "INSERT INTO run_ends VALUES (?, ?, ?, ?)", (run, ended, reason, counts)
            )

    def record(
        self,
        attempts: Sequence[Attempt],
        outcomes: Sequence[Outcome],
        refusals: Sequence[Refusal] = (),
    ) -> None:
        """Add outcomes, with the replies that they bring, attempts and refusals in one go."""
        with self.transaction():
            self.connection.executemany(
                "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        o.attempt, o.ended, o.kind, o.status, o.headers, o.body, o.request_id,
                        o.model, o.system_fingerprint, o.finish_reason, o.prompt_tokens,
                        o.completion_tokens, o.error,
                    )
                    for o in outcomes
                ],
            )  # fmt: skip
            self.connection.executemany(
                "INSERT INTO replies (request, text, finish_reason, attempt) VALUES (?, ?, ?, ?)",
                [
                    (o.request, o.text, o.finish_reason or "", o.attempt)
                    for o in outcomes
                    if o.kind == "answered"
                ],
            )
            self.connection.executemany(
                "INSERT INTO attempts VALUES (?, ?, ?, ?)",
                [(a.number, a.request, a.run, a.started) for a in attempts],
            )
            self.connection.executemany(
                "INSERT INTO refusals (request, attempt, reason) VALUES (?, ?, ?)",
                [(r.request, r.attempt, r.reason) for r in refusals],
            )

    def register(self, model: Model, registered: str) -> None:
        """Add a model; of several entries with its name the last one counts.

        Raises
        ------
        InputError
            If requests to it are planned under another lineage.
        """
        known = self.connection.execute(
            "SELECT DISTINCT base_model, stage, trained_on FROM requests WHERE model = ?",
            (model.name,),
        ).fetchall()
        if known and known != [(model.base_model, model.stage, model.trained_on)]:
            stored = " ".join(filter(None, known[0]))
            msg = f"{self.path}: requests to {model.name} are already planned, as {stored}"
            raise InputError(msg)
        with self.transaction():
            self.connection.execute(
                "INSERT INTO models (name, base_model, stage, trained_on, parent,"
                " training_sha256, registered) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    model.name, model.base_model, model.stage, model.trained_on, model.parent,
                    model.training_sha256, registered,
                ),
            )  # fmt: skip

    def models(self) -> dict[str, Model]:
        """Return the registered models by name."""
        rows = self.connection.execute(
            "SELECT name, base_model, stage, trained_on, parent, training_sha256 FROM models"
            " ORDER BY number"
        )
        return {row[0]: Model(*row) for row in rows}

    def add_training_event(self, event: TrainingEvent) -> None:
        """Add an event of a training."""
        with self.transaction():
            self.connection.execute(
                "INSERT INTO training_events (training, happened, kind, detail)"
                " VALUES (?, ?, ?, ?)",
                (event.training, event.happened, event.kind, event.detail),
            )

    def training_events(self, training: str | None = None) -> list[TrainingEvent]:
        """Return the events of a training, or of all, in order."""
        rows = self.connection.execute(
            "SELECT training, happened, kind, detail FROM training_events"
            " WHERE :training IS NULL OR training = :training ORDER BY number",
            {"training": training},
        )
        return [TrainingEvent(*row) for row in rows]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if not read_only:
        return sqlite3.connect(path, isolation_level=None, timeout=30)
    # Whoever writes has a write-ahead log. Where there is none nothing changes, and SQLite need not
    # put files of its own beside the store.
    log = path.with_name(f"{path.name}-wal")
    mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    address = path.absolute().as_uri()
    return sqlite3.connect(f"{address}?{mode}", uri=True, isolation_level=None, timeout=30)
