"""What is left to be asked of a model, and under which conditions."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_args

from introspect_bayes.collect.earlier_requests import as_asked_before
from introspect_bayes.collect.estimate import TokenEstimate
from introspect_bayes.collect.lineage import find_model
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import (
    PlannedTask,
    Request,
    SamplingOptions,
    plan_ablations,
    plan_requests,
)
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.trials import Task
from introspect_bayes.store import Store

_SAMPLED_FOR_ESTIMATE = 500

_PLANS: Final[
    dict[PlannedTask, Callable[[PreparedStudy, Model, SamplingOptions], Iterator[Request]]]
] = {
    "weights": plan_requests,
    "ablation": plan_ablations,
}


@dataclass(frozen=True)
class CollectionPlan:
    """Everything that a model is asked in a study for a task.

    Attributes
    ----------
    model
        Who is asked.
    trials
        Trial of each request, by the request's id.
    answered
        Requests that have their answer.
    refused
        Requests that the server refused for good.
    replaced
        Requests of an earlier plan, of which none was answered; this plan takes its place.
    ask_refused_again
        Whether refused requests are asked again.
    failed
        Failed attempts of earlier runs, by request.
    estimate
        Tokens per request.
    task
        What the requests are for.
    """

    model: Model
    trials: dict[str, str]
    answered: frozenset[str]
    failed: dict[str, int]
    estimate: TokenEstimate
    task: PlannedTask = "weights"
    refused: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    ask_refused_again: bool = False

    @property
    def left(self) -> list[str]:
        """Requests to be asked, in the order in which they are.

        The order of their hashes is as good as random: the first hundred replies already tell
        about all contexts and both tasks. Those that failed before come last, so that a request
        which a server never answers does not hold up the others.
        """
        left = self.trials.keys() - self.answered
        if not self.ask_refused_again:
            left -= self.refused
        return sorted(left, key=lambda request: (self.failed.get(request, 0), request))

    def task_of(self, request: str) -> Task:
        """Return the task of a request."""
        return _task(self.trials[request])

    def tasks(self, requests: Iterable[str]) -> Counter[Task]:
        """Count requests by task."""
        return Counter(self.task_of(request) for request in requests)


def plan_collection(
    study: PreparedStudy,
    store: Store | None,
    model_name: str,
    conditions: SamplingOptions,
    task: PlannedTask = "weights",
    *,
    ask_refused_again: bool = False,
) -> CollectionPlan:
    """Plan what a model is asked, writing nothing.

    Parameters
    ----------
    study
        The study.
    store
        Its store; None if there is none yet.
    model_name
        The model, as its server calls it.
    conditions
        Parameters of every request.
    task
        "weights" for decisions and reports, "ablation" for the study's ablations.
    ask_refused_again
        Whether requests that the server refused before are asked again.

    Raises
    ------
    InputError
        If the study asks the model's stage nothing, or the store holds answers of the model under
        other conditions.
    """
    study = as_asked_before(study, store)
    model = Model(model_name, model_name) if store is None else find_model(store, model_name)
    plan = first_plan(study, model, conditions, task)
    if store is None:
        return plan
    stored = store.planned(model_name)
    strangers = stored.keys() - plan.trials.keys()
    if strangers:  # what the other task asks is none
        strangers -= {
            r.id for requests in _PLANS.values() for r in requests(study, model, conditions)
        }
    if strangers and any(stored.values()):
        stranger = min(strangers)
        kind = _task(store.trial(stranger))
        same_task = [text for each, text in _sample(study, plan, conditions) if each == kind]
        raise InputError(_conflict(study.folder, model, store.content(stranger), same_task))
    usage = store.usage(model_name)
    plan.estimate.correct((_task(trial), prompt, reply) for trial, prompt, reply in usage)
    answered = frozenset(id_ for id_, done in stored.items() if done and id_ in plan.trials)
    refused = frozenset(r.request for r in store.refusals(model_name)) & plan.trials.keys()
    return replace(
        plan,
        answered=answered,
        failed=store.failed_attempts(model_name),
        refused=refused,
        replaced=frozenset(strangers),
        ask_refused_again=ask_refused_again,
    )


def first_plan(
    study: PreparedStudy, model: Model, conditions: SamplingOptions, task: PlannedTask = "weights"
) -> CollectionPlan:
    """Plan what a model is asked of which nothing was asked before.

    Parameters
    ----------
    study
        The study.
    model
        Who is asked.
    conditions
        Parameters of every request.
    task
        "weights" for decisions and reports, "ablation" for the study's ablations.

    Raises
    ------
    InputError
        If the study asks the model's stage nothing.
    """
    trials = {request.id: request.trial.id for request in _PLANS[task](study, model, conditions)}
    if not trials:
        msg = (
            f"{study.folder}: nothing is asked of {model.stage} models; see [asked] in "
            "study.toml, or tell what this model is: introspect-bayes models add"
        )
        raise InputError(msg)
    plan = CollectionPlan(model, trials, frozenset(), {}, TokenEstimate({}, {}), task)
    return replace(plan, estimate=TokenEstimate.from_text(_sample(study, plan, conditions)))


def _sample(
    study: PreparedStudy, plan: CollectionPlan, conditions: SamplingOptions
) -> Iterator[tuple[Task, str]]:
    """Yield task and content of some of the requests."""
    requests = _PLANS[plan.task](study, plan.model, conditions)
    for request in islice(requests, 0, None, _stride(len(plan.trials))):
        yield request.trial.task, request.content


def store_plan(
    study: PreparedStudy, store: Store, plan: CollectionPlan, conditions: SamplingOptions
) -> None:
    """Store the requests of a plan that are not stored yet; withdraw those that it replaces.

    Raises
    ------
    InputError
        If the store cannot be written.
    """
    if store.planned(plan.model.name).keys() >= plan.trials.keys() and not plan.replaced:
        return
    study = as_asked_before(study, store)
    try:
        store.plan(_PLANS[plan.task](study, plan.model, conditions))
        withdrawn = plan.trials.keys() - store.planned(plan.model.name).keys()
        store.change_plan(plan.replaced, withdrawn)
    except sqlite3.Error as error:
        msg = f"{store.path}: the plan cannot be stored, nothing was asked: {error}"
        raise InputError(msg) from error


def _stride(count: int) -> int:
    return max(1, count // _SAMPLED_FOR_ESTIMATE)


def _task(trial: str) -> Task:
    return next(task for task in get_args(Task) if trial.startswith(f"{task}/"))


def _conflict(folder: Path, model: Model, stored: str, planned: Sequence[str]) -> str:
    """Say how a stored request differs from those of its task that would be planned now."""
    changed = _differences(_parameters(stored), _parameters(planned[0])) if planned else []
    if not changed:
        return (
            f"{folder}: {model.name} was asked other trials or with other prompts before; put "
            "study.toml, trials.csv and prompts/ back as they were, or prepare another study"
        )
    return (
        f"{folder}: {model.name} was asked under other conditions before ({'; '.join(changed)}); "
        "go on with those, or prepare another study: one study never mixes conditions"
    )


def _parameters(content: str) -> dict[str, Any]:
    request = json.loads(content)
    # A schema differs from context to context; whether there is one does not.
    kind = request.get("response_format", {}).get("type")
    schema = {"response_format": "a schema" if kind == "json_schema" else kind} if kind else {}
    without = {"model", "messages", "response_format"}
    return {name: value for name, value in request.items() if name not in without} | schema


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {before.get(name, 'not set')}, now {now.get(name, 'not set')}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
