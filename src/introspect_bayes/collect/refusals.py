"""Which refusals are about one request, and which about everything: the other answers tell."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from introspect_bayes.store import Refusal

AT_FIRST: Final = 3
"""Refusals in a row that end a run in which nothing of their task was answered."""

UNCLEAR: Final = 5
"""Refusals in a row that end a run if they do not say that they are about one request."""

CLEAR: Final = 20
"""The same for refusals that say so, all in the same words."""

_FORBIDDEN: Final = 403


@dataclass(slots=True)
class _Pending:
    refusal: Refusal
    task: str
    clear: bool
    status: int | None
    stored: float | None = None


class Refusals:
    """The refusals of a run: each is settled once there is evidence that it is about its request.

    The evidence is an answer to another request, asked after the refusal: key, model and address
    are then right. A refusal that does not say what it is about (such as a plain 400) needs an
    answer of the same task, since requests of a task share their parameters. A request that was
    refused in an earlier run, before others were answered, and is refused again, has its evidence.
    An unbroken row of refusals is evidence of the opposite, and none of them is settled.

    Parameters
    ----------
    answered
        Tasks of which the model has answered requests in earlier runs.
    before
        Requests that were refused in earlier runs before others of their task were answered.
    clock
        Gives the time in seconds.

    Examples
    --------
    >>> refusals = Refusals({"decision"}, set(), clock=lambda: 1.0)
    >>> refusals.too_many(Refusal("a", 7, "filtered"), "decision", clear=True, status=400)
    False
    >>> refusals.saved(7)
    >>> refusals.answered("decision", began=2.0)
    >>> refusals.take()
    [Refusal(request='a', attempt=7, reason='filtered')]
    """

    def __init__(
        self,
        answered: Iterable[str],
        before: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._earlier, self._now = set(answered), set[str]()
        self._before = set(before)
        self._pending: dict[int, _Pending] = {}
        self._row: list[_Pending] = []
        self._settled: list[Refusal] = []

    def too_many(self, refusal: Refusal, task: str, *, clear: bool, status: int | None) -> bool:
        """Take note of a refusal, and return whether so many in a row end the run.

        Parameters
        ----------
        refusal
            The refusal.
        task
            Task of its request.
        clear
            Whether the server says that it is about this request.
        status
            HTTP status.
        """
        new = _Pending(refusal, task, clear, status)
        self._pending[refusal.attempt] = new
        if refusal.request in self._before:
            return False
        self._row.append(new)
        if clear:
            alike = [e for e in self._row if e.clear and _words(e) == _words(new)]
            return len(alike) >= (CLEAR if self._earlier | self._now else AT_FIRST)
        if status == _FORBIDDEN and not self._earlier | self._now:
            return True
        unclear = [e for e in self._row if not e.clear]
        at_first = task not in self._now and sum(e.task == task for e in unclear) >= AT_FIRST
        return at_first or len(unclear) >= UNCLEAR

    def saved(self, attempt: int) -> None:
        """Take note that an attempt's outcome is stored."""
        found = self._pending.get(attempt)
        if found is None:
            return
        found.stored = self.clock()
        if found.refusal.request in self._before:
            self._settle(found)

    def answered(self, task: str, began: float) -> None:
        """Take note of an answer to a request of a task, asked at a time by the clock."""
        self._now.add(task)
        self._row = [e for e in self._row if not e.clear and e.task != task]
        for entry in list(self._pending.values()):
            later = entry.stored is not None and entry.stored < began
            if later and (entry.clear or entry.task == task):
                self._settle(entry)

    def end(self) -> None:
        """Settle what is left at the end of a run that no refusal ended.

        No later answer can tell any more; answers before have to do.
        """
        for entry in list(self._pending.values()):
            known = self._now if entry.status == _FORBIDDEN else self._now | self._earlier
            if self._earlier | self._now if entry.clear else entry.task in known:
                self._settle(entry)

    def take(self) -> list[Refusal]:
        """Return what was settled since the last time."""
        taken, self._settled = self._settled, []
        return taken

    def _settle(self, entry: _Pending) -> None:
        del self._pending[entry.refusal.attempt]
        self._settled.append(entry.refusal)


def _words(entry: _Pending) -> str:
    """Return a refusal's reason without what differs from call to call, such as an id."""
    return re.sub(r"\b[\w-]*\d[\w-]*\b", "#", entry.refusal.reason)
