"""A thread that commits attempts, outcomes and refusals, many at a time."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from introspect_bayes.store import Attempt, Outcome, Refusal, Store


class StorageFailed(Exception):  # noqa: N818 - an ending of a run
    """The store could not be written; the message says why."""


@dataclass(frozen=True, slots=True)
class _Batch:
    attempts: Sequence[Attempt]
    outcomes: Sequence[Outcome]
    refusals: Sequence[Refusal]
    done: "asyncio.Future[None]"


class Writer:
    """Commits what workers hand over; whatever waits meanwhile goes into the next commit.

    Use it as a context manager inside a running event loop; leaving it commits what is left.

    Parameters
    ----------
    path
        The store file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="store writer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def commit(
        self,
        attempts: Sequence[Attempt],
        outcomes: Sequence[Outcome],
        refusals: Sequence[Refusal] = (),
    ) -> "asyncio.Future[None]":
        """Hand over rows; the future is done when they are safely stored.

        The future raises StorageFailed if they could not be.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.put(_Batch(attempts, outcomes, refusals, done))
        return done

    def _write(self) -> None:
        store: Store | None = None
        failure: StorageFailed | None = None
        try:
            store = Store(self._path)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            failure = StorageFailed(f"{self._path}: cannot be opened: {error}")
        while batches := self._next():
            ends = [failure] * len(batches) if store is None else self._record(store, batches)
            self._loop.call_soon_threadsafe(_finish, batches, ends)
        if store is not None:
            store.connection.close()

    def _record(self, store: Store, batches: "Sequence[_Batch]") -> "list[StorageFailed | None]":
        """Commit batches together; if that fails, one by one, so that none spoils the others."""
        try:
            store.record(
                [a for batch in batches for a in batch.attempts],
                [o for batch in batches for o in batch.outcomes],
                [r for batch in batches for r in batch.refusals],
            )
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            if len(batches) > 1:
                return [end for batch in batches for end in self._record(store, [batch])]
            return [StorageFailed(f"{self._path}: cannot be written: {error}")]
        return [None] * len(batches)

    def _next(self) -> list[_Batch]:
        """Return all that waits, at least one batch; nothing after the last."""
        batches = []
        batch = self._waiting.get()
        while batch is not None:
            batches.append(batch)
            try:
                batch = self._waiting.get_nowait()
            except queue.Empty:
                return batches
        if batches:
            self._waiting.put(None)
        return batches


def _finish(batches: Sequence[_Batch], ends: Sequence[StorageFailed | None]) -> None:
    for batch, end in zip(batches, ends, strict=True):
        if batch.done.cancelled():
            continue
        if end is None:
            batch.done.set_result(None)
        else:
            batch.done.set_exception(end)
