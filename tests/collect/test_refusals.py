"""One input that a server refuses blocks no study; a server that refuses all ends the run."""

import json

import pytest

import introspect_bayes as ib
from chat_server import Answer, ChatServer, completion, error
from introspect_bayes.cli import main
from introspect_bayes.collect import CollectionStoppedError, collect_replies
from loopback import MODEL, answers, impatient, rows

PLANNED = 32
FLAGGED = error(403, "Your input was flagged for violence")


def contents(study, task=""):
    found = rows(study, "SELECT trial, content FROM requests ORDER BY id")
    return [text.encode() for trial, text in found if trial.startswith(task)]


def started(study, limit=1):
    """Ask a first request of a study, so that its requests are known."""
    with ChatServer() as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=limit))
    return {hit.raw for hit in server.hits}


def refusing(inputs, refusal):
    return lambda hit: refusal if hit.raw in inputs else None


REFUSALS = {
    "flagged": FLAGGED,
    "content_filter": error(400, "filtered", "content_filter"),
    "bare 403": error(403, "Forbidden"),
    "bare 400": error(400, "invalid request"),
    "filtered answer": completion(
        None, MODEL, choices=[{"message": {"content": None}, "finish_reason": "content_filter"}]
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_refused_inputs_are_settled_and_the_study_completes(study, tmp_path, capsys, refusal):
    done = started(study)
    poison = {c for c in contents(study, "decision/") if c not in done}
    poison = set(sorted(poison)[:3])
    counts = tmp_path / "counts.json"
    with ChatServer(refusing(poison, refusal)) as server:
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        assert main([*command, "--concurrency", "2", "--json", str(counts)]) == 0
        assert main(command) == 0
        assert len(server.hits) == PLANNED - 1
    found = json.loads(counts.read_text())
    assert (found["answered"], found["refused"], found["complete"]) == (PLANNED - 3, 3, True)
    assert sum(of["count"] for of in found["refusals"]) == 3
    assert {"task", "context", "reason", "count"} <= found["refusals"][0].keys()
    said = capsys.readouterr().out
    assert "refused 3 requests" in said
    assert found["refusals"][0]["context"] in said
    loaded = ib.load_study(study)
    assert loaded.unanswered == {}
    assert loaded.failures.empty
    assert loaded.refused["count"].sum() == 3
    assert loaded.refused["reason"].iloc[0] in said
    assert any("refused 3 requests" in warning for warning in ib.study_warnings(loaded))
    assert main(["verify", str(study)]) == 0
    assert main(["export", str(study), str(tmp_path / "tables")]) == 0
    assert (tmp_path / "tables/refusals.csv").read_text().count("\n") == 4
    with ChatServer() as server:
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        assert main([*command, "--ask-refused-again"]) == 0
    assert {hit.raw for hit in server.hits} == poison
    assert len(answers(study)) == PLANNED
    assert ib.load_study(study).refused.empty


def test_a_later_run_that_holds_only_refusals_completes(study):
    done = started(study, limit=PLANNED - 6)
    poison = set(contents(study)) - done
    with ChatServer(refusing(poison, FLAGGED)) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, result.snapshot.refused, len(server.hits)) == (True, 6, 6)


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_server_that_refuses_everything_midway_ends_the_run_and_settles_nothing(prepare, refusal):
    study = prepare(contexts=8, decisions=10)
    with (
        ChatServer(lambda hit: refusal if hit.number >= 9 else None) as server,
        pytest.raises(CollectionStoppedError),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert len(server.hits) <= 9 + 20 + 4 + 3
    assert rows(study, "SELECT count(*) FROM refusals") == [(0,)]
    with ChatServer() as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    assert len(answers(study)) == 8 * 12


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_server_that_refuses_everything_from_the_start_ends_the_run(study, refusal):
    with ChatServer(lambda hit: refusal) as server, pytest.raises(CollectionStoppedError):  # noqa: ARG005
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert len(server.hits) <= 3
    assert rows(study, "SELECT count(*) FROM refusals") == [(0,)]


def test_one_refused_request_is_one(study, capsys):
    done = started(study)
    poison = next(c for c in contents(study) if c not in done)
    with ChatServer(refusing({poison}, FLAGGED)) as server:
        assert main(["collect", str(study), "--model", MODEL, "--base-url", server.address]) == 0
    assert "refused 1 request," in capsys.readouterr().out
    (warning,) = [w for w in ib.study_warnings(ib.load_study(study)) if "refused" in w]
    assert "refused 1 request," in warning


def test_a_refusal_without_words_ends_in_no_colon(study):
    with (
        ChatServer(lambda hit: Answer(b"", 403)) as server,  # noqa: ARG005
        pytest.raises(CollectionStoppedError, match=r"\(403\)$"),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())


OPENAI_LIMIT = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)


@pytest.mark.parametrize(
    ("said", "option"),
    [
        (OPENAI_LIMIT, "--limit-parameter max_completion_tokens"),
        ("Unrecognized request argument: max_completion_tokens", "--limit-parameter max_tokens"),
        ("Unsupported value: 'temperature' does not support 0", "--temperature default"),
        ("'response_format' of type 'json_schema' is not supported", "--json-object-reports"),
    ],
)
def test_what_avoids_a_refused_parameter_is_named(study, said, option):
    with (
        ChatServer(lambda hit: error(400, said, "unsupported_parameter")) as server,  # noqa: ARG005
        pytest.raises(CollectionStoppedError, match=option),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())


def test_a_task_that_is_always_called_wrong_is_no_row_of_refused_inputs(study):
    def script(hit):
        decides = hit.body["messages"][-1]["content"].startswith("[DECISION TASK]")
        return None if decides else error(400, "response_format is not supported")

    with (
        ChatServer(script) as server,
        pytest.raises(CollectionStoppedError, match="refuses one report after the other"),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert rows(study, "SELECT count(*) FROM refusals") == [(0,)]


def test_an_earlier_refusal_is_evidence_where_others_were_answered_since(study):
    started(study)
    bare = error(403, "Forbidden")
    with ChatServer(lambda hit: bare) as server:  # noqa: ARG005
        with pytest.raises(CollectionStoppedError, match="may not use this model"):
            collect_replies(study, MODEL, base_url=server.address, settings=impatient())
        refused = {hit.raw for hit in server.hits}
    assert len(refused) == 3
    with ChatServer(refusing(refused, bare)) as server:
        settings = impatient(limit=PLANNED - 4)
        collect_replies(study, MODEL, base_url=server.address, settings=settings)
        assert not {hit.raw for hit in server.hits} & refused
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, result.snapshot.refused) == (True, 3)


def test_refused_requests_that_are_refused_again_stay_refused(study):
    done = started(study)
    poison = set([c for c in contents(study) if c not in done][:2])
    with ChatServer(refusing(poison, FLAGGED)) as server:
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
        settings = impatient(ask_refused_again=True)
        result = collect_replies(study, MODEL, base_url=server.address, settings=settings)
    assert (result.complete, result.snapshot.refused, result.counts.attempts) == (True, 2, 2)
    assert sum(of.count for of in result.refusals) == 2
