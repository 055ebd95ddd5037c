"""What only one thread at a time may do.

PyTensor, PyMC, Bambi and numba build and compile with settings, registries and caches that belong
to the whole process, and whoever silences a warning changes the filters of all threads. Sampling
itself needs no such turn: what it evaluates holds no state that fits share.
"""

import threading
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, Final

TURN: Final = threading.RLock()
"""Held by the thread that builds. Never wait for other threads while holding it: chains may be
among them."""


def one_thread_at_a_time[**Arguments, Result](
    function: Callable[Arguments, Result],
) -> Callable[Arguments, Result]:
    """Return a function that other threads' calls of such functions wait for.

    Examples
    --------
    >>> one_thread_at_a_time(len)("two")
    3
    """

    @wraps(function)
    def in_turn(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        with TURN:
            return function(*args, **options)

    return in_turn


class built_once[Built](cached_property[Built]):  # noqa: N801 - used as cached_property is
    """A cached property that one thread builds for all."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return what was built, or build it; once built, Python no longer comes here."""
        with TURN:
            return super().__get__(instance, owner)


class BuildsOnce:
    """What has properties that are `built_once`.

    Pickles leave them out: models of PyMC and Bambi cannot be pickled, and are built again.
    """

    def __getstate__(self) -> dict[str, Any]:
        known = dict(vars(self))  # a copy, as another thread may be building
        return {
            name: value
            for name, value in known.items()
            if not isinstance(getattr(type(self), name, None), built_once)
        }
