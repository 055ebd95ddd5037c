"""`collect_replies`: ask a model everything that a study plans, and keep every word."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final, get_args

from introspect_bayes.collect.asking import OPENAI, Server, now
from introspect_bayes.collect.collection import (
    Collection,
    CollectionStoppedError,
    Listener,
    Nobody,
    Snapshot,
    counted_refusals,
)
from introspect_bayes.collect.interrupts import signals_counted
from introspect_bayes.collect.planning import CollectionPlan, plan_collection, store_plan
from introspect_bayes.collect.provenance import provenance
from introspect_bayes.collect.reading import storable
from introspect_bayes.collect.run import Run
from introspect_bayes.collect.secrets import Secret
from introspect_bayes.collect.settings import Ending, RunCounts, RunSettings
from introspect_bayes.collect.shutdown import ShutdownWatch
from introspect_bayes.collect.waiting import Waiting
from introspect_bayes.collect.watching import Watch
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.ablations import prepare_ablations
from introspect_bayes.protocol.replies_file import study_lock
from introspect_bayes.protocol.requests import PlannedTask, SamplingOptions
from introspect_bayes.protocol.study_folder import REPLIES_FILE, PreparedStudy, read_study_folder
from introspect_bayes.protocol.trials import Task
from introspect_bayes.protocol.warning_signs import warning_signs
from introspect_bayes.store import Outcome, Refusal, Store

_SHOWN_EVERY: Final = 0.1
_SHOWN_WAITING: Final = 1.0


def collect_replies(  # noqa: PLR0913 - who is asked what, how, and who is told
    study: str | Path,
    model: str,
    *,
    base_url: str | None = None,
    conditions: SamplingOptions | None = None,
    settings: RunSettings | None = None,
    progress: Listener | None = None,
    task: PlannedTask = "weights",
) -> Collection:
    """Ask a model everything that a study plans for a task and that has no answer yet.

    Every attempt is stored before the call is made, and every reply before the next call of the
    same worker, so the run can be stopped and started again at any moment. It works inside a
    notebook too: the calls are made in a thread of their own. Ctrl-C (or the notebook's stop
    button) lets the calls in progress end; a second one abandons them.

    Parameters
    ----------
    study
        A folder that `prepare` wrote.
    model
        The model, as its server calls it; `models add` tells what a trained one is.
    base_url
        Address of the server's chat API; OpenAI's own if not given.
    conditions
        Parameters of every request; temperature 0 and nothing else if not given.
    settings
        Concurrency, patience and limits.
    progress
        Told how far it is.
    task
        "weights" for the study's decisions and reports. "ablation" asks which attributes, set
        equal in both options, would change a choice, and the choices without each; which decisions
        are ablated is fixed before (`prepare_ablations`), at the latest here. Decisions that the
        model has answered already are not asked again.

    Raises
    ------
    CollectionStoppedError
        If the server says something that the user must mend: wrong key, unknown model, quota.
    InputError
        If the study, the conditions or the key do not allow to ask anything.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> server = "http://localhost:11434/v1"
    >>> short = ib.SamplingOptions(decision_max_tokens=1, max_tokens=200)
    >>> ib.collect_replies(
    ...     "my-study", "llama3.2", base_url=server, conditions=short
    ... )  # doctest: +SKIP
    """
    prepared = read_study_folder(Path(study))
    conditions = conditions or SamplingOptions()
    settings = settings or RunSettings()
    _require_askable(model, conditions, task)
    path = prepared.folder / REPLIES_FILE
    try:
        with study_lock(prepared.folder), Store(path) as store:
            if task == "ablation":
                prepared = prepare_ablations(prepared.folder)
            again = settings.ask_refused_again
            plan = plan_collection(
                prepared, store, model, conditions, task, ask_refused_again=again
            )
            store_plan(prepared, store, plan, conditions)
            collector = _Collector(prepared, store, plan, progress or Nobody())
            if plan.left:
                key = Secret.from_environment(required=base_url is None)
                server = Server(base_url or OPENAI, key, settings.timeout)
                collector.run(server, settings, conditions)
            collection = collector.result()
    except sqlite3.Error as error:
        msg = f"{path}: {error}; see `introspect-bayes verify {prepared.folder}`"
        raise InputError(msg) from error
    if collection.ending == "needs mending":
        raise CollectionStoppedError(collection.message, collection)
    return collection


def _require_askable(model: str, conditions: SamplingOptions, task: PlannedTask) -> None:
    """Refuse an unknown task, a model without a name, and the key among what is stored."""
    if task not in get_args(PlannedTask):
        msg = f"task {task!r}: must be {' or '.join(get_args(PlannedTask))}"
        raise InputError(msg)
    if not model.strip() or storable(model) != model:
        msg = "--model: a name is needed"
        raise InputError(msg)
    key = Secret.from_environment(required=False)
    if key.occurs_in(model) or key.occurs_in(json.dumps(dict(conditions.extra))):
        msg = "the key in OPENAI_API_KEY must not be part of the model's name or of an option"
        raise InputError(msg)


class _Collector:
    """Runs the calls in a thread of their own and keeps count."""

    def __init__(
        self, study: PreparedStudy, store: Store, plan: CollectionPlan, progress: Listener
    ) -> None:
        self.study, self.store, self.plan, self.progress = study, store, plan, progress
        self.counts = RunCounts()
        self.ending: Ending = "complete"
        self.message = ""
        self.watch = Watch(study)
        self.shutdown = ShutdownWatch(plan.model, self.progress.warn)
        asked = set(plan.trials.values())
        for reply in store.replies(plan.model.name):
            if reply.trial in asked:
                self.watch.read(reply.trial, reply)
        self.answered = set(plan.answered)
        self.refused = set(plan.refused) - set(plan.left)
        self.left = plan.tasks(plan.left)
        self._shown = 0.0
        self._tasks_seen: set[Task] = set()
        self._run: Run | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._interrupts = 0
        self._failure: BaseException | None = None

    def run(self, server: Server, settings: RunSettings, conditions: SamplingOptions) -> None:
        """Ask what is left."""
        _ = server.client  # what it cannot do without is missed before anything is asked
        number = self._begin(server, settings, conditions)
        self.progress.update(self.snapshot())

        def make_calls() -> None:
            try:
                asking = self._ask(number, server, settings)
                asyncio.run(self.shutdown.beside(asking, server))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                self._failure = error
            finally:
                finished.set()

        finished = threading.Event()
        thread = threading.Thread(target=make_calls, name="collect")
        with signals_counted() as signals:
            thread.start()
            while not finished.wait(0.1):
                self._heed(signals)
            thread.join()
            if self._run is not None:
                self.counts = self._run.counts
                self.ending, self.message = self._run.ending, self._run.message
            if self._failure is not None:
                self.ending, self.message = "failed", type(self._failure).__name__
            self._end(number)
        self.progress.update(self.snapshot())
        if self._failure is not None:
            raise self._failure

    async def _ask(self, number: int, server: Server, settings: RunSettings) -> None:
        self._loop = asyncio.get_running_loop()
        name = self.plan.model.name
        with Store(self.store.path) as store:
            self._run = Run(
                store,
                number,
                name,
                server,
                settings,
                on_answer=self._on_answer,
                on_refusal=self._on_refusal,
                on_finding=self.progress.tell,
            )
            showing = asyncio.create_task(self._show_waiting())
            try:
                await self._run.ask_all(self.plan.left)
            finally:
                showing.cancel()
                with suppress(asyncio.CancelledError):
                    await showing

    async def _show_waiting(self) -> None:
        """Show how far it is although no answer comes."""
        while True:
            await asyncio.sleep(_SHOWN_WAITING)
            self.progress.update(self.snapshot())

    def _heed(self, signals: list[int]) -> None:
        """Stop at the first Ctrl-C, letting calls in progress end; abandon them at the second."""
        if len(signals) == self._interrupts or self._run is None or self._loop is None:
            return
        heeded, self._interrupts = self._interrupts, len(signals)
        try:
            if not heeded:
                self._loop.call_soon_threadsafe(self._run.stop, "interrupted")
                self.progress.warn(
                    "Stopping: the calls in progress end first (Ctrl-C abandons them)"
                )
            if self._interrupts > 1:
                self._loop.call_soon_threadsafe(self._run.abandon)
        except RuntimeError:  # the loop has closed: the run is over anyway
            return

    def _on_answer(self, outcome: Outcome) -> Sequence[str]:
        task = self.plan.task_of(outcome.request)
        self.answered.add(outcome.request)
        self.left[task] -= 1
        trial = self.plan.trials[outcome.request]
        failure = self.watch.read(trial, outcome)
        if task not in self._tasks_seen:
            self._tasks_seen.add(task)
            self.progress.first(task, outcome.text or "", failure)
        signs = self.watch.look()
        for sign in signs:
            self.progress.warn(sign)
        if time.monotonic() - self._shown > _SHOWN_EVERY:
            self._shown = time.monotonic()
            self.progress.update(self.snapshot())
        return signs

    def _on_refusal(self, refusal: Refusal) -> None:
        self.refused.add(refusal.request)
        self.left[self.plan.task_of(refusal.request)] -= 1

    def _begin(self, server: Server, settings: RunSettings, conditions: SamplingOptions) -> int:
        chosen = {
            "model": self.plan.model.name,
            "base_url": server.address,
            "run": asdict(settings),
            "conditions": asdict(conditions),
            "prompts": {
                task: template.name
                for task, template in self.study.templates.items()
                if (task != "ablation" if self.plan.task == "weights" else task != "report")
            },
        }
        try:
            return self.store.begin_run(
                now(), json.dumps(chosen, sort_keys=True), json.dumps(provenance(), sort_keys=True)
            )
        except sqlite3.Error as error:
            msg = f"{self.store.path}: cannot be written, nothing was asked: {error}"
            raise InputError(msg) from error

    def _end(self, number: int) -> None:
        try:
            counts = json.dumps(self.result().as_dict(), sort_keys=True)
            self.store.end_run(number, now(), self.ending, counts)
        except sqlite3.Error as error:
            if self.ending != "store failing":
                self.ending, self.message = "store failing", f"{self.store.path}: {error}"

    def snapshot(self) -> Snapshot:
        """Return how far the collection is."""
        tally, counts, waiting = self.watch.tally, self.counts, Waiting()
        if self._run is not None:
            counts, waiting = self._run.counts, self._run.waiting()
        prompts, replies = self.plan.estimate.total(self.left)
        return Snapshot(
            planned=len(self.plan.trials),
            answered=len(self.answered),
            refused=len(self.refused),
            valid=tally.valid,
            invalid=tally.invalid,
            prompt_tokens=counts.prompt_tokens,
            reply_tokens=counts.completion_tokens,
            prompt_tokens_left=prompts,
            reply_tokens_left=replies,
            failed=dict(counts.failed),
            waiting=waiting,
        )

    def result(self) -> Collection:
        """Return what was done."""
        snapshot, tally = self.snapshot(), self.watch.tally
        ending: Ending = self.ending
        name = self.plan.model.name
        if snapshot.answered + snapshot.refused == snapshot.planned:
            ending = "complete"
        elif ending == "complete":
            ending = "server failing"
        refusals = [r for r in self.store.refusals(name) if r.request in self.refused]
        return Collection(
            study=self.study.folder,
            model=name,
            snapshot=snapshot,
            counts=self.counts,
            all_runs=self.store.attempt_counts(name),
            billed_twice=self.store.count_billed_twice(name),
            ending=ending,
            message=self.message,
            findings=[] if self._run is None else self._run.limits.standing(),
            warnings=[*self.shutdown.warnings, *(sign.text for sign in warning_signs(tally))],
            refusals=counted_refusals(refusals),
        )
