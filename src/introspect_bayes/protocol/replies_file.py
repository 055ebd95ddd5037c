"""The file of a study's replies: one process at a time writes to it, and replies stay."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from introspect_bayes.errors import InputError

REPLIES_FILE: Final = "replies.sqlite"

_KEPT: Final = {
    "replies": ("SELECT 1 FROM replies", "the replies of a study"),
    "failed_replies": ("SELECT 1 FROM failed_replies", "the replies of a study"),
    "training_events": ("SELECT 1 FROM training_events", "the record of a training"),
    "models": (
        "SELECT 1 FROM models WHERE stage <> 'off-the-shelf'",
        "registered models that were trained on the study's files",
    ),
}
"""Tables of a store, a query for what must not be separated from its study, and what that is."""


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


def require_no_replies(folder: Path) -> None:
    """Require that a study's store, if there is one, holds nothing but attempts without answer.

    Parameters
    ----------
    folder
        As of `study_lock`.

    Raises
    ------
    InputError
        If it holds replies, the record of a training or trained models.
    """
    path = folder / REPLIES_FILE
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in names}
            held = [
                what
                for table, (query, what) in _KEPT.items()
                if table in tables and connection.execute(f"{query} LIMIT 1").fetchone()
            ]
    except sqlite3.Error as error:
        msg = (
            f"{path}: cannot be read ({error}), and replies are never overwritten; choose another "
            "folder"
        )
        raise InputError(msg) from error
    if held:
        msg = (
            f"{folder}: holds {held[0]} ({REPLIES_FILE}), which are never overwritten; choose "
            "another folder"
        )
        raise InputError(msg)


def set_replies_aside(folder: Path) -> Path | None:
    """Rename a store in which nothing was answered, so that another study can take the folder.

    Parameters
    ----------
    folder
        The study folder.

    Returns
    -------
    Path or None
        The file's new name, under which every attempt is kept; None if there is no store.

    Raises
    ------
    InputError
        See `require_no_replies` and `study_lock`.
    """
    path = folder / REPLIES_FILE
    if not path.exists():
        return None
    with study_lock(folder):
        require_no_replies(folder)
        names = (path.with_stem(f"{path.stem}-unanswered-{number}") for number in count(1))
        aside = next(name for name in names if not name.exists())
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
    return aside
