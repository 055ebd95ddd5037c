import json
import random
import shutil
import sqlite3

import pytest

from introspect_bayes.cli import main
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.requests import SamplingOptions, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study
from introspect_bayes.protocol.training import Counts
from introspect_bayes.store import Attempt, Outcome, Store

REFUSAL = "I would rather not."


def response(content, refusal=None):
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A study whose replies came from a server, all but the last."""
    folder = tmp_path_factory.mktemp("verified") / "s"
    prompts = shipped_folder("data") / "prompts"
    study = prepare_study(
        folder,
        {"instilled": shipped_contexts("instilled")[:2], "native": shipped_contexts("native")[:3]},
        {task: prompts / f"{task}-1.toml" for task in ("decision", "report")},
        counts=Counts(instilled_choices=4, native_choices=4, reports=2),
    )
    requests = list(plan_requests(study, Model("m", "base"), SamplingOptions()))
    said = {0: ("", None), 1: (None, REFUSAL), 2: (None, None), 3: ("Zoë\n\x00\n=1", None)}
    with Store(folder / "replies.sqlite") as store:
        store.plan(requests)
        run = store.begin_run("2025-01-01", "{}", "{}")
        for number, request in enumerate(requests[:-1], start=1):
            content, refusal = said.get(number - 1, ("A", None))
            store.record([Attempt(number, request.id, run, "2025-01-01")], [])
            text = refusal if content is None else content
            body = response(content, refusal)
            outcome = Outcome(
                number, request.id, "2025-01-01", "answered", body=body, text=text,
                finish_reason="stop",
            )  # fmt: skip
            store.record([], [outcome])
        store.answer([(requests[-1].id, "B", "")])
    return folder


@pytest.fixture
def study(written, tmp_path):
    return shutil.copytree(written, tmp_path / "s")


@pytest.fixture
def verified(study, capsys):
    def verify():
        code = main(["verify", str(study)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return verify


def damage(study, statement):
    connection = sqlite3.connect(study / "replies.sqlite")
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, kept in triggers:
        connection.execute(kept)
    connection.commit()
    connection.close()


def test_an_intact_study_passes_and_is_not_changed(study, verified):
    before = {path.name: path.read_bytes() for path in study.iterdir() if path.is_file()}
    assert verified() == (0, "OK: 22 requests, 22 replies, 21 attempts\n", "")
    assert {name: (study / name).read_bytes() for name in before} == before


def test_verification_works_without_attempts(answer_study, tmp_path, capsys):
    models = {Model("m", "base"): lambda *_: ("A", "stop")}
    counts = Counts(native_choices=2, reports=1)
    answer_study(tmp_path / "s", models, counts, native=2)
    assert main(["verify", str(tmp_path / "s")]) == 0
    assert capsys.readouterr().out == "OK: 6 requests, 6 replies, 0 attempts\n"


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE requests SET content = replace(content, '.', '!')", "22 requests do not match"),
        (
            "UPDATE requests SET trial = (SELECT trial FROM requests LIMIT 1)",
            "21 requests do not ask what their trial in the study folder says, first ",
        ),
        ("UPDATE requests SET model = 'other' WHERE rowid = 1", "1 requests name another model"),
        (
            "UPDATE requests SET trial = 'decision/native/nowhere/1' WHERE rowid = 1",
            "1 requests name a trial that is not planned in the study folder, first decision/nat",
        ),
        (
            "UPDATE replies SET text = 'B' WHERE number = 5",
            "1 replies differ from their response, first number 5",
        ),
        ("UPDATE replies SET text = NULL WHERE number = 1", "1 replies differ from their"),
        ("UPDATE replies SET text = '' WHERE number = 3", "1 replies differ from their"),
        ("UPDATE replies SET text = 'B' WHERE number = 2", "1 replies differ from their"),
        (
            "UPDATE replies SET finish_reason = 'length' WHERE number = 5",
            "1 replies have another finish reason than their attempt, first number 5",
        ),
        (
            "UPDATE outcomes SET body = x'7b7d' WHERE attempt IN (2, 4)",
            "2 replies have a response that cannot be read, first number 2",
        ),
        ("UPDATE outcomes SET body = NULL WHERE attempt = 2", "a response that cannot be read"),
        ("DELETE FROM requests WHERE rowid = 3", "refers to a row of requests that is not there"),
        ("DELETE FROM outcomes WHERE attempt = 3", "1 replies belong to no answered attempt"),
    ],
)
def test_every_change_is_found(study, verified, statement, complaint):
    damage(study, statement)
    code, out, err = verified()
    assert (code, out) == (2, "")
    assert complaint in err
    assert all(line.startswith(f"introspect-bayes: {study}: ") for line in err.splitlines())


def test_a_missing_trigger_is_found(study, verified):
    connection = sqlite3.connect(study / "replies.sqlite")
    connection.execute("DROP TRIGGER outcomes_remain")
    connection.close()
    code, _, err = verified()
    assert code == 2
    assert err == (
        f"introspect-bayes: {study}: the triggers that keep outcomes unchanged are gone\n"
    )


def test_a_file_cut_off_or_overwritten_is_found(study, verified):
    path = study / "replies.sqlite"
    whole = path.read_bytes()
    middle = len(whole) // 2
    for broken in (
        whole[:middle],
        whole[:middle] + b"\xff" * 9000 + whole[middle + 9000 :],
        b"\xff" * 200 + whole[200:],
    ):
        path.write_bytes(broken)
        code, out, err = verified()
        assert (code, out) == (2, "")
        assert "damaged" in err or "not a store of replies" in err


def test_no_damage_ends_in_a_traceback(study, verified):
    path = study / "replies.sqlite"
    whole = path.read_bytes()
    dice = random.Random(1)
    codes = set()
    for _ in range(60):
        start = dice.randrange(len(whole))
        noise = dice.randbytes(dice.choice([1, 8, 500]))
        path.write_bytes(whole[:start] + noise + whole[start + len(noise) :])
        codes.add(verified()[0])
    assert codes <= {0, 2}  # a byte that nothing uses may differ
    assert 2 in codes


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("study.toml", b"seed = ", "the study folder cannot be read"),
        ("study.toml", b"\xff\xfe", "the study folder cannot be read"),
        ("trials.csv", None, "the study folder cannot be read"),
        ("contexts.json", b"[1]", "the study folder cannot be read"),
        ("prompts/report.toml", b"", "the study folder cannot be read"),
    ],
)
def test_an_unreadable_study_folder_is_found(study, verified, name, content, complaint):
    if content is None:
        (study / name).unlink()
    else:
        (study / name).write_bytes(content)
    code, _, err = verified()
    assert code == 2
    assert complaint in err


def test_trials_that_were_edited_afterwards_are_found(study, verified, edit_line):
    edit_line(study / "trials.csv", 20, lambda line: line[: line.rindex(",")] + ",-5.0")
    code, _, err = verified()
    assert code == 2
    assert "1 requests do not ask what their trial in the study folder says" in err


def test_the_outcome_is_written_as_json(study, tmp_path):
    file = tmp_path / "outcome.json"
    assert main(["verify", str(study), "--json", str(file)]) == 0
    outcome = json.loads(file.read_text(encoding="utf-8"))
    assert outcome["problems"] == []
    assert outcome["requests"] == outcome["replies"] == outcome["attempts"] + 1


def test_without_replies_there_is_nothing_to_verify(tmp_path, verified, study):
    (study / "replies.sqlite").unlink()
    assert "no replies are stored yet" in verified()[2]
    (study / "study.toml").unlink()
    code, _, err = verified()
    assert code == 2
    assert "not a study folder" in err
