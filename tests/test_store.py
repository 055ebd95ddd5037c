import sqlite3
from pathlib import Path

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import Attribute, DecisionContext
from introspect_bayes.protocol.prompts import shipped_template
from introspect_bayes.protocol.requests import Request, SamplingOptions, plan_requests
from introspect_bayes.protocol.stages import PAPER_STAGES, Model, held_out
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.training import Counts
from introspect_bayes.protocol.trials import Options, Trial, draw_trials
from introspect_bayes.store import Store
from introspect_bayes.store.schema import MIGRATIONS

CONTEXTS = {
    name: [
        DecisionContext(f"{name}_{i}", f"Which {name} {i}?", (Attribute("w", 0, 9, "kg"),))
        for i in range(4)
    ]
    for name in ("instilled", "native")
}
TRIALS = [
    trial
    for name, members in CONTEXTS.items()
    for trial in draw_trials(members, name, {"decision": 3, "report": 2}, 1)
]
TEMPLATES = {task: shipped_template(f"{task}-1") for task in ("decision", "report")}


MODELS = [
    Model("base", "base"),
    Model("tuned", "base", "weight-trained"),
    Model("first", "base", "introspection-trained", "first"),
    Model("all", "base", "introspection-trained", "all"),
]


def study_of(trials):
    return PreparedStudy(
        Path(), "s", 1, Counts(), "strict-1", CONTEXTS, {}, trials, TEMPLATES, PAPER_STAGES
    )


def requests(**conditions):
    study = study_of(TRIALS)
    return [r for m in MODELS for r in plan_requests(study, m, SamplingOptions(**conditions))]


def test_each_stage_is_asked_what_the_paper_asked():
    asked = {}
    for request in requests():
        trial = request.trial
        key = (request.model.name, trial.task, trial.context_set)
        asked.setdefault(key, set()).add(trial.context)
    assert asked == {
        ("base", "report", "instilled"): {f"instilled_{i}" for i in range(4)},
        ("tuned", "decision", "instilled"): {f"instilled_{i}" for i in range(4)},
        ("tuned", "decision", "native"): {f"native_{i}" for i in range(4)},
        ("tuned", "report", "instilled"): {f"instilled_{i}" for i in range(4)},
        ("tuned", "report", "native"): {f"native_{i}" for i in range(4)},
        ("first", "report", "instilled"): {"instilled_2", "instilled_3"},
        ("all", "report", "native"): {f"native_{i}" for i in range(4)},
    }
    assert held_out(["a", "b", "c"], "last") == {"a"}


def test_identity_is_content_and_replicate():
    first, again = requests(), requests()
    assert [r.id for r in first] == [r.id for r in again]
    assert len({r.id for r in first}) == len(first)
    warmer = {r.id for r in requests(temperature=1)}
    assert not warmer & {r.id for r in first}


def test_equal_contents_are_told_apart_by_their_replicate():
    options = Options((1.0,), (2.0,))
    trials = [Trial("decision", "native", "native_0", n, options) for n in (1, 2)]
    one, two = plan_requests(study_of(trials), MODELS[1], SamplingOptions())
    assert one.content == two.content
    assert (one.replicate, two.replicate) == (0, 1)
    assert one.id != two.id


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "replies.sqlite") as opened:
        opened.plan(requests())
        yield opened


def test_replies_come_back_word_for_word_in_the_order_of_the_plan(store):
    planned: list[Request] = requests()
    store.answer((planned[n].id, text, "stop") for n, text in ((5, "B\n"), (2, None)))
    assert [(r.trial, r.text) for r in store.replies()] == [
        (planned[2].trial.id, None),
        (planned[5].trial.id, "B\n"),
    ]
    with Store(store.path) as again:
        assert len(list(again.replies())) == 2
        again.plan(requests())


def test_a_second_answer_and_an_unplanned_one_are_refused_whole(store):
    first, second, *_ = requests()
    store.answer([(first.id, "A", "stop")])
    for bad in (first.id, "unknown"):
        with pytest.raises(InputError, match="nothing was added"):
            store.answer([(second.id, "A", "stop"), (bad, "B", "stop")])
    assert len(list(store.replies())) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE replies SET text = 'B'",
        "DELETE FROM replies",
        "UPDATE requests SET model = 'x'",
        "DELETE FROM requests",
    ],
)
def test_nothing_is_ever_changed(store, statement):
    store.answer([(requests()[0].id, "A", "stop")])
    connection = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.IntegrityError, match="are never"):
        connection.execute(statement)
    connection.close()


def test_foreign_and_newer_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("not a database at all, but long enough to look at" * 9)
    with pytest.raises(InputError, match="not a store"):
        Store(tmp_path / "text")
    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(InputError, match="newer version"):
        Store(tmp_path / "newer")
