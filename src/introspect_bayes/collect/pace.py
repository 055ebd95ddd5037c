"""How fast a server may be asked: what it bears is found out, and all workers keep to it."""

import random
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 16
"""Answers after which one more call at once is tried than brought time-outs before; doubled each
time that they come back."""

_QUICKER: Final = 0.97
"""What each answer makes of the time between two calls, so that a raised limit is found."""

_ENOUGH: Final = 3
"""Answers, from one limit to the next or to one after it, whose rate says something."""


class Pace:
    """Shared by all workers of a run.

    Time-outs and rate limits halve the calls at once, and let all workers rest, the longer the
    more often they come without an answer in between. Answers allow more again: after rate limits
    up to as many as were wanted, at the rate at which answers came between two limits; after
    time-outs up to as many as brought none.

    Parameters
    ----------
    concurrency
        Most calls at once.
    first_wait, longest_wait
        Seconds before a second attempt, doubled for each further one up to the longest.
    clock
        Gives the time in seconds.

    Attributes
    ----------
    allowed
        Calls at once, as far as is known now.
    interval
        Seconds between the beginnings of two calls; 0 as long as no limit of the rate is known.
    learned
        The same as it was when the server's limit was met last.

    Examples
    --------
    >>> pace = Pace(8)
    >>> pace.timed_out(began=0.0)
    >>> pace.allowed
    4
    """

    def __init__(
        self,
        concurrency: int,
        first_wait: float = 0.5,
        longest_wait: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.concurrency = concurrency
        self.allowed = concurrency
        self.interval = self.learned = 0.0
        self.first_wait = first_wait
        self.longest_wait = longest_wait
        self.clock = clock
        self._until = self._next_turn = 0.0
        self._slowed = -float("inf")
        self._in_row = 0
        self._put_off_since: float | None = None
        self._successes = 0
        self._borne = concurrency
        self._patience = PATIENCE
        self._limited_at: float | None = None
        self._shortest = float("inf")
        self._measured_from, self._measured = 0.0, 0
        self._answers_since_limit = 0
        self._random = random.Random(1)  # noqa: S311 - only spreads the workers

    def remaining(self) -> float:
        """Return how many seconds all workers still rest."""
        return max(0.0, self._until - self.clock())

    def until_turn(self) -> float:
        """Return how many seconds it is until some worker may ask."""
        return max(0.0, max(self._until, self._next_turn) - self.clock())

    def take_turn(self) -> None:
        """Take note that a worker is about to ask."""
        self._next_turn = max(self._next_turn, self.clock() - self.interval) + self.interval

    def put_off(self, began: float, wait: float | None, *, too_often: bool) -> None:
        """Take note that the server wants to be asked later.

        Parameters
        ----------
        began
            When the call began, by the clock; calls of one burst slow down once.
        wait
            Seconds that the server asked to wait.
        too_often
            Whether because it is asked too often, not because it is not ready yet.
        """
        if self._put_off_since is None:
            self._put_off_since = self.clock()
        if self._slow_down(began, self.allowed // 2 if too_often else self.allowed):
            if too_often and self._in_row == 1:
                self._learn_rate()
            # A server that states too short a wait again and again is asked less often, too.
            times = self._in_row if wait is None else self._in_row - 1
            self._rest(max(self.backoff(times), self.interval) if times else 0.0)
        self._rest(wait or 0.0)

    def timed_out(self, began: float) -> None:
        """Take note that a call that began then had no answer in time."""
        before = self.allowed
        if self._slow_down(began, before // 2):
            self._rest(self.backoff(self._in_row))
            if before > 1:
                self._borne = before - 1
                self._patience *= 2

    def answered(self, began: float) -> None:
        """Take note of an answer; after as many as there are workers, one more may work."""
        self._put_off_since = None
        if began > self._slowed:
            self._in_row = 0
        self.interval *= _QUICKER
        self._answers_since_limit += 1
        self._successes += 1
        if self.allowed == self._borne < self.concurrency and self._successes >= self._patience:
            self._borne += 1
        if self._successes >= self.allowed < self._borne:
            self.allowed += 1
            self._successes = 0

    def put_off_for(self) -> float:
        """Return for how many seconds the server has asked to wait without an answer since."""
        return 0.0 if self._put_off_since is None else self.clock() - self._put_off_since

    def found(self) -> int | None:
        """Return how many calls at once a server bears that did not bear all; None if unknown."""
        settled = self.allowed == self._borne < self.concurrency
        return self.allowed if settled and self._successes >= self.allowed + 1 else None

    def backoff(self, tries: int) -> float:
        """Return how many seconds to wait after so many failed attempts."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** (tries - 1))
        return longest * self._random.uniform(0.5, 1.0)

    def _slow_down(self, began: float, allowed: int) -> bool:
        """Allow fewer calls, once for all calls of a burst; return whether this is the first."""
        if began <= self._slowed:
            return False
        self._slowed = self.clock()
        self.allowed = max(1, allowed)
        self._in_row += 1
        self._successes = 0
        return True

    def _rest(self, seconds: float) -> None:
        self._until = max(self._until, self.clock() + seconds)

    def _learn_rate(self) -> None:
        """Space calls as answers came, on average, since the limit before this one."""
        now = self.clock()
        if self._limited_at is not None and self._answers_since_limit:
            between = (now - self._limited_at) / self._answers_since_limit
            self._measured += self._answers_since_limit
            # Where refusals come whatever the rate, the calls' own spacing must not add up.
            self.interval = min(between, 2 * self._shortest, self.longest_wait)
            self.learned = self.interval
        if self._measured >= _ENOUGH:
            self._shortest = min(self._shortest, (now - self._measured_from) / self._measured)
        if self._limited_at is None or self._measured >= _ENOUGH:
            self._measured_from, self._measured = now, 0
        self._limited_at, self._answers_since_limit = now, 0
