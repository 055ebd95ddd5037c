"""How long a server asks to wait: in headers, in the text of an error, or because it is loading."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_READ: Final = 20_000
"""Most bytes of a body that are searched; waits stand at its beginning."""

_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12
"""From here on a number is a moment, not a length of time."""

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = r"(ms|millis\w*|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_PART = re.compile(rf"(\d{{1,20}}(?:\.\d{{1,20}})?)\s?{_UNIT}", re.IGNORECASE)
_PARTS = rf"(?:\d{{1,20}}(?:\.\d{{1,20}})?\s?{_UNIT}[\s,]{{0,2}}(?:and\s)?){{1,5}}"

_IN_WORDS: Final = re.compile(
    rf"\b(?:retry|again|wait|resets?)\b[^\d\n]{{0,40}}?(?P<length>{_PARTS})", re.IGNORECASE
)
_IN_JSON: Final = re.compile(
    r'"(?:retry[ _-]?(?:delay|after)(?P<unit>[ _-]?(?:ms|s|seconds))?|estimated_time)\\?"\s?:\s?'
    rf'\\?"?(?P<length>{_PARTS}|\d{{1,20}}(?:\.\d{{1,20}})?)',
    re.IGNORECASE,
)
_LOADING: Final = re.compile(
    r"\bloading\b.{0,40}\bmodel\b|\bmodel\b.{0,99}\b(?:loading|being loaded|warming up)\b"
    r'|"estimated_time"',
    re.IGNORECASE | re.DOTALL,
)
_NOT_LOADED: Final = re.compile(
    r"\b(?:error|fail\w*|unable|cannot|could not)\b[^\"{}]{0,20}\bload", re.IGNORECASE
)
_UNAVAILABLE: Final = range(500, 600)


def stated_wait(headers: Mapping[str, str], body: bytes | None) -> float | None:
    """Return how many seconds a response asks to wait; None if it does not say.

    What it says outright comes first, in headers, then in the text; then when its rate limits
    reset. Moments are compared with the server's own clock, where it sends its time.

    Parameters
    ----------
    headers
        Of the response, by names in lower case.
    body
        Of a response that says that it comes too early; None of others, in which neither words
        nor resets of rate limits need be about waiting.

    Examples
    --------
    >>> stated_wait({"retry-after": "20"}, None), stated_wait({"retry-after": "soon"}, b"")
    (20.0, None)
    >>> stated_wait({}, b'{"error": {"message": "Please try again in 6m0s."}}')
    360.0
    """
    now = _moment(headers.get("date")) or datetime.now(UTC)
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name))
        if milliseconds is not None:
            return milliseconds / 1000
    wait = _length(headers.get("retry-after"), now)
    if wait is not None or body is None:
        return wait
    wait = _said(body[:_READ].decode(errors="replace"), now)
    return _reset(headers, now) if wait is None else wait


def is_loading(status: int, said: str) -> bool:
    """Return whether a server that says so with a status is still loading the model.

    Examples
    --------
    >>> is_loading(503, "Loading model"), is_loading(500, "error loading model: out of memory")
    (True, False)
    """
    said = said[:_READ]
    loading = _LOADING.search(said) is not None and _NOT_LOADED.search(said) is None
    return status in _UNAVAILABLE and loading


def _said(text: str, now: datetime) -> float | None:
    stated = _IN_JSON.search(text)
    if stated is not None:
        wait = _length(stated["length"], now)
        in_milliseconds = (stated["unit"] or "").lower().endswith("ms")
        return wait / 1000 if in_milliseconds and wait is not None else wait
    worded = _IN_WORDS.search(text)
    return None if worded is None else _seconds(worded["length"])


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return when the limits that are used up start anew, or those of which that is not said."""
    used_up: list[float] = []
    unknown: list[float] = []
    for name, wait in _resets(headers, now):
        left = _number(headers.get(name.replace("reset", "remaining")))
        # Tokens may be left, but too few for the request.
        if left == 0:
            used_up.append(wait)
        elif left is None or "token" in name:
            unknown.append(wait)
    return max(used_up or unknown, default=None)


def _resets(headers: Mapping[str, str], now: datetime) -> Iterator[tuple[str, float]]:
    for name, stated in headers.items():
        if "ratelimit" in name and "reset" in name:
            wait = _length(stated, now)
            if wait is not None:
                yield name, wait


def _length(text: str | None, now: datetime) -> float | None:
    """Return the seconds of a stated length of time, or until a stated moment."""
    if text is None:
        return None
    number = _number(text)
    if number is not None and number < _EPOCH_SECONDS:
        return number
    if number is not None:
        moment = number / 1000 if number >= _EPOCH_MILLISECONDS else number
        return max(0.0, moment - now.timestamp())
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    until = _moment(text)
    return None if until is None else max(0.0, (until - now).total_seconds())


def _seconds(text: str) -> float | None:
    """Return the seconds of a length such as ``6m0s``, ``120ms`` or ``1 minute and 5 seconds``."""
    if re.fullmatch(_PARTS, text.strip(), re.IGNORECASE) is None:
        return None
    parts = _PART.findall(text)
    return sum(float(number) * _UNITS[_short(unit)] for number, unit in parts)


def _short(unit: str) -> str:
    lower = unit.lower()
    return "ms" if lower == "ms" or lower.startswith("milli") else lower[0]


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d+(\.\d+)?", text.strip()) else None


def _moment(text: str | None) -> datetime | None:
    """Read a date as mails or ISO 8601 have it."""
    if text is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
        except (ValueError, OverflowError, TypeError):
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return None
