"""Everything that a server can do wrong, against the real client; the server's log is the truth."""

import json
from collections import Counter

import pytest

from chat_server import Answer, ChatServer, completion, error, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import CollectionStoppedError, collect_replies
from loopback import KEY, MODEL, answers, impatient, rows, stored_bytes

PLANNED = 32


def first(count, fault, start=0):
    """The script of a server that gives a fault to `count` hits from number `start` on."""
    return lambda hit: fault if start <= hit.number < start + count else None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (error(429), "rate limited"),
        (error(429, retry_after="0.2"), "rate limited"),
        (error(500), "server error"),
        (error(503, retry_after="0.1"), "server error"),
        (error(408), "timeout"),
        (Answer(b"{}"), "unreadable"),
        (Answer(b'{"choices": null}'), "unreadable"),
        (Answer(b'{"choices": []}'), "unreadable"),
        (Answer(b'{"choices": [{"message": null}]}'), "unreadable"),
        (Answer(b'{"error": {"message": "overloaded"}}'), "unreadable"),
        (Answer(b'{"choices": [{"mess'), "unreadable"),
        (Answer(b"[" * 100_000), "unreadable"),
        (Answer(b"<html>Bad gateway</html>", headers={"content-type": "text/html"}), "unreadable"),
        (Answer(b"\xff\xfe\x00"), "unreadable"),
        (Answer(b'{"choices": [{"message": {"content": "A"}}]}', sent=20), "connection lost"),
        (Answer(b"{}", sent=0), "connection lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.status}-{value.body[:20]!r}",
)
def test_failed_transport_is_asked_again_and_recorded(study, fault, kind):
    for start in (0, 9):
        with ChatServer(first(3, fault, start)) as server:
            result = collect_replies(
                study, MODEL, base_url=server.address, settings=impatient(limit=16)
            )
        assert result.counts.failed == {kind: 3}
        assert result.counts.attempts == len(server.hits) == 16 + 3
    assert result.complete
    kinds = dict(rows(study, "SELECT kind, count(*) FROM outcomes GROUP BY kind"))
    unsent = kinds.pop("not sent", 0)
    assert kinds == {"answered": PLANNED, kind: 6}
    assert rows(study, "SELECT count(*) FROM attempts") == [(PLANNED + 6 + unsent,)]


def test_slow_answers_are_given_up_and_asked_again(study):
    with ChatServer(first(1, Answer(b"{}", delay=30), start=5)) as server:
        settings = impatient(timeout=0.3)
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert result.complete
    assert result.counts.failed == {"timeout": 1}
    assert result.as_dict()["possibly_billed_twice"] == 1


def test_what_is_sent_is_what_is_stored(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    stored = rows(study, "SELECT content FROM requests")
    assert Counter(hit.raw.decode() for hit in server.hits) == Counter(c for (c,) in stored)
    assert {hit.key for hit in server.hits} == {KEY}
    assert server.hits[0].body["temperature"] == 0
    (body,) = set(rows(study, "SELECT body FROM outcomes LIMIT 1"))
    assert json.loads(body[0])["choices"][0]["message"]["content"]


def test_retry_after_rests_all_workers(study):
    with ChatServer(first(1, error(429, retry_after="1"), start=8)) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert result.complete
    limited = server.hits[8].at
    during = [hit for hit in server.hits if limited + 0.1 < hit.at < limited + 0.95]
    assert not during


def test_a_server_that_asks_for_hours_ends_the_run(study, capsys):
    with ChatServer(first(99, error(429, retry_after="7200"))) as server:
        code = main(["collect", str(study), "--model", MODEL, "--base-url", server.address])
    assert code == 3
    assert len(server.hits) == 1
    assert "7,200 seconds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), "does not accept the key"),
        (error(403, "not yours"), "may not use this model"),
        (error(404, "The model does not exist", "model_not_found"), "no such model"),
        (error(429, "You exceeded your current quota", "insufficient_quota"), "quota"),
        (error(402, "Insufficient balance"), "quota"),
        (error(400, "temperature is not supported"), "temperature is not supported"),
    ],
    ids=["401", "403", "404", "quota", "402", "400"],
)
@pytest.mark.parametrize("start", [0, 10])
def test_what_the_user_must_mend_stops_the_run_at_once(
    study, capsys, fault, named, start, tmp_path
):
    with ChatServer(first(99, fault, start)) as server:
        code = main(
            ["collect", str(study), "--model", MODEL, "--base-url", server.address,
             "--concurrency", "4", "--json", str(tmp_path / "counts.json")]
        )  # fmt: skip
    said = capsys.readouterr()
    assert code == 2
    assert named in said.err
    assert "Traceback" not in said.err
    assert KEY not in said.err + said.out
    # One preflight call; or what was in progress. A 400 or bare 403 may concern one request alone.
    more = 4 if fault.status not in {400, 403} else 8
    allowed = {0: 1 if fault.status != 400 else 3, 10: 10 + more}[start]
    assert len(server.hits) <= allowed
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["attempts"] == len(server.hits)
    assert counts["answered"] == start
    with ChatServer() as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    assert len(server.hits) == PLANNED - start


def test_a_request_that_the_server_calls_wrong_does_not_hold_up_the_others(study):
    def script(hit):
        return error(400, "filtered", "content_filter") if hit.raw == poison else None

    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=1))
    done = {hit.raw for hit in server.hits}
    contents = [c.encode() for (c,) in rows(study, "SELECT content FROM requests ORDER BY id")]
    poison = next(content for content in reversed(contents) if content not in done)
    with ChatServer(script) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.snapshot.answered, result.snapshot.refused) == (PLANNED - 1, 1)
    assert result.ending == "complete"
    assert result.counts.failed == {"refused by server": 1}


def test_a_request_that_always_fails_is_left_for_the_next_run(study):
    poison = []

    def script(hit):
        if hit.number == 6:
            poison.append(hit.raw)
        return error(500) if hit.raw in poison else None

    with ChatServer(script) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(attempts=3)
        )
    assert (result.snapshot.answered, result.ending) == (PLANNED - 1, "server failing")
    assert Counter(hit.raw for hit in server.hits)[poison[0]] == 3
    with ChatServer() as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    assert [hit.raw for hit in server.hits] == poison


def test_a_server_that_dies_ends_the_run_soon(study):
    with ChatServer(first(999, error(500), start=10)) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(attempts=3)
        )
    assert (result.snapshot.answered, result.ending) == (10, "server failing")
    assert "no answer in 3 attempts" in result.message
    assert len(server.hits) <= 10 + 3 * 7


def test_no_server_at_all_is_said_so(study):
    with ChatServer() as server:
        pass
    with pytest.raises(CollectionStoppedError, match="is it running"):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(attempts=2))


@pytest.mark.parametrize("start", [0, 7])
def test_a_reply_from_another_model_is_never_accepted(study, start):
    script = first(99, completion("A", "other-9"), start)
    with ChatServer(script) as server, pytest.raises(CollectionStoppedError, match="other-9"):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert len(server.hits) <= start + 4
    assert len(answers(study)) == start
    assert set(rows(study, "SELECT model FROM outcomes WHERE kind = 'answered'")) <= {(MODEL,)}


def test_a_model_may_go_by_another_name_if_the_user_says_so(study):
    def script(hit):
        return completion("A", "/weights/tiny.gguf")

    settings = impatient(answers_as="/weights/tiny.gguf")
    with ChatServer(script) as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=settings).complete


BAD_REPLIES = ["I'm sorry, I can't help with that.", "", "Option A, surely", '{"a": 1}', None]


@pytest.mark.parametrize("text", BAD_REPLIES)
def test_a_bad_reply_is_a_final_answer(study, text):
    with ChatServer(first(PLANNED, completion(text, MODEL))) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.snapshot.invalid, len(server.hits)) == (PLANNED, PLANNED)
    with ChatServer() as server:
        again = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (again.complete, again.counts.attempts, len(server.hits)) == (True, 0, 0)


def test_a_marked_refusal_is_kept_word_for_word(study):
    refused = completion(None, MODEL, message={"refusal": "I cannot."})
    with ChatServer(first(PLANNED, refused)) as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert {text for _, text, _ in answers(study)} == {"I cannot."}


def test_text_that_no_database_takes_is_kept_escaped(study):
    broken = completion("A\ud800", MODEL, system_fingerprint="\udfff")
    with ChatServer(first(PLANNED, broken)) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert result.complete
    assert {text for _, text, _ in answers(study)} == {"A\\ud800"}
    assert main(["verify", str(study)]) == 0


def echo(hit):
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in hit.key)
    bodies = [
        completion(f"my key is {hit.key}", MODEL),
        Answer(completion("KEY", MODEL).body.replace(b"KEY", spelled.encode())),
        Answer(completion(hit.key, MODEL).body.replace(b"/", b"\\/")),
        error(500, f"failed for {hit.key}"),
        Answer(
            f"<html>{hit.key}</html>".encode(), headers={"x-request-id": "r", "server": hit.key}
        ),
    ]
    return bodies[hit.number] if hit.number < len(bodies) else sensible(hit)


def test_an_echoed_key_is_kept_nowhere(study, tmp_path, capsys):
    with ChatServer(echo) as server:
        code = main(
            ["collect", str(study), "--model", MODEL, "--base-url", server.address,
             "--json", str(tmp_path / "counts.json")]
        )  # fmt: skip
    said = capsys.readouterr()
    assert code == 0
    assert main(["export", str(study), str(tmp_path / "tables")]) == 0
    everything = stored_bytes(tmp_path) + (said.out + said.err).encode()
    for letters in (KEY, KEY.replace("/", "\\/"), "\\u0073\\u006b"):
        assert letters.encode() not in everything
    kept = [text for _, text, _ in answers(study) if text and "removed" in text]
    assert sorted(kept) == ["[key removed]", "[key removed]", "my key is [key removed]"]


class Listener:
    """Progress that keeps what it is told."""

    def __init__(self):
        self.warnings, self.snapshots, self.told, self.replies = [], [], [], []

    def update(self, snapshot):
        self.snapshots.append(snapshot)

    def warn(self, text):
        self.warnings.append(text)

    def tell(self, text):
        self.told.append(text)

    def first(self, task, reply, failure):
        self.replies.append((task, reply, failure))


def test_early_warnings_come_before_the_money_is_spent(prepare):
    study = prepare(contexts=8, decisions=40, reports=2)
    listener = Listener()

    def script(hit):
        return completion("A", MODEL)

    settings = impatient(stop_on_warning=True)
    with ChatServer(script) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=settings, progress=listener
        )
    assert result.ending == "warning sign"
    assert "choices are A" in listener.warnings[0]
    assert len(server.hits) < 60


def test_fewer_are_asked_at_once_under_rate_limits(prepare):
    study = prepare(contexts=8, decisions=30)

    def script(hit):
        answer = error(429) if 20 <= hit.number < 40 else sensible(hit)
        answer.delay = 0.05
        return answer

    with ChatServer(script) as server:
        settings = impatient(concurrency=16, attempts=30)
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert result.complete
    active = [hit.active for hit in server.hits]
    assert max(active[:20]) == 16
    # The burst halves sixteen once; what is limited after that halves again.
    assert max(active[44:56]) <= 8
    assert max(active[-60:]) > 8
