"""Whether a model will soon be shut down: some servers say so in their list of models."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from introspect_bayes.collect.asking import Server
from introspect_bayes.protocol.stages import Model

NOTICE_DAYS: Final = 90
"""Days before a model's end from which on it is warned of."""

PATIENCE: Final = 2.0
"""Seconds that the list of models may take; nobody waits longer for it."""

_LARGEST_SECONDS: Final = 1e11
"""A larger time is counted in milliseconds."""

_DATE_DIGITS: Final = 8


class ShutdownWatch:
    """Looks once, beside a run, whether the server says when its model will be shut down.

    The list of models is no answer of the model: it is stored nowhere, and whatever goes wrong with
    it means only that nothing is known.

    Parameters
    ----------
    model
        The model that is asked, with its lineage.
    warn
        Called with the warning, if there is one.
    """

    def __init__(self, model: Model, warn: Callable[[str], None]) -> None:
        self._model = model
        self._warn = warn
        self.warnings: list[str] = []

    async def beside(self, asking: Awaitable[None], server: Server) -> None:
        """Look while something else is awaited, and wait for the look no longer than `PATIENCE`."""
        latest = time.monotonic() + PATIENCE
        # With a client of its own: that of the run is closed when the run ends.
        look = asyncio.create_task(self._look(replace(server, timeout=PATIENCE)))
        try:
            await asking
            await asyncio.wait({look}, timeout=max(0.0, latest - time.monotonic()))
        finally:
            look.cancel()
            with suppress(asyncio.CancelledError):
                await look

    async def _look(self, server: Server) -> None:
        import httpx2

        try:
            async with asyncio.timeout(PATIENCE), server.client as client:
                response = await client.get("/models", cast_to=httpx2.Response)
            warning = shutdown_warning(
                self._model, json.loads(response.content), datetime.now(UTC).date()
            )
        except Exception:  # noqa: BLE001 - many servers have no such list; the run needs none
            return
        if warning:
            self.warnings.append(warning)
            self._warn(warning)


def shutdown_warning(model: Model, listed: object, today: date) -> str:
    """Say when a model will be shut down, if that is soon; empty if it is not, or not known.

    Parameters
    ----------
    model
        The model, with its lineage: fine-tuned models end with the model they were made from.
    listed
        The server's list of models: entries with `id` and, where an end is announced,
        `shutdown_date`, a date (YYYY-MM-DD) or seconds since 1970.
    today
        The day to count from.

    Examples
    --------
    >>> listed = {"data": [{"id": "large", "shutdown_date": "2027-01-14"}]}
    >>> shutdown_warning(Model("ft:large:lab::1", "large"), listed, date(2026, 12, 31))[:60]
    'the server shuts down large, from which ft:large:lab::1 was '
    """
    dates = _announced(listed)
    for name in _names(model):
        day = dates.get(name)
        if day is None:
            continue
        left = (day - today).days
        if left > NOTICE_DAYS:
            return ""
        made = f", from which {model.name} was made," if name != model.name else ""
        when = "" if left < 0 else f", {_in_days(left)}"
        verb = "shuts down" if left >= 0 else "was to shut down"
        return (
            f"the server {verb} {name}{made} on {day}{when}, as its list of models says. "
            "Fine-tuned models end with their base: collect before then; what is stored stays"
        )
    return ""


def _announced(listed: object) -> dict[str, date]:
    entries = listed.get("data") if isinstance(listed, dict) else None
    found: dict[str, date] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            day = _day(entry.get("shutdown_date"))
            if day is not None:
                found[entry["id"]] = day
    return found


def _names(model: Model) -> Iterator[str]:
    """Yield the names under which a list may hold a model's end, its own first."""
    for name in (model.name, model.parent, model.base_model):
        if name:
            yield name
            kind, *parts = name.split(":")
            if kind == "ft" and parts:  # ft:MODEL:ORGANISATION:SUFFIX:ID
                yield parts[0]


def _day(stated: Any) -> date | None:
    if isinstance(stated, bool):
        return None
    try:
        if isinstance(stated, str):
            text = stated.strip()
            if not text.isdecimal() or len(text) == _DATE_DIGITS:
                return datetime.fromisoformat(text).date()
            stated = int(text)
        if not isinstance(stated, int | float):
            return None
        seconds = stated / 1000 if stated > _LARGEST_SECONDS else stated
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None


def _in_days(left: int) -> str:
    special: Sequence[str] = ("today", "tomorrow")
    return special[left] if left < len(special) else f"in {left} days"
