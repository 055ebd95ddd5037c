import email.utils
import hashlib
import json
import time

import pytest

from introspect_bayes.cli import main
from introspect_bayes.collect import training, training_service
from introspect_bayes.collect.lineage import register_model
from introspect_bayes.collect.training import TrainingInterrupted, TrainingOptions, train
from introspect_bayes.collect.training_plan import Hyperparameters, TrainingFile, TrainingPlan
from introspect_bayes.collect.training_record import TrainingRecord
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.replies_file import study_lock
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study
from introspect_bayes.protocol.training import Counts
from introspect_bayes.store import Store
from training_server import Fault, TrainingServer

KEY = "sk-very/secret-0123456789"
JOBS = "/fine_tuning/jobs"


@pytest.fixture
def study(tmp_path):
    prompts = shipped_folder("data") / "prompts"
    sets = {name: shipped_contexts(name)[:2] for name in ("instilled", "native")}
    templates = {task: prompts / f"{task}-1.toml" for task in ("decision", "report")}
    return prepare_study(tmp_path / "s", sets, templates, counts=Counts(2, 2, 1, 2, 1)).folder


@pytest.fixture
def server():
    with TrainingServer() as running:
        yield running


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """What the program would have waited for."""
    waited = []
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for module in (training, training_service):
        monkeypatch.setattr(module, "pause", waited.append)
    return waited


def start(study, server, *more):
    common = ["--parent", "base", "--base-url", server.url, "--poll-seconds", "0"]
    if "--stage" not in more:
        common += ["--stage", "weight-trained"]
    return main(["train", str(study), *common, *more])


def events(study, *kinds):
    with Store(study / "replies.sqlite") as store:
        found = store.training_events()
    return [(e.kind, json.loads(e.detail)) for e in found if not kinds or e.kind in kinds]


def models(study):
    with Store(study / "replies.sqlite") as store:
        return store.models()


def key_of(study, **changed):
    files = tuple(
        TrainingFile(role, name, (study / "training" / name).read_bytes())
        for role, name in (
            ("training", "preferences.jsonl"),
            ("validation", "preferences_validation.jsonl"),
        )
    )
    return TrainingPlan("base", "weight-trained", "", files, Hyperparameters(**changed)).key


def test_the_whole_way(study, server, capsys, tmp_path):
    file = tmp_path / "result.json"
    options = ["--epochs", "3", "--suffix", "me", "--json", str(file)]
    assert start(study, server, *options) == 0
    out, err = capsys.readouterr()
    assert f"introspect-bayes collect {study} --model ft:base:me:1" in out
    assert "running" in err
    (asked,) = [h.json for h in server.hits if (h.method, h.path) == ("POST", JOBS)]
    assert asked == {
        "model": "base",
        "training_file": "file-0",
        "validation_file": "file-1",
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
        "seed": 4,
        "suffix": "me",
        "metadata": {"introspect_bayes": key_of(study, epochs=3)},
    }
    preferences = (study / "training/preferences.jsonl").read_bytes()
    assert preferences in server.files["file-0"]
    assert b"fine-tune" in server.files["file-0"]
    model = Model(
        "ft:base:me:1", "base", "weight-trained", "", "base",
        hashlib.sha256(preferences).hexdigest(),
    )  # fmt: skip
    assert models(study) == {model.name: model}
    assert json.loads(file.read_text())["model"]["training_sha256"] == model.training_sha256
    assert [kind for kind, _ in events(study)] == [
        *["file uploaded"] * 2,
        *("job requested", "job started"),
        *["status"] * 4,
        *["server event"] * 3,
        "finished",
    ]
    assert [d["status"] for _, d in events(study, "status")] == [
        "queued", "validating_files", "running", "succeeded",
    ]  # fmt: skip
    assert [d["event"]["id"] for _, d in events(study, "server event")] == [
        f"event-{n}" for n in range(3)
    ]
    hits = len(server.hits)
    assert start(study, server, *options) == 0
    assert len(server.hits) == hits
    assert len(events(study)) == 12


def test_introspection_training_needs_a_registered_parent_and_keeps_its_base_model(study, server):
    options = {"base_url": server.url, "poll_seconds": 0}
    wanted = {"parent": "tuned", "stage": "introspection-trained", "trained_on": "last"}
    with pytest.raises(InputError, match="not registered"):
        train(study, **wanted, options=TrainingOptions(**options))
    register_model(study, Model("tuned", "base", "weight-trained"))
    outcome = train(study, **wanted, options=TrainingOptions(**options))
    assert outcome.model.base_model == "base"
    assert outcome.model.parent == "tuned"
    assert outcome.model.trained_on == "last"
    (uploaded,) = [d for kind, d in events(study, "file uploaded")]
    assert uploaded["name"] == "reports_last.jsonl"
    assert "validation_file" not in server.jobs[0]


@pytest.mark.parametrize("remembers", [True, False])
def test_a_job_whose_start_was_not_heard_of_is_adopted(study, server, capsys, remembers):
    server.remembers_metadata = remembers
    server.faults.append(Fault("POST", JOBS, done=True))
    assert start(study, server) == 3
    assert "looks for it at the server" in capsys.readouterr().err
    assert start(study, server) == 0
    assert server.count("POST", JOBS) == 1
    assert server.count("POST", "/files") == 2
    assert events(study, "job adopted")[0][1]["job"] == "ftjob-0"
    assert "ft:base::1" in models(study)


def test_an_unreadable_answer_to_a_start_is_not_repeated(study, server):
    server.faults.append(Fault("POST", JOBS, done=True, raw="<html>busy</html>"))
    assert start(study, server) == 3
    assert start(study, server) == 0
    assert server.count("POST", JOBS) == 1


def test_a_crash_between_upload_and_start_uploads_nothing_twice(study, server, monkeypatch):
    def die(*_):
        raise RuntimeError

    monkeypatch.setattr(training_service.TrainingService, "create", die)
    with pytest.raises(RuntimeError):
        start(study, server)
    monkeypatch.undo()
    assert start(study, server) == 0
    assert server.count("POST", "/files") == 2
    assert server.count("POST", JOBS) == 1


def test_a_crash_while_polling_resumes_the_recorded_job(study, server, monkeypatch):
    def die(*_):
        raise RuntimeError

    monkeypatch.setattr(training, "pause", die)
    with pytest.raises(RuntimeError):
        start(study, server)
    monkeypatch.setattr(training, "pause", lambda _: None)
    server.filters = False
    assert start(study, server) == 0
    assert server.count("POST", JOBS) == 1
    assert server.count("GET", JOBS) == 1


def test_answers_without_what_they_should_hold_are_lived_with(study, server):
    server.faults += [
        Fault("GET", JOBS, raw='{"data": [{"metadata": {"introspect_bayes": "x"}}, 3, {}]}'),
        Fault("GET", f"{JOBS}/ftjob-0", raw="{}"),
        Fault("GET", f"{JOBS}/ftjob-0", raw="[]"),
        Fault("GET", f"{JOBS}/ftjob-0/events", raw='{"data": null}'),
    ]
    assert start(study, server) == 0
    assert "ft:base::1" in models(study)


def test_another_study_s_job_is_never_adopted(study, server):
    server.filters = False
    server.add_job(metadata={"introspect_bayes": "another"}, model="base")
    server.add_job(metadata={"introspect_bayes": key_of(study, epochs=9)}, model="base")
    server.add_job(model="base")
    assert start(study, server) == 0
    assert server.count("POST", JOBS) == 1
    assert events(study, "job adopted") == []


def test_a_job_on_a_later_page_is_found_and_a_failed_one_passed_over(study, server):
    server.filters = False
    server.page = 2
    ours = {"metadata": {"introspect_bayes": key_of(study)}, "model": "base"}
    wanted = server.add_job(**ours)
    for _ in range(4):
        server.add_job(metadata={"introspect_bayes": "another"})
    server.add_job(**ours, status="failed")
    assert start(study, server) == 0
    assert events(study, "job adopted")[0][1]["job"] == wanted["id"]
    assert server.count("POST", JOBS) == 0
    assert server.count("GET", JOBS) == 3


def test_a_server_that_ignores_pages_is_not_asked_for_ever(study, server, monkeypatch):
    same = {"data": [{"id": "x", "metadata": None, "status": "running"}], "has_more": True}
    monkeypatch.setattr(server, "_page", lambda *_: same)
    assert start(study, server) == 0
    assert server.count("GET", JOBS) == 2


def test_unknown_statuses_are_noted_once(study, server, capsys):
    server.statuses = ["validating_magic", "running", "validating_magic", "succeeded"]
    assert start(study, server) == 0
    assert capsys.readouterr().err.count("a status unknown here") == 1
    assert [d["status"] for _, d in events(study, "status")].count("validating_magic") == 1


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_failed_is_repeated_only_when_told(study, server, capsys, status):
    server.statuses = ["running", status]
    server.job_error = {"code": "invalid", "message": "line 3\n is\x1b[31m odd", "param": None}
    assert start(study, server) == 2
    err = capsys.readouterr().err
    said = "failed: line 3 is [31m odd" if status == "failed" else "was cancelled"
    assert said in err
    assert "--again" in err
    assert len(events(study, "server event")) == 3
    hits = len(server.hits)
    assert start(study, server) == 2
    assert said in capsys.readouterr().err
    assert len(server.hits) == hits
    server.statuses = ["succeeded"]
    assert start(study, server, "--again") == 0
    assert server.count("POST", JOBS) == 2
    assert events(study, "started again")[0][1] == {"after": "ftjob-0"}
    assert models(study).keys() == {"ft:base::1"}


def test_again_also_replaces_a_job_that_failed_unwatched(study, server):
    server.statuses = ["queued"]
    assert start(study, server, "--no-wait") == 3
    server.jobs[0]["script"] = ["failed"]
    server.statuses = ["succeeded"]
    assert start(study, server, "--again") == 0
    assert server.count("POST", JOBS) == 2
    assert [d["status"] for _, d in events(study, "finished")] == ["failed", "succeeded"]


def test_again_leaves_a_job_alone_that_goes_on(study, server):
    assert start(study, server, "--no-wait") == 3
    assert start(study, server, "--again") == 0
    assert server.count("POST", JOBS) == 1


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Fault("POST", JOBS, 403, "closed"), "models add"),
        (Fault("POST", JOBS, 404, "no such model"), "models add"),
        (Fault("GET", JOBS, 405, "not here"), "models add"),
        (Fault("POST", JOBS, 400, "base cannot be trained"), "base cannot be trained (HTTP 400)"),
        (Fault("GET", JOBS, 401, "bad key"), "does not accept the key in OPENAI_API_KEY"),
        (Fault("GET", JOBS, 429, "pay first", "insufficient_quota"), "pay first"),
    ],
)
def test_refusals_exit_with_2_and_the_cause(study, server, capsys, fault, complaint):
    server.faults.append(fault)
    assert start(study, server) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert fault.message in err
    assert "Traceback" not in err
    assert models(study) == {}
    refused = events(study, "job refused")
    assert len(refused) == (fault.method == "POST")


def test_passing_trouble_is_waited_for_as_long_as_the_server_says(study, server, pauses):
    later = email.utils.formatdate(time.time() + 30, usegmt=True)
    job = f"{JOBS}/ftjob-0"
    server.faults += [
        Fault("GET", job, 429, headers={"Retry-After": "7"}),
        Fault("GET", job, 503),
        Fault("GET", job),
        Fault("GET", job, 429, headers={"Retry-After": later}),
        Fault("POST", JOBS, 429, headers={"Retry-After": "5"}),
    ]
    assert start(study, server) == 0
    waited = [seconds for seconds in pauses if seconds]
    assert waited[:4] == [5, 7, 2, 4]
    assert 25 < waited[4] <= 30
    assert server.count("POST", JOBS) == 2
    assert len(server.jobs) == 1


@pytest.mark.parametrize(
    ("faults", "tries"),
    [
        ([Fault("GET", f"{JOBS}/ftjob-0", 500, "down") for _ in range(20)], 8),
        ([Fault("GET", f"{JOBS}/ftjob-0", 429, headers={"Retry-After": "9999"})], 1),
    ],
)
def test_patience_has_an_end_and_the_job_goes_on(study, server, capsys, faults, tries):
    server.faults += faults
    assert start(study, server) == 3
    assert "Job ftjob-0 goes on at the server; the same command" in capsys.readouterr().err
    assert server.count("GET", f"{JOBS}/ftjob-0") == tries
    server.faults.clear()
    assert start(study, server) == 0
    assert server.count("POST", JOBS) == 1


def test_ctrl_c_while_polling(study, server, capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "pause", interrupt)
    assert start(study, server) == 3
    assert "interrupted. Job ftjob-0 goes on at the server" in capsys.readouterr().err
    assert events(study, "job started")


def test_no_wait(study, server, capsys):
    assert start(study, server, "--no-wait") == 3
    assert "Job ftjob-0 is under way" in capsys.readouterr().out
    assert models(study) == {}


def test_events_that_cannot_be_had_do_not_spoil_a_success(study, server, capsys):
    server.faults.append(Fault("GET", f"{JOBS}/ftjob-0/events", 404, "none here"))
    assert start(study, server) == 0
    assert "events are not kept" in capsys.readouterr().err
    assert "ft:base::1" in models(study)


def test_a_job_is_not_started_at_a_second_server_by_itself(study, server, capsys):
    assert start(study, server, "--no-wait") == 3
    with TrainingServer() as other:
        assert start(study, other) == 2
        assert f"was started at {server.url}" in capsys.readouterr().err
        assert other.count("POST", JOBS) == 0
        assert start(study, other, "--again") == 0
        assert other.count("POST", "/files") == 2


def test_files_are_uploaded_anew_to_another_server(study, server):
    server.faults.append(Fault("POST", JOBS, 403, "closed"))
    assert start(study, server) == 2
    with TrainingServer() as other:
        assert start(study, other) == 0
        assert other.jobs[0]["training_file"] in other.files


def test_server_events_are_kept_once_though_the_end_was_not_recorded(study, server, monkeypatch):
    add = TrainingRecord.add

    def die_at_the_end(self, kind, **detail):
        if kind == "finished":
            raise RuntimeError
        add(self, kind, **detail)

    monkeypatch.setattr(TrainingRecord, "add", die_at_the_end)
    with pytest.raises(RuntimeError):
        start(study, server)
    monkeypatch.setattr(TrainingRecord, "add", add)
    assert start(study, server) == 0
    assert len(events(study, "server event")) == 3
    assert len(events(study, "finished")) == 1
    with Store(study / "replies.sqlite") as store:
        (entries,) = store.connection.execute("SELECT count(*) FROM models").fetchone()
    assert entries == 1


def test_an_echoed_key_is_nowhere(study, server, capsys):
    echo = f"Incorrect key {KEY} given"
    server.faults.append(Fault("POST", JOBS, 401, echo))
    assert start(study, server) == 2
    server.events = [{"id": "e", "message": echo, "data": {KEY: [KEY]}}]
    server.job_error = {"message": echo}
    server.statuses = ["failed"]
    assert start(study, server) == 2
    server.faults += [Fault("GET", JOBS, 500, echo) for _ in range(8)]
    with pytest.raises(TrainingInterrupted) as caught:
        train(
            study,
            parent="base",
            stage="weight-trained",
            options=TrainingOptions(server.url, 0, again=True),
        )
    error = caught.value
    while error is not None:
        assert KEY not in repr(error)
        error = error.__cause__ or error.__context__
    out, err = capsys.readouterr()
    assert "Incorrect key [key removed] given" in err
    assert KEY not in out + err
    for file in study.glob("*replies.sqlite*"):
        content = file.read_bytes()
        assert KEY.encode() not in content
        assert KEY.replace("/", "\\/").encode() not in content
    assert "Incorrect key [key removed] given" in json.dumps(events(study))


def test_without_a_key(study, server, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert main(["train", str(study), "--parent", "base", "--stage", "weight-trained"]) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err
    assert start(study, server) == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--base-url", "localhost:1"], "expected an address such as"),
        (["--stage", "introspection-trained"], "needs --trained-on"),
        (["--trained-on", "all"], "only for introspection-trained"),
        (["--json", "/nowhere/f.json"], "cannot be written"),
        (["--stage", "off-the-shelf"], "--stage"),
    ],
)
def test_bad_options_exit_with_2(study, server, capsys, options, complaint):
    assert start(study, server, *options) == 2
    out, err = capsys.readouterr()
    assert complaint in err
    assert "Traceback" not in err
    assert (out, server.hits) == ("", [])


def test_a_busy_study_and_missing_files_are_refused(study, server, capsys):
    with study_lock(study):
        assert start(study, server) == 2
    assert "another process" in capsys.readouterr().err
    (study / "training/preferences.jsonl").write_text("", encoding="utf-8")
    assert start(study, server) == 2
    assert "prepared with instilled contexts" in capsys.readouterr().err
    assert server.hits == []


def test_the_key_of_a_training_is_its_content():
    file = TrainingFile("training", "preferences.jsonl", b"{}\n")
    plan = TrainingPlan("base", "weight-trained", "", (file,), Hyperparameters(suffix="one"))
    text = (
        '{"files":{"training":"' + hashlib.sha256(b"{}\n").hexdigest() + '"},"hyperparameters":{},'
        '"parent":"base","seed":4,"stage":"weight-trained","trained_on":""}'
    )
    assert plan.key == hashlib.sha256(text.encode()).hexdigest()[:32]
    others = [
        Hyperparameters(suffix="two"),
        Hyperparameters(seed=5),
        Hyperparameters(learning_rate_multiplier=2),
        Hyperparameters(learning_rate_multiplier=2.0),
    ]
    keys = [TrainingPlan("base", "weight-trained", "", (file,), h).key for h in others]
    assert keys[0] == plan.key
    assert keys[2] == keys[3]
    assert len(set(keys)) == 3
