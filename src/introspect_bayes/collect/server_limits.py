"""Limits of a server that a run finds, in words, each said once."""

from collections.abc import Iterator
from typing import Final

from introspect_bayes.collect.pace import Pace

_ROUNDED: Final = 10
"""Calls a minute from which on fractions say nothing."""


class ServerLimits:
    """Says what was found of a server's limits, as soon as it is found.

    Parameters
    ----------
    pace
        Of the run.
    timeout
        Seconds until a call is given up.

    Examples
    --------
    >>> list(ServerLimits(Pace(8), timeout=120).new())
    []
    """

    def __init__(self, pace: Pace, timeout: float) -> None:
        self._pace, self._timeout = pace, timeout
        self._calls = pace.concurrency
        self._rate_said = False
        self._calls_found = ""

    def new(self) -> Iterator[str]:
        """Yield what was not said yet."""
        calls = self._pace.found()
        if calls is not None and calls < self._calls:
            self._calls = calls
            self._calls_found = (
                f"The server answers {calls} of {self._pace.concurrency} calls at once within "
                f"{self._timeout:g} s, so no more are made at once. --concurrency {calls} begins "
                "with that; --timeout SECONDS gives each call longer."
            )
            yield self._calls_found
        if self._pace.learned and not self._rate_said:
            self._rate_said = True
            yield f"{self._rate()}; calls are spaced so from now on, and nothing is lost."

    def standing(self) -> list[str]:
        """Return what holds of all that was found: of two of a kind the last one."""
        rate = [f"{self._rate()}."] if self._rate_said else []
        return [*([self._calls_found] if self._calls_found else []), *rate]

    def _rate(self) -> str:
        rate = 60 / self._pace.learned
        digits = f"{rate:,.0f}" if rate >= _ROUNDED else f"{rate:.2g}"
        return f"The server lets itself be asked about {digits} times a minute"
