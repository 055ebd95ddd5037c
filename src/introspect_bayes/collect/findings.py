"""What a run finds that a server can do, in words, each once."""

from collections.abc import Iterator

from introspect_bayes.collect.pace import Pace


class Findings:
    """Says what was found of a server's limits, as soon as it is found.

    Parameters
    ----------
    pace
        Of the run.
    timeout
        Seconds until a call is given up.

    Examples
    --------
    >>> list(Findings(Pace(8), timeout=120).new())
    []
    """

    def __init__(self, pace: Pace, timeout: float) -> None:
        self._pace, self._timeout = pace, timeout
        self._calls = pace.concurrency
        self._rate_said = False

    def new(self) -> Iterator[str]:
        """Yield what was not said yet."""
        calls = self._pace.found()
        if calls is not None and calls < self._calls:
            self._calls = calls
            yield (
                f"The server answers {calls} of {self._pace.concurrency} calls at once within "
                f"{self._timeout:g} s, so no more are made at once. --concurrency {calls} begins "
                "with that; --timeout SECONDS gives each call longer."
            )
        if self._pace.interval and not self._rate_said:
            self._rate_said = True
            yield (
                f"The server lets itself be asked about {60 / self._pace.interval:,.3g} times a "
                "minute; calls are spaced so from now on, and nothing is lost."
            )
