"""Stopped however it may be, a collection goes on and ends as if nothing had happened."""

import asyncio
import json
import multiprocessing
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from chat_server import ChatServer, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import collect_replies
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.store.schema import MIGRATIONS
from loopback import CONCURRENCY, MODEL, answers, impatient, rows, run_in_process

PROGRAM = [sys.executable, "-c", "from introspect_bayes.cli import main; exit(main())"]


def wait_for(condition, process):
    """Wait until a condition holds while a process runs."""
    while not condition():
        assert process.is_alive(), f"the process ended: {process.exitcode}"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def processes():
    """A server that forks processes which have already imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["introspect_bayes.collect", "openai", "httpx2", "openai.resources.chat"]
    )
    return context


def slowly(hit):
    answer = sensible(hit)
    answer.delay = 0.004
    return answer


@pytest.mark.parametrize("times", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_many_times_it_ends_as_if_undisturbed(prepare, processes, times):
    undisturbed, study = (
        prepare(name, contexts=10, decisions=50, reports=5) for name in ("a", "b")
    )
    with ChatServer() as server:
        collect_replies(
            undisturbed, MODEL, base_url=server.address, settings=impatient(concurrency=32)
        )
    moments = random.Random(4)
    kills, known, unknown = 0, {}, Counter()
    with ChatServer(slowly) as server:
        while kills < times:
            before = len(server.hits)
            process = processes.Process(target=run_in_process, args=(study, server.address))
            process.start()
            # Where in the run is what counts, so wait for hits, not for time.
            most = before + moments.randrange(1, 16)
            while process.is_alive() and len(server.hits) < most:
                time.sleep(0.0005)
            time.sleep(moments.uniform(0, 0.01))
            assert process.is_alive(), "the study is too small for so many kills"
            process.kill()
            process.join()
            kills += 1
            now = dict(rows(study, "SELECT request, text FROM replies"))
            assert known.items() <= now.items()
            known = now
            (open_attempts,) = rows(
                study,
                "SELECT count(*) FROM attempts LEFT JOIN outcomes ON attempt = attempts.number"
                " WHERE attempt IS NULL",
            )[0]
            unknown[kills] = open_attempts
            assert unknown[kills] - unknown[kills - 1] <= CONCURRENCY
        process = processes.Process(target=run_in_process, args=(study, server.address))
        process.start()
        process.join()
        hits = Counter(hit.raw for hit in server.hits)
    assert answers(study) == answers(undisturbed)
    assert rows(study, "PRAGMA integrity_check") == [("ok",)]
    assert main(["verify", str(study)]) == 0
    again = sum(count - 1 for count in hits.values())
    assert again <= unknown[times]
    (counted,) = rows(study, "SELECT count(*) FROM attempts")[0]
    assert len(answers(study)) + again <= counted <= len(answers(study)) + unknown[times]
    result = json.loads((study / "result.json").read_text())
    assert result["complete"]
    assert result["possibly_billed_twice"] <= unknown[times]


def test_requests_cut_off_by_a_kill_are_counted_as_possibly_billed_twice(study, processes):
    def stuck(hit):
        answer = sensible(hit)
        answer.delay = 30 if hit.number >= 5 else 0
        return answer

    with ChatServer(stuck) as server:
        process = processes.Process(target=run_in_process, args=(study, server.address))
        process.start()
        wait_for(lambda: len(server.hits) >= 5 + CONCURRENCY, process)
        process.kill()
        process.join()
    with ChatServer() as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert result.as_dict()["possibly_billed_twice"] == CONCURRENCY
    assert result.as_dict()["attempts_in_all_runs"] == {"answered": 32, "interrupted": CONCURRENCY}


def test_a_full_disk_stops_the_calls_and_loses_nothing(prepare, processes):
    study = prepare(contexts=8, decisions=50)
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=20))
        kept = answers(study)
        before = len(server.hits)
        size = (study / "replies.sqlite").stat().st_size + 100_000
        process = processes.Process(target=run_in_process, args=(study, server.address, size))
        process.start()
        process.join()
        asked = len(server.hits) - before
        result = json.loads((study / "result.json").read_text())
        assert result["ending"] == "store failing"
        assert "cannot be written" in result["message"]
        assert asked < 300
        stored = answers(study)
        assert set(kept) <= set(stored)
        assert rows(study, "PRAGMA integrity_check") == [("ok",)]
        assert len(stored) >= 20 + asked - CONCURRENCY
        final = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert final.complete
    assert max(Counter(hit.raw for hit in server.hits).values()) <= 2


def test_a_second_process_is_refused(study, processes):
    def stuck(hit):
        answer = sensible(hit)
        answer.delay = 30
        return answer

    with ChatServer(stuck) as server:
        process = processes.Process(target=run_in_process, args=(study, server.address))
        process.start()
        wait_for(lambda: server.hits, process)
        with pytest.raises(InputError, match="another process is collecting"):
            collect_replies(study, MODEL, base_url=server.address)
        assert main(["verify", str(study)]) == 0
        process.kill()
        process.join()
        assert len(server.hits) == 1


@pytest.mark.compiles
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(study, times):
    def slow(hit):
        answer = sensible(hit)
        answer.delay = 1.0 if times == 1 else 30
        return answer if hit.number >= 3 else None

    with ChatServer(slow) as server:
        command = [*PROGRAM, "collect", str(study), "--model", MODEL, "--base-url", server.address]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            while len(server.hits) < 11 and process.poll() is None:
                time.sleep(0.01)
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                time.sleep(0.3)
            out, err = process.communicate(timeout=10)
        hits = len(server.hits)
    assert process.returncode == 3
    assert "Traceback" not in err
    assert "goes on from here" in out
    assert hits == 11
    done = {1: 11, 2: 3}[times]
    assert len(answers(study)) == done
    kinds = dict(rows(study, "SELECT kind, count(*) FROM outcomes GROUP BY kind"))
    assert kinds == ({"answered": 11} if times == 1 else {"answered": 3, "abandoned": 8})
    assert rows(study, "SELECT reason FROM run_ends") == [("interrupted",)]
    with ChatServer() as server:
        final = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert final.complete
    assert len(server.hits) == 32 - done
    assert final.as_dict()["possibly_billed_twice"] == (0 if times == 1 else 8)


def test_it_runs_inside_a_running_event_loop(study):
    async def notebook():
        return collect_replies(study, MODEL, base_url=server.address, settings=impatient())

    with ChatServer() as server:
        assert asyncio.run(notebook()).complete


def test_answers_do_not_depend_on_the_order_of_replies(prepare):
    def jumbled(hit):
        answer = sensible(hit)
        answer.delay = hit.number * 7 % 5 / 100
        return answer

    studies = [prepare(name) for name in ("one", "many")]
    for study, concurrency in zip(studies, (1, 16), strict=True):
        with ChatServer(jumbled) as server:
            settings = impatient(concurrency=concurrency)
            collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert answers(studies[0]) == answers(studies[1])


def test_a_limit_ends_the_run_and_the_rest_follows(study, tmp_path, capsys):
    with ChatServer() as server:
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        counts = tmp_path / "counts.json"
        assert main([*command, "--limit", "10", "--json", str(counts)]) == 3
        assert len(server.hits) == 10
        assert json.loads(counts.read_text())["answered"] == 10
        assert main([*command, "--json", str(counts)]) == 0
        assert len(server.hits) == 32
        found = json.loads(counts.read_text())
        assert (found["planned"], found["answered"], found["attempts"]) == (32, 32, 22)
        assert found["valid"] + found["invalid"] == 32
        assert main(command) == 0
        assert len(server.hits) == 32
    assert "analyze" in capsys.readouterr().out


def test_port_and_key_are_not_part_of_a_requests_identity(study, monkeypatch):
    for key, limit in (("first-key-1234", 10), ("second-key-5678", None)):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with ChatServer() as server:
            settings = impatient(limit=limit)
            collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert {hit.key for hit in server.hits} == {"second-key-5678"}
    assert len(server.hits) == 22


def test_conditions_never_change_within_a_study(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=5))
        for conditions, named in (
            (SamplingOptions(temperature=1), "temperature: 0, now 1"),
            (SamplingOptions(seed=3), "seed: not set, now 3"),
        ):
            with pytest.raises(InputError, match=named):
                collect_replies(study, MODEL, base_url=server.address, conditions=conditions)
        for task in ("report", "decision"):
            path = study / "prompts" / f"{task}.toml"
            path.write_text(path.read_text().replace("{question}", "Well: {question}", 1))
        with pytest.raises(InputError, match="other prompts before"):
            collect_replies(study, MODEL, base_url=server.address)
        assert len(server.hits) == 5


def test_conditions_are_sent_and_recorded(study):
    conditions = SamplingOptions(
        temperature=None, seed=7, max_tokens=90, decision_max_tokens=1, log_probabilities=5,
        structured_reports=True, extra={"top_p": 0.5},
    )  # fmt: skip
    with ChatServer() as server:
        collect_replies(
            study, MODEL, base_url=server.address, conditions=conditions, settings=impatient()
        )
    for hit in server.hits:
        body = hit.body
        decides = body["messages"][1]["content"].startswith("[DECISION TASK]")
        assert "temperature" not in body
        assert (body["seed"], body["top_p"]) == (7, 0.5)
        assert body["max_tokens"] == (1 if decides else 90)
        assert body.get("top_logprobs") == (5 if decides else None)
        assert ("response_format" in body) is not decides
    ((settings,),) = rows(study, "SELECT settings FROM runs")
    assert json.loads(settings)["conditions"]["seed"] == 7
    assert json.loads(settings)["prompts"] == {"decision": "decision-1", "report": "report-1"}
    ((provenance,),) = rows(study, "SELECT provenance FROM runs")
    assert {"introspect_bayes", "openai", "commit", "dirty"} <= json.loads(provenance).keys()


def test_a_dry_run_asks_and_writes_nothing(study, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    before = sorted(study.rglob("*"))
    prices = ["--price-prompt", "2.5", "--price-reply", "10"]
    command = ["collect", str(study), "--model", MODEL, "--dry-run", *prices]
    counts = tmp_path / "counts.json"
    assert main([*command, "--json", str(counts)]) == 0
    assert sorted(study.rglob("*")) == before
    said = capsys.readouterr().out
    assert "guessed" in said
    guess = json.loads(counts.read_text())
    assert guess["to_ask"] == 32
    assert guess["cost"] == pytest.approx(
        (guess["prompt_tokens"] * 2.5 + guess["reply_tokens"] * 10) / 1e6, rel=0.01
    )
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=31))
    assert main([*command, "--json", str(counts)]) == 0
    corrected = json.loads(counts.read_text())
    # The server says 200 and 5 tokens for every reply.
    assert (corrected["to_ask"], corrected["prompt_tokens"], corrected["reply_tokens"]) == (
        1,
        200,
        5,
    )


def test_without_a_key_openai_is_not_asked(study, monkeypatch, capsys):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert main(["collect", str(study), "--model", MODEL]) == 2
    assert "set the environment variable OPENAI_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--base-url", "localhost:80"], "expected an address"),
        (["--base-url", "http://me:secret@localhost/v1"], "without password"),
        (["--temperature", "warm"], "--temperature warm"),
        (["--temperature", "-1"], "must be 0 or more"),
        (["--option", "top_p"], "write NAME=VALUE"),
        (["--option", "stream=true"], "'stream'"),
        (["--option", "temperature=1"], "'temperature'"),
        (["--json", "/nowhere/at/all.json"], "cannot be written"),
        (["--model", " "], "a name is needed"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(study, options, named, capsys):
    assert main(["collect", str(study), "--model", MODEL, *options]) == 2
    said = capsys.readouterr()
    assert named in said.err
    assert "secret" not in said.err
    assert not (study / "replies.sqlite").exists() or answers(study) == []


def test_a_store_of_the_first_version_is_carried_on(study):
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    known = answers(study)
    new = study / "replies.sqlite"
    old = sqlite3.connect(study / "old.sqlite")
    old.executescript(MIGRATIONS[0] + "PRAGMA user_version = 1;")
    old.execute("ATTACH ? AS new", (str(new),))
    old.execute("INSERT INTO requests SELECT * FROM new.requests")
    old.execute(
        "INSERT INTO replies SELECT number, request, text, finish_reason FROM new.replies"
        " WHERE number <= 20"
    )
    old.commit()
    old.close()
    for ending in ("", "-wal", "-shm"):
        (study / f"replies.sqlite{ending}").unlink(missing_ok=True)
    (study / "old.sqlite").replace(new)
    with ChatServer() as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, len(server.hits)) == (True, 12)
    assert answers(study) == known
