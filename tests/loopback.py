"""Names and queries that the tests of collecting share."""

import sqlite3
from pathlib import Path

from introspect_bayes.collect import RunSettings

KEY = "sk-loopback/0123456789+secret"
MODEL = "tiny-1"


def impatient(**changes: object) -> RunSettings:
    """Settings that wait hardly at all."""
    settings = {"concurrency": 4, "first_wait": 0.01, "longest_wait": 0.05, "timeout": 5.0}
    return RunSettings(**{**settings, **changes})


def rows(study: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(study / "replies.sqlite")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def answers(study: Path) -> list[tuple]:
    return rows(study, "SELECT request, text, finish_reason FROM replies ORDER BY request")


def stored_bytes(study: Path) -> bytes:
    return b"".join(path.read_bytes() for path in study.rglob("*") if path.is_file())
