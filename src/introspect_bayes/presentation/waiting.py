"""What a collection waits for, in words; and lines now and then where no bar is drawn."""

from collections.abc import Callable
from typing import Final

from introspect_bayes.collect.collection import Snapshot

LONG: Final = 5.0
"""Seconds without an answer after which one may wonder."""

BETWEEN: Final = 30.0
"""Seconds between two lines of a run that has just begun; a tenth of its time later on."""

AT_ONCE: Final = 5.0
"""The same where something new happened."""

_REASONS: Final = {
    "rate limited": "the server is asked too often",
    "loading": "the server is loading the model",
    "timeout": "after time-outs",
}


def waiting_in_words(snapshot: Snapshot) -> str:
    """Return what is waited for and what failed so far; empty where all is well.

    Examples
    --------
    >>> waiting_in_words(Snapshot(9, 0, 0, 0, failed={"timeout": 3}))
    '3 calls failed (timeout 3)'
    """
    waiting, parts = snapshot.waiting, []
    if waiting.rest >= 1:
        reason = _REASONS.get(waiting.reason, f"after a call: {waiting.reason}")
        parts.append(f"waiting {waiting.rest:,.0f} s, {reason}")
    elif waiting.longest >= LONG:
        calls = f"{waiting.calls} calls out, the first" if waiting.calls > 1 else "a call out"
        parts.append(f"{calls} for {waiting.longest:,.0f} s")
    if snapshot.failed:
        count = sum(snapshot.failed.values())
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(snapshot.failed.items()))
        parts.append(f"{count:,} call{'s' * (count > 1)} failed ({kinds})")
    return "; ".join(parts)


class SparseLines:
    """Lines that say how far a collection is, seldom, and soon when something new happens.

    Parameters
    ----------
    clock
        Gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self._news: tuple[object, ...] = (frozenset(), False)

    def due(self, snapshot: Snapshot) -> str:
        """Return the line that is due; empty if none is."""
        now = self._clock()
        waiting = snapshot.waiting
        news = (frozenset(snapshot.failed), waiting.rest >= LONG or waiting.longest >= LONG)
        since = now - self._last
        if since < (AT_ONCE if news != self._news else max(BETWEEN, (now - self._began) / 10)):
            return ""
        self._last, self._news = now, news
        invalid = f", {snapshot.invalid:,} cannot be used" if snapshot.invalid else ""
        words = waiting_in_words(snapshot)
        return (
            f"{snapshot.answered:,} of {snapshot.planned:,} answered{invalid}"
            f"{'; ' if words else ''}{words}"
        )
