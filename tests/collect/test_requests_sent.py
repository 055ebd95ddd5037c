"""What requests look like: no empty system message, limits and formats as servers name them."""

import json
from dataclasses import replace

import pytest

from chat_server import ChatServer
from introspect_bayes.cli import main
from introspect_bayes.collect import collect_replies
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import SamplingOptions, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import read_study_folder
from introspect_bayes.store import Store
from loopback import MODEL, impatient, rows

PLANNED = 32


@pytest.fixture
def without_system(study):
    """The study, its prompts without a system message."""
    for name in ("decision", "report"):
        path = study / "prompts" / f"{name}.toml"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (line,) = [n for n, text in enumerate(lines) if text.startswith("system")]
        lines[line] = 'system = ""\n'
        path.write_text("".join(lines), encoding="utf-8")
    return study


def roles(server):
    return {tuple(m["role"] for m in hit.body["messages"]) for hit in server.hits}


def test_an_empty_system_prompt_is_no_message(without_system):
    with ChatServer() as server:
        collect_replies(without_system, MODEL, base_url=server.address, settings=impatient())
    assert roles(server) == {("user",)}
    assert main(["verify", str(without_system)]) == 0


def test_what_was_asked_with_an_empty_system_message_goes_on_so(without_system):
    prepared = read_study_folder(without_system)
    before = replace(
        prepared,
        templates={t: replace(p, keeps_empty_system=True) for t, p in prepared.templates.items()},
    )
    model = Model(MODEL, MODEL)
    planned = {request.id for request in plan_requests(before, model, SamplingOptions())}
    with Store(without_system / "replies.sqlite") as store:
        store.plan(plan_requests(before, model, SamplingOptions()))
    with ChatServer() as server:
        for name in (MODEL, "tiny-2"):  # one study asks all its models alike
            result = collect_replies(
                without_system, name, base_url=server.address, settings=impatient()
            )
            assert result.complete
    assert roles(server) == {("system", "user")}
    stored = rows(without_system, "SELECT id, model FROM requests")
    assert {id_ for id_, name in stored if name == MODEL} == planned
    assert main(["verify", str(without_system)]) == 0


def test_training_examples_with_an_empty_system_message_are_asked_with_it(without_system):
    (without_system / "training").mkdir(exist_ok=True)
    line = {"messages": [{"role": "system", "content": ""}, {"role": "user", "content": "A or B"}]}
    (without_system / "training" / "preferences.jsonl").write_text(json.dumps(line) + "\n")
    with ChatServer() as server:
        collect_replies(without_system, MODEL, base_url=server.address, settings=impatient(limit=2))
    assert roles(server) == {("system", "user")}


def test_limits_go_by_the_name_that_the_server_knows(study):
    command = ["collect", str(study), "--model", MODEL, "--limit-parameter",
               "max_completion_tokens", "--max-tokens", "120", "--decision-max-tokens", "1",
               "--json-object-reports"]  # fmt: skip
    with ChatServer() as server:
        assert main([*command, "--base-url", server.address]) == 0
    for hit in server.hits:
        decision = b"[DECISION TASK]" in hit.raw
        assert hit.body["max_completion_tokens"] == (1 if decision else 120)
        assert "max_tokens" not in hit.body
        assert hit.body.get("response_format") == (None if decision else {"type": "json_object"})
    with pytest.raises(InputError, match="response_format: json_object, now a schema"):
        collect_replies(
            study, MODEL, base_url=server.address,
            conditions=SamplingOptions(
                max_tokens=120, decision_max_tokens=1, structured_reports=True,
                limit_parameter="max_completion_tokens",
            ),
        )  # fmt: skip


@pytest.mark.parametrize(
    "impossible",
    [
        {"structured_reports": "yaml"},
        {"limit_parameter": "most"},
        {"limit_parameter": "max_completion_tokens", "max_tokens": 5,
         "extra": {"max_completion_tokens": 6}},
    ],
)  # fmt: skip
def test_impossible_conditions_are_refused(impossible):
    with pytest.raises(InputError):
        SamplingOptions(**impossible)


def test_one_way_of_structuring_reports_at_a_time(study, capsys):
    both = ["--structured-reports", "--json-object-reports"]
    assert main(["collect", str(study), "--model", MODEL, "--dry-run", *both]) == 2
    assert "give one of them" in capsys.readouterr().err
