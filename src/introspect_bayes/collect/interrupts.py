"""Ctrl-C, counted instead of raised."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals_counted() -> Iterator[list[int]]:
    """Count Ctrl-C (and termination) instead of raising, while in the main thread.

    A KeyboardInterrupt can be raised between any two statements, also where the lock would be
    freed under a run that goes on. In other threads there is nothing to count.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def count(number: int, _: FrameType | None) -> None:
        received.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, count) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
