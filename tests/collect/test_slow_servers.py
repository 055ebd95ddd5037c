"""Servers that are slow, limited or not ready yet: their limits are found, and nothing is lost."""

import json
import time
from collections import Counter

import pytest

from chat_server import Answer, ChatServer, completion, error, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import CollectionStoppedError, collect_replies
from introspect_bayes.collect.collection import Nobody
from loopback import MODEL, answers, impatient

PLANNED = 32


class Listener(Nobody):
    """Progress that keeps what it is told."""

    def __init__(self):
        self.told, self.snapshots, self.replies = [], [], []

    def update(self, snapshot):
        self.snapshots.append(snapshot)

    def tell(self, text):
        self.told.append(text)

    def first(self, task, reply, failure):
        self.replies.append((task, reply, failure))


def one_at_a_time(takes):
    """The script of a server that works off its calls in turn, those given up as well."""
    free = 0.0

    def script(hit):
        nonlocal free
        free = max(free, time.monotonic()) + takes
        answer = sensible(hit)
        answer.delay = free - time.monotonic()
        return answer

    return script


def test_a_server_that_answers_one_call_at_a_time_is_not_asked_for_more(study):
    listener = Listener()
    settings = impatient(concurrency=8, timeout=0.35)
    with ChatServer(one_at_a_time(0.1)) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=settings, progress=listener
        )
    assert result.complete
    assert len(answers(study)) == PLANNED
    assert set(result.counts.failed) == {"timeout"}
    assert result.counts.failed["timeout"] < PLANNED
    (said,) = listener.told
    assert result.findings == [said]
    assert "calls at once within 0.35 s" in said
    assert "--concurrency" in said
    assert "--timeout" in said


def limiter(most, window, fault):
    """The script of a server that answers so many calls in a window, and no more."""
    begun = []

    def script(hit):
        begun[:] = [at for at in begun if at > hit.at - window]
        if len(begun) >= most:
            return fault
        begun.append(hit.at)
        return None

    return script


def test_a_rate_limit_without_a_hint_uses_up_no_attempts(study):
    listener = Listener()
    settings = impatient(concurrency=8, attempts=1, longest_wait=0.4)
    with ChatServer(limiter(5, 0.5, error(429))) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=settings, progress=listener
        )
    assert result.complete
    assert set(result.counts.failed) == {"rate limited"}
    assert result.counts.failed.total() < 4 * PLANNED
    assert any("times a minute" in text for text in listener.told)


def test_a_rate_limit_that_never_ends_ends_the_run(study):
    settings = impatient(longest_pause=0.5)
    with ChatServer(limiter(10, 1e9, error(429, "no more today"))) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert (result.snapshot.answered, result.ending) == (10, "server failing")
    assert "rate limited for" in result.message
    assert "no more today" in result.message
    assert len(server.hits) < 100


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "Rate limit reached. Please try again in 600ms."),
        Answer(b'{"error": {"details": [{"retryDelay": "0.6s"}]}}', 429),
        error(429, x_ms_retry_after_ms="600"),
        error(429, x_ratelimit_reset_requests="600ms"),
        error(
            429,
            retry_after="Mon, 01 Jan 2024 00:00:01 GMT",
            date="Mon, 01 Jan 2024 00:00:00 GMT",
        ),
    ],
    ids=["text", "retryDelay", "x-ms-retry-after-ms", "x-ratelimit-reset", "date"],
)
def test_all_workers_rest_as_long_as_the_server_says(study, fault):
    with ChatServer(lambda hit: fault if hit.number == 8 else None) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert result.complete
    limited = server.hits[8].at
    assert not [hit for hit in server.hits if limited + 0.1 < hit.at < limited + 0.55]


LOADING = [
    Answer(b'{"error":{"message":"Loading model","type":"unavailable_error","code":503}}', 503),
    Answer(b'{"error": "Model x is currently loading", "estimated_time": 0.05}', 503),
]


@pytest.mark.parametrize("start", [0, 9])
@pytest.mark.parametrize("fault", LOADING, ids=["llama.cpp", "estimated_time"])
def test_a_server_that_loads_its_model_is_waited_for(study, fault, start):
    def script(hit):
        return fault if start <= hit.number < start + 9 else None

    with ChatServer(script) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(attempts=2)
        )
    assert result.complete
    assert result.counts.failed == {"loading": 9}


def test_a_server_that_never_ends_loading_ends_the_run(study):
    with ChatServer(lambda hit: LOADING[0]) as server:  # noqa: ARG005
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(longest_pause=0.3)
        )
    assert (result.snapshot.answered, result.ending) == (0, "server failing")
    assert "loading for" in result.message


def test_a_request_that_is_never_answered_in_time_holds_up_no_other(study):
    poison = []

    def script(hit):
        if hit.number == 6:
            poison.append(hit.raw)
        return Answer(b"{}", delay=30) if hit.raw in poison else None

    settings = impatient(timeout=0.4, attempts=2)
    with ChatServer(script) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert (result.snapshot.answered, result.ending) == (PLANNED - 1, "server failing")
    asked = Counter(hit.raw for hit in server.hits)
    assert 2 <= asked[poison[0]] <= 3
    assert result.counts.failed.total() <= 6
    assert "--timeout" in result.message


@pytest.mark.parametrize("start", [0, 10])
def test_a_server_that_stops_answering_ends_the_run(study, start):
    hangs = Answer(b"{}", delay=30)
    settings = impatient(timeout=0.3, attempts=3, concurrency=8)
    with ChatServer(lambda hit: hangs if hit.number >= start else None) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert (result.snapshot.answered, result.ending) == (start, "server failing")
    assert "--timeout" in result.message
    assert len(server.hits) <= start + (3 if not start else 8 + 4 + 2 + 1 + 3)


def test_waiting_is_shown_while_it_lasts(study):
    listener = Listener()

    def script(hit):
        answer = error(429, retry_after="1.4") if hit.number == 1 else sensible(hit)
        answer.delay = 1.3 if not hit.number else 0.0
        return answer

    with ChatServer(script) as server:
        settings = impatient(concurrency=1, limit=3)
        collect_replies(study, MODEL, base_url=server.address, settings=settings, progress=listener)
    first = next(s for s in listener.snapshots if s.waiting.calls)
    assert first.answered == 0
    assert first.waiting.longest > 0.5
    resting = next(s for s in listener.snapshots if s.waiting.rest)
    assert resting.waiting.reason == "rate limited"
    assert resting.failed == {"rate limited": 1}


def test_the_first_replies_are_shown_as_they_come(study, capsys):
    def script(hit):
        answer = sensible(hit)
        if b"[DECISION TASK]" not in hit.raw:
            return completion("I'd rather\x1b[2J not", MODEL)
        return answer

    with ChatServer(script) as server:
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        assert main([*command, "--limit", "16"]) == 3
        said = capsys.readouterr().err
        assert main([*command, "--quiet"]) == 0
        quiet = capsys.readouterr().err
    shown = [line for line in said.splitlines() if line.startswith("First")]
    assert sorted(line[:12] for line in shown) == ["First decisi", "First report"]
    assert any(line.endswith((": A", ": B")) for line in shown)
    assert any("(cannot be used: not JSON): I'd rather\\x1b[2J not" in line for line in shown)
    assert "First" not in quiet


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_on_this_machine_is_not_asked_through_a_proxy(study, monkeypatch, variable, host):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    scheme = "socks5" if variable == "ALL_PROXY" else "http"
    monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:1")
    with ChatServer() as server:
        address = server.address.replace("127.0.0.1", host)
        result = collect_replies(study, MODEL, base_url=address, settings=impatient(limit=2))
    assert result.counts.answered == 2
    assert not result.counts.failed


def test_a_dry_run_says_which_numbers_are_guesses(study, capsys, tmp_path):
    found = tmp_path / "estimate.json"
    command = ["collect", str(study), "--model", MODEL, "--dry-run", "--json", str(found)]
    assert main(command) == 0
    assert "Guessed are the tokens of decisions and reports" in capsys.readouterr().out
    assert json.loads(found.read_text())["guessed"] == ["decision", "report"]
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=25))
    capsys.readouterr()
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "counted in" in said
    assert "Guessed" not in said
    assert json.loads(found.read_text())["guessed"] == []


def test_a_model_may_leave_out_or_add_what_servers_add_to_its_name(study):
    names = (MODEL, f"{MODEL}:latest", f"org/{MODEL}:free")

    def script(hit):
        body = json.loads(sensible(hit).body)
        return Answer(json.dumps({**body, "model": names[hit.number % 3]}).encode())

    with ChatServer(script) as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    other = completion("A", f"{MODEL}:70b")
    with (
        ChatServer(lambda hit: other) as server,  # noqa: ARG005
        pytest.raises(CollectionStoppedError, match="70b"),
    ):
        collect_replies(study, f"{MODEL}:7b", base_url=server.address)
