"""Models that will soon be shut down: the server's list of models says so, and only helps."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server import Answer, ChatServer, completion, error
from introspect_bayes.cli import main
from introspect_bayes.collect import collect_replies
from introspect_bayes.collect.shutdown import NOTICE_DAYS, shutdown_warning
from introspect_bayes.protocol.stages import Model
from loopback import KEY, MODEL, answers, impatient, rows, stored_bytes

TODAY = date(2026, 11, 27)
END = "2027-01-14"


def listing(**ends):
    entries = [{"id": "another", "object": "model", "shutdown_date": None}]
    entries += [{"id": name, "object": "model", "shutdown_date": end} for name, end in ends.items()]
    return {"object": "list", "data": entries}


def lists(**ends):
    return lambda: Answer(json.dumps(listing(**ends)).encode())


def soon(days=40):
    return (datetime.now(UTC).date() + timedelta(days)).isoformat()


class Watching:
    """Progress that keeps its warnings."""

    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)

    def __getattr__(self, name):
        return lambda *_, **__: None


@pytest.mark.parametrize(
    "end",
    [END, f"{END}T00:00:00Z", f" {END} ", "20270114", 1_799_884_800, 1_799_884_800.0,
     "1799884800", 1_799_884_800_000],
)  # fmt: skip
def test_a_date_in_any_form_is_read(end):
    said = shutdown_warning(Model("m", "m"), listing(m=end), TODAY)
    assert said.startswith(f"the server shuts down m on {END}, in 48 days")


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (TODAY + timedelta(NOTICE_DAYS + 1), ""),
        (TODAY + timedelta(NOTICE_DAYS), "in 90 days"),
        (TODAY + timedelta(1), "tomorrow"),
        (TODAY, "today"),
        (TODAY - timedelta(1), "was to shut down m on 2026-11-26"),
    ],
)
def test_only_an_end_that_is_near_is_warned_of(end, says):
    said = shutdown_warning(Model("m", "m"), listing(m=end.isoformat()), TODAY)
    assert says in said
    assert bool(said) == bool(says)


@pytest.mark.parametrize(
    "model",
    [
        Model("ft:gpt-4o-2024-08-06:lab::AbC1", "ft:gpt-4o-2024-08-06:lab::AbC1"),
        Model("ft:gpt-4o-2024-08-06:lab:a:AbC1:ckpt-step-90", "mine"),
        Model("tuned", "gpt-4o-2024-08-06", "weight-trained", "", "gpt-4o-2024-08-06"),
        Model("tuned", "other", "introspection-trained", "all", "ft:gpt-4o-2024-08-06:lab::AbC1"),
    ],
)
def test_fine_tuned_models_end_with_what_they_were_made_from(model):
    listed = listing(**{"gpt-4o-2024-08-06": END, model.name: None})
    said = shutdown_warning(model, listed, TODAY)
    assert f"shuts down gpt-4o-2024-08-06, from which {model.name} was made, on {END}" in said


def test_a_date_of_its_own_counts_before_that_of_the_base():
    listed = listing(**{"gpt": END, "ft:gpt:lab::1": "2028-01-01"})
    assert shutdown_warning(Model("ft:gpt:lab::1", "gpt"), listed, TODAY) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("m"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "id", "shutdown_date"]) | st.text(max_size=2), inner
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_nothing_that_a_server_lists_raises(value):
    for listed in (value, {"data": value}, {"data": [{"id": "m", "shutdown_date": value}]}):
        assert isinstance(shutdown_warning(Model("m", "m"), listed, TODAY), str)


def test_a_run_warns_once_and_keeps_it_apart_from_replies(study):
    watching = Watching()
    with ChatServer() as server:
        server.models = lists(**{MODEL: soon()})
        collection = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(), progress=watching
        )
        assert (server.listed, len(server.hits)) == (1, 32)
    assert collection.complete
    (warned,) = [text for text in watching.warnings if "shuts down" in text]
    assert f"shuts down {MODEL} on {soon()}, in 40 days" in warned
    assert warned in collection.warnings
    assert collection.as_dict()["warnings"].count(warned) == 1
    assert len(answers(study)) == 32
    assert rows(study, "SELECT count(*) FROM attempts") == [(32,)]
    assert KEY.encode() not in stored_bytes(study)


def test_nothing_is_listed_for_a_dry_run_or_a_complete_study(study, capsys):
    with ChatServer() as server:
        server.models = lists(**{MODEL: soon()})
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        assert main([*command, "--dry-run"]) == 0
        assert (server.listed, server.hits) == (0, [])
        assert main(command) == 0
        assert f"Warning: the server shuts down {MODEL}" in " ".join(
            capsys.readouterr().out.split()
        )
        assert main(command) == 0
        assert server.listed == 1


@pytest.mark.parametrize(
    "answer",
    [
        error(500),
        error(401, f"no, {KEY}"),
        error(302, location="http://127.0.0.1:9/"),
        Answer(b"<html>"),
        Answer(b"[]"),
        Answer(b"[" * 100_000),
        Answer(b'{"data": [', sent=5),
        Answer(b"{}", delay=3600),
        completion("A", MODEL),
    ],
    ids=["500", "401", "302", "page", "list", "nested", "cut", "silent", "reply"],
)
def test_a_list_that_fails_changes_nothing(study, answer):
    watching = Watching()
    with ChatServer() as server:
        server.models = lambda: answer
        collection = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(), progress=watching
        )
    assert collection.complete
    assert not [text for text in watching.warnings if "shut" in text]
    assert collection.counts.failed.total() == 0
    assert KEY.encode() not in stored_bytes(study)


def test_calls_do_not_wait_for_the_list(study):
    """Every answer is there while the server still thinks about its list."""
    with ChatServer() as server:
        server.models = lambda: Answer(b"{}", delay=3600)
        collect_replies(study, MODEL, base_url=server.address, settings=impatient())
        assert (server.listed, len(server.hits)) == (1, 32)
