"""Names and queries that the tests of collecting share."""

import json
import resource
import sqlite3
from pathlib import Path

from introspect_bayes.collect import RunSettings, collect_replies

KEY = "sk-loopback/0123456789+secret"
MODEL = "tiny-1"
CONCURRENCY = 8


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


def run_in_process(study, address, file_size=None, task="weights"):
    """Collect in a process of its own, as `kill -9` needs one."""
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))
    settings = impatient(concurrency=CONCURRENCY)
    result = collect_replies(study, MODEL, base_url=address, settings=settings, task=task)
    (study / "result.json").write_text(json.dumps(result.as_dict()))
