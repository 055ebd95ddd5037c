"""How fast a server may be asked: fewer workers, and a rest for all of them, when it says so."""

import random
import time
from collections.abc import Callable


class Pace:
    """Shared by all workers of a run.

    Parameters
    ----------
    concurrency
        Most calls at once.
    first_wait, longest_wait
        Seconds before a second attempt, doubled for each further one up to the longest.
    clock
        Gives the time in seconds.

    Examples
    --------
    >>> pace = Pace(8)
    >>> pace.slow_down(began=0.0, wait=None)
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
        self.first_wait = first_wait
        self.longest_wait = longest_wait
        self.clock = clock
        self._until = 0.0
        self._slowed = -float("inf")
        self._successes = 0
        self._random = random.Random(1)  # noqa: S311 - only spreads the workers

    def remaining(self) -> float:
        """Return how many seconds all workers still rest."""
        return max(0.0, self._until - self.clock())

    def slow_down(self, began: float, wait: float | None) -> None:
        """Take note that a call was rate limited.

        Parameters
        ----------
        began
            When the call began, by the clock; calls of one burst slow down once.
        wait
            Seconds that the server asked to wait.
        """
        if began > self._slowed:
            self.allowed = max(1, self.allowed // 2)
            self._slowed = self.clock()
            self._successes = 0
        if wait is not None:
            self._until = max(self._until, self.clock() + wait)

    def speed_up(self) -> None:
        """Take note of a success: after as many as there are workers, one more may work."""
        self._successes += 1
        if self._successes >= self.allowed and self.allowed < self.concurrency:
            self.allowed += 1
            self._successes = 0

    def backoff(self, tries: int) -> float:
        """Return how many seconds to wait after so many failed attempts at a request."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** (tries - 1))
        return longest * self._random.uniform(0.5, 1.0)
