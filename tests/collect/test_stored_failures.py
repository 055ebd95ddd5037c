"""Failed generations that earlier versions stored as answers: unanswered, and nothing is lost."""

import json
import sqlite3

import pytest

import introspect_bayes as ib
from chat_server import ChatServer, completion, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import collect_replies
from introspect_bayes.collect.generations import failed_generation
from introspect_bayes.collect.reading import read_body
from introspect_bayes.store import Attempt, Outcome, Store
from introspect_bayes.store.schema import MIGRATIONS
from loopback import MODEL, answers, impatient, rows

PLANNED = 32
EARLIER = 3
"""Version of the schema before failed generations were told from answers."""


def body(reason="stop", text="", tokens=0, **choice):
    message = {"role": "assistant", "content": text}
    ended = {"index": 0, "message": message, "finish_reason": reason, **choice}
    usage = {"prompt_tokens": 9, "completion_tokens": tokens}
    return completion(text, MODEL, choices=[ended], usage=usage).body


BODIES = {
    "error in the choice": body("stop", "A", 1, error={"code": 502}),
    "error": body("error", "A", 1),
    "abort": body("abort", "Opt", 2),
    "resource": body("insufficient_system_resource", "A", 1),
    "nothing": body(),
    "null": body(text=None),
    "no tokens told": b'{"choices": [{"message": {"content": ""}}]}',
    "filtered": body("content_filter", "A", 1),
    "safety": body("SAFETY", None),
    "an answer": body("stop", "A", 1),
    "cut off": body("length", "Opt", 2),
    "an empty answer": body("stop", "", 1),
    "only thought": body(message={"content": "", "reasoning_content": "Hm."}),
    "refused by the model": body(message={"content": None, "refusal": "No."}),
    "error: null": body("stop", "A", 1, error=None),
    "error: empty": body("stop", "A", 1, error={}),
}


def store_as_earlier(study, bodies):
    """Replace a study's store by one of the earlier version with some answers of its own."""
    path = study / "replies.sqlite"
    requests = rows(study, "SELECT * FROM requests ORDER BY id")
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    old = sqlite3.connect(path)
    old.executescript("".join(MIGRATIONS[:EARLIER]) + f"PRAGMA user_version = {EARLIER};")
    old.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", requests)
    old.execute("INSERT INTO runs VALUES (1, '2026', '{}', '{}')")
    for number, (request, content) in enumerate(zip(requests, bodies, strict=False), start=1):
        reading = read_body(content)
        attempt = Attempt(number, request[0], 1, "2026")
        outcome = Outcome(number, request[0], "2026", "answered")
        old.execute(
            "INSERT INTO attempts VALUES (?, ?, ?, ?)",
            (attempt.number, attempt.request, attempt.run, attempt.started),
        )
        old.execute(
            "INSERT INTO outcomes VALUES"
            " (?, '2026', ?, 200, '{}', ?, NULL, ?, NULL, ?, ?, ?, NULL)",
            (number, outcome.kind, content, reading.model, reading.finish_reason,
             reading.prompt_tokens, reading.completion_tokens),
        )  # fmt: skip
        old.execute(
            "INSERT INTO replies (request, text, finish_reason, attempt) VALUES (?, ?, ?, ?)",
            (request[0], reading.text, reading.finish_reason, number),
        )
    old.commit()
    old.close()
    return [request[0] for request in requests]


@pytest.fixture
def planned(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=1))
    return study


def test_the_migration_judges_as_the_reader_does_and_keeps_every_row(planned):
    ids = store_as_earlier(planned, BODIES.values())
    before = rows(planned, "SELECT request, text, finish_reason, attempt FROM replies")
    with store_of(planned) as store:
        assert store.connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    failed = {name for name, content in BODIES.items() if failed_generation(content)}
    names = dict(zip(ids, BODIES, strict=False))
    moved = rows(planned, "SELECT request, text, finish_reason, attempt FROM failed_replies")
    kept = rows(planned, "SELECT request, text, finish_reason, attempt FROM replies")
    assert {names[request] for request, *_ in moved} == failed
    assert len(failed) == 9
    assert sorted(moved + kept, key=str) == sorted(before, key=str)
    assert {names[r] for (r,) in rows(planned, "SELECT request FROM refusals")} == {
        "filtered",
        "safety",
    }
    assert main(["verify", str(planned)]) == 0


def store_of(study):
    return Store(study / "replies.sqlite")


def test_an_earlier_store_is_read_as_it_stands_and_resumes_with_just_what_failed(planned, capsys):
    contents = [c for (c,) in rows(planned, "SELECT content FROM requests ORDER BY id")]
    good = [sensible_body(content) for content in contents]
    bad = [BODIES["error"], BODIES["nothing"], BODIES["error in the choice"]]
    ids = store_as_earlier(planned, [*bad, *good[3:]])
    bytes_before = (planned / "replies.sqlite").read_bytes()
    loaded = ib.load_study(planned)
    assert loaded.unanswered == {MODEL: 3}
    assert main(["verify", str(planned)]) == 0
    assert "29 replies" in capsys.readouterr().out
    assert (planned / "replies.sqlite").read_bytes() == bytes_before
    with ChatServer() as server:
        result = collect_replies(planned, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, len(server.hits)) == (True, 3)
    assert result.as_dict()["possibly_billed_twice"] == 3
    assert [request for request, *_ in answers(planned)] == sorted(ids)
    bodies = rows(planned, "SELECT body FROM outcomes ORDER BY attempt LIMIT 3")
    assert [content for (content,) in bodies] == bad
    assert main(["verify", str(planned)]) == 0
    assert main(["export", str(planned), str(planned / "tables")]) == 0
    assert (planned / "tables/failed_replies.csv").read_text().count("\n") == 4


def sensible_body(content):
    hit = type("Asked", (), {"body": json.loads(content)})()
    return sensible(hit).body


@pytest.mark.parametrize("table", ["failed_replies", "refusals", "plan_changes"])
def test_the_new_tables_are_never_changed_either(planned, table):
    store_as_earlier(planned, [BODIES["filtered"], BODIES["error"]])
    with store_of(planned) as store:
        request = store.connection.execute("SELECT id FROM requests").fetchone()[0]
        store.change_plan([request], [])
    connection = sqlite3.connect(planned / "replies.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - from above
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(f"UPDATE {table} SET request = request")  # noqa: S608
    connection.close()
