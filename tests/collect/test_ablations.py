"""The ablation task is asked, stopped, resumed and counted as everything else."""

import json
import multiprocessing
import random
import time
from collections import Counter

import pytest

import introspect_bayes as ib
from chat_server import ChatServer, completion, sensible
from introspect_bayes.cli import main
from introspect_bayes.collect import collect_replies
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.ablations import prepare_ablations
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.protocol.study_folder import read_study_folder
from loopback import CONCURRENCY, MODEL, answers, impatient, rows, run_in_process

DECISIONS = 20
PLANNED = 4 * 5 * (1 + 1 + 5)
"""Four contexts, five decisions each: the decision, the question, five attributes."""

SHARED = 4 * 5


@pytest.fixture
def study(prepare):
    return prepare(decisions=DECISIONS)


def collect(study, server, task="ablation", **options):
    settings = impatient(**options.pop("settings", {}))
    return collect_replies(
        study, MODEL, base_url=server.address, settings=settings, task=task, **options
    )


@pytest.mark.compiles
def test_decisions_that_were_answered_are_not_asked_again(study):
    with ChatServer() as server:
        weights = collect(study, server, "weights")
        asked = len(server.hits)
        assert weights.snapshot.planned == asked == 4 * (DECISIONS + 2)
        ablation = collect(study, server)
        assert (ablation.complete, ablation.snapshot.planned) == (True, PLANNED)
        assert len(server.hits) == asked + PLANNED - SHARED
        assert ablation.counts.answered == PLANNED - SHARED
        for task in ("weights", "ablation"):
            assert collect(study, server, task).complete
        assert len(server.hits) == asked + PLANNED - SHARED
        assert max(Counter(hit.raw for hit in server.hits).values()) == 1
    snapshot = ablation.snapshot
    assert snapshot.valid + snapshot.invalid == snapshot.answered == PLANNED
    assert main(["verify", str(study)]) == 0


@pytest.mark.compiles
def test_either_task_can_come_first_and_the_study_is_read_the_same(prepare):
    there, back = prepare("there", decisions=DECISIONS), prepare("back", decisions=DECISIONS)
    with ChatServer() as server:
        for study, tasks in (
            (there, ("weights", "ablation")),
            (back, ("ablation", "weights")),
        ):
            for task in tasks:
                assert collect(study, server, task).complete
    assert answers(there) == answers(back)
    studies = [ib.load_study(study) for study in (there, back)]
    for study in studies:
        assert len(study.choices) == 4 * DECISIONS
        assert study.unanswered == {}
        assert set(study.failures["task"]) <= {"report"}
    scores = [ib.ablation_scores(study) for study in (there, back)]
    assert scores[0].equals(scores[1])
    assert set(scores[0]["score"]) == {0, 1}


def test_what_is_left_of_ablations_is_not_left_of_the_study(study):
    with ChatServer() as server:
        collect(study, server, "weights")
        collect(study, server, settings={"limit": 10})
    assert ib.load_study(study).unanswered == {}
    answered = ib.ablation_answers(study)
    assert "no reply yet" in set(answered["failure"])
    assert answered["changed"].isna().any()


def test_a_limit_and_a_growing_number_go_on_from_there(study, tmp_path, capsys):
    with ChatServer() as server:
        command = ["collect", str(study), "--model", MODEL, "--base-url", server.address]
        command += ["--task", "ablation", "--json", str(tmp_path / "counts.json")]
        assert main([*command, "--ablations", "2", "--limit", "10"]) == 3
        assert main(command) == 0
        assert len(server.hits) == 4 * 2 * 7
        assert main([*command, "--ablations", "5"]) == 0
        assert len(server.hits) == PLANNED
        assert main([*command, "--ablations", "4"]) == 2
    said = capsys.readouterr()
    assert "never dropped" in said.err
    found = json.loads((tmp_path / "counts.json").read_text())
    assert (found["planned"], found["answered"]) == (PLANNED, PLANNED)
    assert f"introspect-bayes export {study} tables" in said.out
    assert "introspect-bayes scores tables/ablation_scores.csv" in said.out
    assert "Mean score of its own answers: 0." in said.out


@pytest.mark.compiles
def test_killed_at_random_moments_it_ends_as_if_undisturbed(prepare):
    undisturbed, study = (prepare(name, contexts=10, decisions=DECISIONS) for name in ("a", "b"))
    with ChatServer() as server:
        collect(undisturbed, server)

    def slowly(hit):
        answer = sensible(hit)
        answer.delay = 0.004
        return answer

    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["introspect_bayes.collect", "openai", "httpx2", "openai.resources.chat"]
    )
    moments = random.Random(4)
    known = {}
    with ChatServer(slowly) as server:
        for _ in range(5):
            most = len(server.hits) + moments.randrange(1, 30)
            process = processes.Process(
                target=run_in_process, args=(study, server.address, None, "ablation")
            )
            process.start()
            while process.is_alive() and len(server.hits) < most:
                time.sleep(0.0005)
            assert process.is_alive(), "the study is too small for so many kills"
            process.kill()
            process.join()
            now = dict(rows(study, "SELECT request, text FROM replies"))
            assert known.items() <= now.items()
            known = now
        assert collect(study, server).complete
        hits = Counter(hit.raw for hit in server.hits)
    assert answers(study) == answers(undisturbed)
    assert len(answers(study)) == 10 * 5 * 7
    assert main(["verify", str(study)]) == 0
    assert sum(count - 1 for count in hits.values()) <= 5 * CONCURRENCY


def test_a_dry_run_counts_prices_and_writes_nothing(study, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    before = sorted(study.rglob("*"))
    prices = ["--price-prompt", "2.5", "--price-reply", "10"]
    command = ["collect", str(study), "--model", MODEL, "--task", "ablation", "--dry-run", *prices]
    command += ["--json", str(tmp_path / "counts.json")]

    def guess(*options):
        assert main([*command, *options]) == 0
        return json.loads((tmp_path / "counts.json").read_text())

    found = guess()
    assert (found["planned"], found["to_ask"]) == (PLANNED, PLANNED)
    assert found["reply_tokens"] == 4 * 5 * (6 * 2 + 50)
    expected = (found["prompt_tokens"] * 2.5 + found["reply_tokens"] * 10) / 1e6
    assert found["cost"] == pytest.approx(expected, rel=0.01)
    assert guess("--ablations", "1")["to_ask"] == 4 * 7
    assert sorted(study.rglob("*")) == before
    said = capsys.readouterr().out
    assert "ablations" in said
    assert "guessed" in said
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1234567890")
    with ChatServer() as server:
        collect(study, server, "weights")
    assert guess()["to_ask"] == PLANNED - SHARED
    with ChatServer() as server:
        collect(study, server, settings={"limit": PLANNED - SHARED - 1})
    last = guess()
    assert (last["to_ask"], last["prompt_tokens"], last["reply_tokens"]) == (1, 200, 5)


@pytest.mark.parametrize("first", ["weights", "ablation"])
def test_conditions_never_change_between_the_tasks(study, first):
    second = {"weights": "ablation", "ablation": "weights"}[first]
    with ChatServer() as server:
        collect(study, server, first, settings={"limit": 5})
        with pytest.raises(InputError, match="temperature: 0, now 1"):
            collect(study, server, second, conditions=SamplingOptions(temperature=1))
        assert len(server.hits) == 5
        prepare_ablations(study)
        path = study / "prompts" / ("ablation.toml" if first == "ablation" else "report.toml")
        path.write_text(path.read_text().replace("{question}", "Well: {question}", 1))
        with pytest.raises(InputError, match="other prompts before"):
            collect(study, server, second)
        assert len(server.hits) == 5


def test_ablations_that_were_edited_afterwards_are_found(study, edit_line, capsys):
    with ChatServer() as server:
        collect(study, server)
        edit_line(study / "ablations.csv", 2, lambda line: line + "5")
        with pytest.raises(InputError, match="other trials or with other prompts before"):
            collect(study, server)
    assert main(["verify", str(study)]) == 2
    assert "1 requests do not ask what their trial in the study folder says" in (
        capsys.readouterr().err
    )
    with pytest.raises(InputError, match=r"ablations\.csv and prompts/ back"):
        ib.ablation_scores(study)


def test_what_is_wrong_with_the_answers_is_said_early(study):
    def same(hit):
        text = hit.body["messages"][-1]["content"]
        if not text.startswith("[COUNTERFACTUAL"):
            return None
        names = read_study_folder(study).contexts["native"]
        context = next(c for c in names if c.question in text)
        return completion(json.dumps(dict.fromkeys(context.attribute_names, False)), MODEL)

    with ChatServer(same) as server:
        found = collect(study, server)
    assert any("all 100 answers about single attributes are false" in w for w in found.warnings)
    # Constant answers tell no attribute from another: exactly half of the items are right.
    assert ib.ablation_scores(study)["score"].mean() == 0.5


def test_unusable_answers_are_warned_of_and_kept(study):
    def numbers(hit):
        text = hit.body["messages"][-1]["content"]
        return completion("7", MODEL) if text.startswith("[COUNTERFACTUAL") else None

    with ChatServer(numbers) as server:
        found = collect(study, server)
    assert any("100% of 20 ablations cannot be used" in warning for warning in found.warnings)
    assert (found.snapshot.valid, found.snapshot.invalid) == (PLANNED - 20, 20)
    answered = ib.ablation_answers(study)
    assert set(answered["failure"]) == {"not an object"}
    assert answered["foreseen"].isna().all()
    assert answered["changed"].notna().all()
    with pytest.raises(InputError, match="of 100 no answer about the change can be used"):
        ib.ablation_scores(study)


def test_what_was_asked_is_recorded(study):
    with ChatServer() as server:
        collect(study, server, settings={"limit": 1})
    ((settings,),) = rows(study, "SELECT settings FROM runs")
    assert json.loads(settings)["prompts"] == {
        "decision": "decision-1", "ablation": "ablation-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--ablations", "3"], "go with --task ablation"),
        (["--task", "ablation", "--ablation-prompt", "/nowhere.toml"], "/nowhere.toml: No such"),
        (["--task", "ablation", "--ablations", "0"], "--ablations"),
        (["--task", "dance"], "--task"),
    ],
)
def test_bad_options(study, options, complaint, capsys):
    before = sorted(study.rglob("*"))
    assert main(["collect", str(study), "--model", MODEL, *options]) == 2
    assert complaint in capsys.readouterr().err
    assert sorted(study.rglob("*")) == before


def test_an_unknown_task_is_refused(study):
    with pytest.raises(InputError, match="must be weights or ablation"):
        collect_replies(study, MODEL, task="dance")
