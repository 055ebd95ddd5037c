"""Conditions and prompts lock only what was answered."""

import pytest

import introspect_bayes as ib
from chat_server import Answer, ChatServer, error
from introspect_bayes.cli import main
from introspect_bayes.collect import CollectionStoppedError, collect_replies
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.protocol.study_folder import prepare_study
from introspect_bayes.protocol.training import Counts
from introspect_bayes.store import Store, TrainingEvent
from loopback import MODEL, answers, impatient, rows

PLANNED = 32
WRONG = SamplingOptions(extra={"top_k": 1})


def asked_in_vain(study, conditions=WRONG, fault=None):
    """Ask a study of a server that answers nothing."""
    refusal = fault or error(400, "top_k is not supported")
    with ChatServer(lambda hit: refusal) as server:  # noqa: ARG005
        try:
            collect_replies(
                study, MODEL, base_url=server.address, conditions=conditions,
                settings=impatient(attempts=1),
            )  # fmt: skip
        except CollectionStoppedError:
            return


@pytest.mark.parametrize(
    "fault", [error(400, "no"), error(404), error(500), Answer(b"", sent=0)],
    ids=["option", "address", "failing", "lost"],
)  # fmt: skip
def test_without_an_answer_other_conditions_replace_the_plan(study, tmp_path, capsys, fault):
    asked_in_vain(study, fault=fault)
    vain = rows(study, "SELECT count(*) FROM attempts")
    with ChatServer() as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, len(server.hits)) == (True, PLANNED)
    assert all("top_k" not in hit.body for hit in server.hits)
    assert rows(study, "SELECT count(*) FROM requests") == [(2 * PLANNED,)]
    assert rows(study, "SELECT count(*) FROM attempts") >= vain
    assert ib.load_study(study).unanswered == {}
    assert main(["verify", str(study)]) == 0
    assert "no reply yet" not in capsys.readouterr().out
    assert main(["export", str(study), str(tmp_path / "tables")]) == 0
    with pytest.raises(InputError, match="top_k: not set, now 1"):
        collect_replies(study, MODEL, base_url="http://localhost:1/v1", conditions=WRONG)


def test_a_plan_may_come_back_after_another(study):
    asked_in_vain(study, SamplingOptions())
    asked_in_vain(study, WRONG)
    with ChatServer() as server:
        settings = impatient(limit=5)
        collect_replies(study, MODEL, base_url=server.address, settings=settings)
        assert ib.load_study(study).unanswered == {MODEL: PLANNED - 5}
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (result.complete, len(server.hits)) == (True, PLANNED)


def test_an_answer_of_another_model_locks_nothing(study):
    with ChatServer() as server:
        collect_replies(study, "other", base_url=server.address, settings=impatient())
    asked_in_vain(study)
    with ChatServer() as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete


def test_prompts_may_change_until_something_is_answered(study):
    asked_in_vain(study, SamplingOptions())
    path = study / "prompts/decision.toml"
    path.write_text(path.read_text().replace("{question}", "Well: {question}", 1))
    with ChatServer() as server:
        settings = impatient(limit=20)
        collect_replies(study, "other", base_url=server.address, settings=settings)
        assert main(["verify", str(study)]) == 0
        ib.load_study(study)
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    asked = [hit.body["messages"][-1]["content"] for hit in server.hits]
    assert all("Well: " in text for text in asked if text.startswith("[DECISION TASK]"))


def again(folder, **changes):
    prompts = shipped_folder("data") / "prompts"
    return prepare_study(
        folder,
        {"instilled": [], "native": shipped_contexts("native")[:3]},
        {"decision": prompts / "decision-1.toml", "report": prompts / "report-1.toml"},
        counts=Counts(native_choices=4, reports=2),
        **changes,
    )


def test_prepare_force_sets_a_store_without_replies_aside(study):
    asked_in_vain(study)
    attempts = rows(study, "SELECT * FROM attempts")
    with pytest.raises(InputError, match="--force"):
        again(study)
    again(study, force=True, seed=2)
    assert not (study / "replies.sqlite").exists()
    with Store(study / "replies-unanswered-1.sqlite", read_only=True) as aside:
        assert aside.connection.execute("SELECT * FROM attempts").fetchall() == attempts
    with ChatServer() as server:
        assert collect_replies(study, MODEL, base_url=server.address, settings=impatient()).complete
    kept = answers(study)
    with pytest.raises(InputError, match="holds the replies of a study"):
        again(study, force=True, seed=3)
    assert answers(study) == kept


def test_prepare_force_never_parts_a_training_from_its_files(study):
    asked_in_vain(study)
    with Store(study / "replies.sqlite") as store:
        store.add_training_event(TrainingEvent("t", "2026", "uploaded", "{}"))
    with pytest.raises(InputError, match="the record of a training"):
        again(study, force=True)
