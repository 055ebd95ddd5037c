"""An append-only SQLite store of requests and raw replies.

Every word a model said is kept, and never changed: triggers refuse updates and deletions. What is
parsed from it is derived elsewhere and can always be made again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from introspect_bayes.errors import InputError
from introspect_bayes.plan import Request

MIGRATIONS: Final = (
    """
    CREATE TABLE requests (
        id TEXT PRIMARY KEY,
        content TEXT NOT NULL,
        replicate INTEGER NOT NULL,
        base_model TEXT NOT NULL,
        model TEXT NOT NULL,
        stage TEXT NOT NULL,
        trained_on TEXT NOT NULL,
        trial TEXT NOT NULL
    ) STRICT;
    CREATE TABLE replies (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE REFERENCES requests (id),
        text TEXT,
        finish_reason TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER requests_stay BEFORE UPDATE ON requests
        BEGIN SELECT RAISE(ABORT, 'requests are never changed'); END;
    CREATE TRIGGER requests_remain BEFORE DELETE ON requests
        BEGIN SELECT RAISE(ABORT, 'requests are never deleted'); END;
    CREATE TRIGGER replies_stay BEFORE UPDATE ON replies
        BEGIN SELECT RAISE(ABORT, 'replies are never changed'); END;
    CREATE TRIGGER replies_remain BEFORE DELETE ON replies
        BEGIN SELECT RAISE(ABORT, 'replies are never deleted'); END;
    """,
)
"""Numbered from 1; a store knows how many it has seen (SQLite's user_version)."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply with the request that it answers.

    Attributes
    ----------
    base_model, model, stage, trained_on
        Who answered.
    trial
        Id of the trial.
    text
        The reply, word for word; None where the server sent none.
    finish_reason
        As the server gave it, such as "stop" or "length".
    """

    base_model: str
    model: str
    stage: str
    trained_on: str
    trial: str
    text: str | None
    finish_reason: str


class Store:
    """A store file, opened for use as a context manager.

    Parameters
    ----------
    path
        The file; made if need be.

    Raises
    ------
    InputError
        If the file is not a store, or was written by a newer version of the package.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            )
            self._migrate()
        except sqlite3.DatabaseError as error:
            msg = f"{path}: not a store of replies: {error}"
            raise InputError(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def _migrate(self) -> None:
        (seen,) = self._connection.execute("PRAGMA user_version").fetchone()
        if seen > len(MIGRATIONS):
            msg = f"{self.path}: written by a newer version of introspect-bayes; update the package"
            raise InputError(msg)
        for number, script in enumerate(MIGRATIONS[seen:], start=seen + 1):
            self._connection.executescript(
                f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;"
            )

    def plan(self, requests: Iterable[Request]) -> None:
        """Add requests; those already there are left as they are."""
        rows = (
            (r.id, r.content, r.replicate, r.base_model, r.model, r.stage, r.trained_on, r.trial.id)
            for r in requests
        )
        with self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    def answer(self, replies: Iterable[tuple[str, str | None, str]]) -> None:
        """Add replies: request id, text, finish reason; one per request.

        Raises
        ------
        InputError
            If a request already has its answer, or was never planned.
        """
        try:
            with self._transaction():
                self._connection.executemany(
                    "INSERT INTO replies (request, text, finish_reason) VALUES (?, ?, ?)", replies
                )
        except sqlite3.IntegrityError as error:
            msg = f"{self.path}: a reply was refused, nothing was added: {error}"
            raise InputError(msg) from error

    def replies(self) -> Iterator[StoredReply]:
        """Yield all replies, in the order of the plan."""
        rows = self._connection.execute(
            "SELECT base_model, model, stage, trained_on, trial, text, finish_reason"
            " FROM requests JOIN replies ON request = id ORDER BY requests.rowid"
        )
        for row in rows:
            yield StoredReply(*row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
