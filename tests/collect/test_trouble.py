"""What a reviewer broke once: nothing hangs, nothing leaks, nothing is blamed wrongly."""

import json
import sqlite3
import threading

import pytest

from chat_server import Answer, ChatServer, completion, error, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import CollectionStoppedError, RunSettings, collect_replies
from introspect_bayes.collect import writing as writing_room
from introspect_bayes.collect.collection import Nobody
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.store import Store
from introspect_bayes.store.schema import MIGRATIONS
from loopback import KEY, MODEL, answers, impatient, rows, stored_bytes

PLANNED = 32
HUGE = {"prompt_tokens": 10**30, "completion_tokens": -1}


def within(seconds, work):
    """Do work in a thread, to fail rather than hang."""
    ends = []

    def run():
        try:
            ends.append(work())
        except BaseException as failure:  # noqa: BLE001 - handed on
            ends.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    if isinstance(ends[0], BaseException):
        raise ends[0]
    return ends[0]


@pytest.mark.parametrize("start", [0, 9])
@pytest.mark.parametrize(
    "fault",
    [
        Answer(b"x", 500, {"content-type": "text/html; charset=undefined"}),
        error(429, retry_after="Mon, 01 Jan 2024 00:00:00 +99999999999999999999"),
        Answer(b"x", headers={"content-encoding": "gzip"}),
        Answer(b"", 204),
        Answer(b'"\\ud800\\u0073k-' + b"x" * 99 + b'"', 401 + 99),
    ],
    ids=["charset", "date", "gzip", "204", "surrogate"],
)
def test_answers_that_trip_libraries_are_failed_attempts(study, fault, start):
    def script(hit):
        return fault if start <= hit.number < start + 3 else None

    with ChatServer(script) as server:
        result = within(
            20,
            lambda: collect_replies(
                study, MODEL, base_url=server.address, settings=impatient(longest_pause=1e30)
            ),
        )
    assert result.complete
    assert result.counts.failed.total() == 3


def test_absurd_token_counts_are_left_out(study):
    with ChatServer(lambda hit: completion("A", MODEL, usage=HUGE)) as server:  # noqa: ARG005
        work = lambda: collect_replies(  # noqa: E731
            study, MODEL, base_url=server.address, settings=impatient()
        )
        assert within(20, work).complete
    assert rows(study, "SELECT DISTINCT prompt_tokens, completion_tokens FROM outcomes") == [
        (None, None)
    ]


def test_a_store_that_cannot_be_opened_by_the_writer_ends_the_run(study, monkeypatch):
    def broken(path):
        msg = f"{path}: no"
        raise InputError(msg)

    monkeypatch.setattr(writing_room, "Store", broken)
    with ChatServer() as server:
        work = lambda: collect_replies(  # noqa: E731
            study, MODEL, base_url=server.address, settings=impatient()
        )
        assert within(20, work).ending == "store failing"
    assert not server.hits


def test_a_mistake_in_progress_ends_the_run_and_is_seen(study):
    class Broken(Nobody):
        def update(self, snapshot):
            if snapshot.answered:
                raise ZeroDivisionError

    with ChatServer() as server, pytest.raises(ZeroDivisionError):
        collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(), progress=Broken()
        )
    assert len(server.hits) < PLANNED
    assert rows(study, "SELECT reason FROM run_ends") == [("failed",)]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("SSL_CERT_FILE", "/nowhere/at/all.pem")],
)
def test_an_environment_that_allows_no_connection_is_said_so(study, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match="proxy or certificate"):
        within(20, lambda: collect_replies(study, MODEL, base_url="https://nowhere.invalid/v1"))


@pytest.mark.parametrize(
    "address",
    ["http://localhost:80o0/v1", "http://localhost:80800/v1", "http://[::1", f"http://h/{KEY}/v1",
     "http://h/v1#x", "ftp://h"],
)  # fmt: skip
def test_impossible_addresses_are_refused(study, address):
    with pytest.raises(InputError, match="--base-url") as caught:
        collect_replies(study, MODEL, base_url=address)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", ["concurrency", "attempts", "limit", "timeout"])
def test_impossible_settings_are_refused(name):
    with pytest.raises(InputError, match=name):
        RunSettings(**{name: 0})


def test_the_key_is_refused_among_options(study):
    with pytest.raises(InputError, match="must not be part"):
        collect_replies(
            study, MODEL, base_url="http://h/v1", conditions=SamplingOptions(extra={"user": KEY})
        )
    assert KEY.encode() not in stored_bytes(study)


def escaped(how):
    return "".join(how(ord(letter)) for letter in KEY)


SPELLINGS = {
    "unicode": escaped(lambda code: f"\\u{code:04X}"),
    "entities": escaped(lambda code: f"&#{code};"),
    "hexadecimal": escaped(lambda code: f"&#x{code:x};"),
    "per cent": escaped(lambda code: f"%{code:02x}"),
    "slashes": KEY.replace("/", "\\/"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_no_spelling_of_an_echoed_key_survives(study, spelling, status, capsys):
    said = SPELLINGS[spelling]
    texts = [
        json.dumps({"detail": "DETAIL"}).replace("DETAIL", said).encode(),
        f"<html>{said}".encode(),
        json.dumps({"a": json.dumps({"b": KEY})}).encode(),
        completion("REPLY", "MODEL").body.replace(b"REPLY", said.encode()),
        json.dumps({"error": {"message": KEY}}).encode("utf-16"),
    ]
    answer_of = [Answer(t, status, {"x-request-id": KEY, "server": said}) for t in texts]

    def script(hit):
        return answer_of[hit.number % len(texts)]

    settings = impatient(attempts=len(texts), concurrency=1)
    with ChatServer(script) as server:
        try:
            collect_replies(study, MODEL, base_url=server.address, settings=settings)
        except CollectionStoppedError as stopped:
            assert KEY not in str(stopped)  # noqa: PT017 - whether it is raised is not the matter
            assert said not in str(stopped)  # noqa: PT017
    kept = stored_bytes(study)
    for letters in (KEY, said, KEY.encode("utf-16-le").decode("latin-1")):
        assert letters.encode() not in kept
        assert letters.encode("latin-1") not in kept
    assert KEY not in str(capsys.readouterr())


def test_an_echoed_key_in_utf_16_is_not_in_the_reply(study):
    answer = Answer(completion(f"it is {KEY}", MODEL).body.decode().encode("utf-16"))
    with ChatServer(lambda hit: answer) as server:  # noqa: ARG005
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert {text for _, text, _ in answers(study)} == {"it is [key removed]"}


def test_a_request_that_always_fails_does_not_block_a_study_from_its_start(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=1))
    (poison,) = rows(
        study,
        "SELECT content FROM requests WHERE id NOT IN (SELECT request FROM replies)"
        " ORDER BY id LIMIT 1",
    )[0]

    def script(hit):
        return error(500, "no") if hit.raw == poison.encode() else None

    with ChatServer(script) as server:
        for _ in range(2):
            result = collect_replies(
                study, MODEL, base_url=server.address, settings=impatient(attempts=2)
            )
            assert not result.complete
    assert result.snapshot.answered == PLANNED - 1


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ({}, {"log_probabilities": 5}, "logprobs: not set, now True"),
        ({}, {"structured_reports": True}, "response_format: not set, now a schema"),
        (
            {"max_tokens": 120, "decision_max_tokens": 1},
            {"max_tokens": 200, "decision_max_tokens": 1},
            "max_tokens: 120, now 200",
        ),
        ({"max_tokens": 5}, {"max_tokens": 5, "decision_max_tokens": 3}, "max_tokens: 5, now 3"),
    ],
)
def test_other_conditions_are_named_rightly(study, before, after, named):
    with ChatServer() as server:
        first, second = SamplingOptions(**before), SamplingOptions(**after)
        settings = impatient(limit=1)
        collect_replies(study, MODEL, base_url=server.address, conditions=first, settings=settings)
        with pytest.raises(InputError, match=named):
            collect_replies(study, MODEL, base_url=server.address, conditions=second)


def test_reading_leaves_no_trace_and_old_stores_as_they_are(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=3))
    old = study / "old.sqlite"
    connection = sqlite3.connect(old)
    connection.executescript(MIGRATIONS[0] + "PRAGMA user_version = 1;")
    connection.close()
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    for path in (study / "replies.sqlite", old):
        with Store(path, read_only=True) as store:
            assert store.models() == {}
    assert main(["collect", str(study), "--model", MODEL, "--dry-run"]) == 0
    assert main(["verify", str(study)]) == 0
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO replies SELECT 99, request, 'B', '', NULL FROM replies LIMIT 1",
        "INSERT OR REPLACE INTO requests SELECT * FROM requests LIMIT 1",
        "INSERT OR REPLACE INTO outcomes SELECT * FROM outcomes LIMIT 1",
        "INSERT OR REPLACE INTO attempts SELECT * FROM attempts LIMIT 1",
        "INSERT OR REPLACE INTO runs SELECT * FROM runs LIMIT 1",
    ],
)
def test_nothing_can_be_replaced(study, statement):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=3))
    connection = sqlite3.connect(study / "replies.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="written once"):
        connection.execute(statement)
    connection.close()


def test_a_redirect_is_not_followed(study):
    with ChatServer() as other, ChatServer() as server:
        server.script = lambda hit: Answer(  # noqa: ARG005
            b"", 307, {"location": f"{other.address}/chat/completions"}
        )
        with pytest.raises(CollectionStoppedError, match="redirects to"):
            collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert not other.hits


def test_the_model_that_answered_is_known_although_its_first_answer_named_none(study):
    def script(hit):
        answer = sensible(hit)
        body = json.loads(answer.body)
        if hit.number:
            body["model"] = f"{MODEL}-2024-01-01"
        else:
            del body["model"]
        return Answer(json.dumps(body).encode())

    with ChatServer(script) as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=5))
    newer = completion("A", f"{MODEL}-2025-01-01")
    with (
        ChatServer(lambda hit: newer) as server,  # noqa: ARG005
        pytest.raises(CollectionStoppedError, match="2025-01-01"),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())


def test_a_reply_in_parts_is_a_reply(study):
    parts = [{"type": "text", "text": "I would "}, {"type": "text", "text": "rather not."}]
    answer = completion(None, MODEL, message={"content": parts})
    with ChatServer(lambda hit: answer) as server:  # noqa: ARG005
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert {text for _, text, _ in answers(study)} == {"I would rather not."}


def test_a_damaged_store_is_one_message(study, capsys):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
        path = study / "replies.sqlite"
        damaged = bytearray(path.read_bytes())
        damaged[8192:40000] = bytes(40000 - 8192)
        path.write_bytes(damaged)
        assert main(["collect", str(study), "--model", MODEL, "--base-url", server.address]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "verify" in said or "not a store" in said


def test_a_mistyped_model_leaves_no_warning_behind(study):
    import introspect_bayes as ib

    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
        server.script = lambda hit: error(404)  # noqa: ARG005
        with pytest.raises(CollectionStoppedError):
            collect_replies(study, "typo", base_url=server.address, settings=impatient())
    assert ib.load_study(study).unanswered == {}
