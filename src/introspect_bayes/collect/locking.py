"""One process at a time on a study's store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from introspect_bayes.errors import InputError
from introspect_bayes.material.study_folder import REPLIES_FILE


@contextmanager
def study_lock(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a study's store.

    The operating system frees the lock when a process dies, however it dies. Reading, and so
    analysing, stays possible.

    Parameters
    ----------
    folder
        The study folder.

    Raises
    ------
    InputError
        If another process writes to the store.
    """
    lock = FileLock(folder / f".{REPLIES_FILE}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        msg = f"{folder}: another process is collecting or training in this study; wait for its end"
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{folder}: cannot be written: {error.strerror}"
        raise InputError(msg) from error
    try:
        yield
    finally:
        lock.release()
