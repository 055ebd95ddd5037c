"""Training jobs: started once, however often the command dies, and recorded step by step."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from introspect_bayes.collect.asking import now
from introspect_bayes.collect.lineage import find_model, require_study, training_path
from introspect_bayes.collect.training_plan import (
    Hyperparameters,
    TrainingFile,
    TrainingPlan,
    read_training_files,
)
from introspect_bayes.collect.training_record import TrainingRecord
from introspect_bayes.collect.training_service import (
    Json,
    ServiceUnavailableError,
    TrainingService,
    connect,
    pause,
    printable,
)
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.replies_file import study_lock
from introspect_bayes.protocol.stages import Model, Stage, TrainedOn
from introspect_bayes.store import Store

METADATA: Final = "introspect_bayes"
FAILED: Final = ("failed", "cancelled")
FINAL: Final = ("succeeded", *FAILED)
KNOWN: Final = ("validating_files", "queued", "running", *FINAL)


class TrainingInterrupted(Exception):  # noqa: N818 - the work goes on, elsewhere or later
    """A training has not ended, and the same command takes it up again."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a training is followed; no part of what is trained.

    Parameters
    ----------
    base_url
        The server; OpenAI's if not given.
    poll_seconds
        Seconds between looks at the job.
    wait
        Whether to wait until the job has ended.
    again
        Whether to start a new job if the last one failed or was cancelled.
    tell
        Called with a line for whoever waits.
    """

    base_url: str | None = None
    poll_seconds: float = 30.0
    wait: bool = True
    again: bool = False
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How far a training has come.

    Attributes
    ----------
    key, job, status
        The training, its job, and what the server says of it.
    model
        The trained model, registered; None while it is being trained.
    """

    key: str
    job: str
    status: str
    model: Model | None = None

    def as_dict(self) -> Json:
        """Return the outcome as JSON would hold it."""
        return asdict(self)


def train(
    study_folder: Path,
    *,
    parent: str,
    stage: Stage,
    trained_on: TrainedOn = "",
    hyperparameters: Hyperparameters | None = None,
    options: TrainingOptions | None = None,
) -> TrainingOutcome:
    """Train a model on a study's training files and register it, or take up where this stopped.

    Whatever happens in between, one training (same parent, files and hyperparameters) has one job:
    before one is started, the study's store and the server's own list are searched for it.

    Parameters
    ----------
    study_folder
        A prepared study.
    parent
        Name of the model that training starts from.
    stage, trained_on
        What the model becomes.
    hyperparameters
        What the job is told.
    options
        Server, patience, and whether to start again after a failure.

    Raises
    ------
    InputError
        If something does not fit, the server refuses, or the job failed.
    TrainingInterrupted
        If the server cannot be asked now, or the wait was interrupted.
    """
    options = options or TrainingOptions()
    path = require_study(study_folder)
    files = read_training_files(training_path(study_folder, stage, trained_on))
    plan = TrainingPlan(parent, stage, trained_on, files, hyperparameters or Hyperparameters())
    with study_lock(study_folder), Store(path) as store:
        if stage == "introspection-trained" and parent not in store.models():
            msg = (
                f"--parent {parent}: not registered in {study_folder}, so its base model is "
                "unknown; register it with `introspect-bayes models add` first"
            )
            raise InputError(msg)
        record = TrainingRecord(store, plan.key)
        known = _ended_earlier(record, plan, again=options.again)
        if known is not None:
            return known
        with connect(options.base_url) as service:
            return _Training(record, plan, service, options).run()


def _ended_earlier(
    record: TrainingRecord, plan: TrainingPlan, *, again: bool
) -> TrainingOutcome | None:
    """Return the outcome of a training that has ended; None if there is something left to do."""
    ended = record.last("finished")
    if ended is None:
        return None
    if ended["status"] == "succeeded":
        return _registered(record, plan, ended["job"], ended["model"])
    if not again:
        raise _failure(ended)
    record.start_again(ended["job"])
    return None


def _registered(record: TrainingRecord, plan: TrainingPlan, job: str, name: str) -> TrainingOutcome:
    base_model = find_model(record.store, plan.parent).base_model
    model = Model(name, base_model, plan.stage, plan.trained_on, plan.parent, plan.files[0].sha256)
    if record.store.models().get(name) != model:
        record.store.register(model, now())
    return TrainingOutcome(plan.key, job, "succeeded", model)


def _failure(ended: Mapping[str, Any]) -> InputError:
    said = ended["error"] or "the server does not say why"
    return InputError(
        f"job {ended['job']} {'was cancelled' if ended['status'] == 'cancelled' else 'failed'}: "
        f"{said}. Mend the cause, then start a new job with --again"
    )


class _Training:
    """A training with its server at hand."""

    def __init__(
        self,
        record: TrainingRecord,
        plan: TrainingPlan,
        service: TrainingService,
        options: TrainingOptions,
    ) -> None:
        self.record = record
        self.plan = plan
        self.service = service
        self.options = options

    def run(self) -> TrainingOutcome:
        try:
            return self._run()
        except ServiceUnavailableError as error:
            msg = f"{error}. {self._how_to_go_on()}"
            raise TrainingInterrupted(msg) from error
        except KeyboardInterrupt:
            msg = f"interrupted. {self._how_to_go_on()}"
            raise TrainingInterrupted(msg) from None

    def _how_to_go_on(self) -> str:
        known = self.record.job
        if known is not None:
            return f"Job {known['job']} goes on at the server; the same command takes it up again"
        if self.record.unanswered:
            return "The job may have been started; the same command looks for it at the server"
        return "No job was started; the same command goes on from here"

    def _run(self) -> TrainingOutcome:
        job = self._known() or self._search()
        if job is not None and job.get("status") in FAILED and self.options.again:
            self._close(job)
            self.record.start_again(job["id"])
            job = self._search()
        if job is None:
            job = self._start()
        self._note(job)
        while self.options.wait and job.get("status") not in FINAL:
            pause(self.options.poll_seconds)
            job = self.service.job(job["id"])
            self._note(job)
        if job.get("status") not in FINAL:
            return TrainingOutcome(self.plan.key, job["id"], str(job.get("status")))
        return self._conclude(job)

    def _known(self) -> Json | None:
        known = self.record.job
        if known is None:
            return None
        if known["server"] == self.service.server:
            return self.service.job(known["job"])
        if not self.options.again:
            msg = (
                f"job {known['job']} of this training was started at {known['server']}, not at "
                f"{self.service.server}: give its --base-url, or start a second job with --again"
            )
            raise InputError(msg)
        self.record.start_again(known["job"])
        return None

    def _search(self) -> Json | None:
        """Find a job that was started and, for a crash or a lost answer, not recorded."""
        found = next(filter(self._is_ours, self.service.jobs({METADATA: self.plan.key})), None)
        if found is None and self.record.unanswered:
            # Some servers forget metadata: there the uploaded file tells whose job it is.
            found = next(filter(self._is_ours, self.service.jobs()), None)
        if found is not None:
            self.options.tell(f"Found the job at the server: {found['id']}")
            self.record.add(
                "job adopted",
                server=self.service.server,
                job=found["id"],
                status=found.get("status"),
                training_file=found.get("training_file"),
            )
        return found

    def _is_ours(self, job: Json) -> bool:
        metadata = job.get("metadata")
        named = metadata.get(METADATA) if isinstance(metadata, dict) else None
        same_file = named is None and job.get("training_file") in self._uploaded().values()
        return (named == self.plan.key or same_file) and job.get("status") not in FAILED

    def _uploaded(self) -> dict[str, str]:
        return {
            event["sha256"]: event["file"]
            for event in self.record.events("file uploaded")
            if event["server"] == self.service.server
        }

    def _start(self) -> Json:
        ids = {file.role: self._upload(file) for file in self.plan.files}
        settings = self.plan.hyperparameters
        parameters: Json = {
            "model": self.plan.parent,
            "training_file": ids["training"],
            "method": {
                "type": "supervised",
                "supervised": {"hyperparameters": settings.given},
            },
            "seed": settings.seed,
            "metadata": {METADATA: self.plan.key},
        }
        if "validation" in ids:
            parameters["validation_file"] = ids["validation"]
        if settings.suffix:
            parameters["suffix"] = settings.suffix
        asked = {"server": self.service.server, "plan": self.plan.description}
        # Written first: should this process die, the next one knows that a job may be running.
        self.record.add("job requested", **asked, parameters=parameters)
        try:
            job = self.service.create(parameters)
        except InputError as error:
            self.record.add("job refused", error=str(error))
            raise
        self.record.add("job started", **asked, job=job["id"], files=ids)
        self.options.tell(f"Started job {job['id']}")
        return job

    def _upload(self, file: TrainingFile) -> str:
        earlier = self._uploaded().get(file.sha256)
        if earlier is not None:
            return earlier
        self.options.tell(f"Uploading {file.name} ({len(file.content):,} bytes)")
        found = self.service.upload(file.name, file.content)
        self.record.add(
            "file uploaded",
            server=self.service.server,
            file=found,
            name=file.name,
            role=file.role,
            sha256=file.sha256,
            bytes=len(file.content),
        )
        return found

    def _note(self, job: Json) -> None:
        status = str(job.get("status"))
        noted = [event["status"] for event in self.record.events("status")]
        if noted[-1:] == [status]:
            return
        if status in KNOWN:
            self.options.tell(f"Job {job['id']}: {status}")
        elif status in noted:
            return
        else:
            self.options.tell(f"Job {job['id']}: {status!r}, a status unknown here; still waiting")
        self.record.add("status", job=job["id"], status=status)

    def _conclude(self, job: Json) -> TrainingOutcome:
        if job["status"] in FAILED:
            raise _failure(self._close(job))
        name = job.get("fine_tuned_model")
        if not isinstance(name, str) or not name:
            msg = f"job {job['id']} succeeded, but the server does not name the model yet"
            raise ServiceUnavailableError(msg)
        outcome = _registered(self.record, self.plan, job["id"], name)
        self._close(job)
        return outcome

    def _close(self, job: Json) -> Json:
        """Record how a job ended, and return that."""
        self._keep_events(job["id"])
        error = job.get("error")
        said = error.get("message") if isinstance(error, dict) else error
        ended = {
            "job": job["id"],
            "status": job["status"],
            "model": job.get("fine_tuned_model"),
            "error": printable(str(said)) if said else "",
            "answer": job,
        }
        self.record.add("finished", **ended)
        return ended

    def _keep_events(self, job: str) -> None:
        kept = {event["event"].get("id") for event in self.record.events("server event")}
        try:
            events = self.service.events(job)
        except (InputError, ServiceUnavailableError) as error:
            self.options.tell(f"The job's events are not kept: {error}")
            return
        for event in events:
            if event.get("id") not in kept:
                self.record.add("server event", job=job, event=event)
