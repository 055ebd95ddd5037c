"""Output that someone may stop reading, such as ``head``."""

import io
import os
import sys
from collections.abc import Buffer, Iterator
from contextlib import contextmanager


class _Pipe(io.FileIO):
    """A file descriptor; when its reader goes away, the rest is written to nobody."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nobody = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nobody, self.fileno())
            os.close(nobody)
            return super().write(data)


@contextmanager
def readers_may_leave() -> Iterator[None]:
    """Let a command end as if its output had been read to the end, its exit code included.

    Only the process's own standard output and error are watched; others' (a test's, a notebook's)
    stay as they are.
    """
    own = {"stdout": sys.__stdout__, "stderr": sys.__stderr__}
    watched = {}
    for name, stream in own.items():
        if stream is None or getattr(sys, name) is not stream:
            continue
        stream.flush()
        raw = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
        watched[name] = io.TextIOWrapper(
            raw, encoding=stream.encoding, errors=stream.errors, line_buffering=True
        )
        setattr(sys, name, watched[name])
    try:
        yield
    finally:
        for name, stream in watched.items():
            stream.flush()
            setattr(sys, name, own[name])
