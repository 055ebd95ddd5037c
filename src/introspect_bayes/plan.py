"""The plan of a study: every request that will be made of a model, before the first is made."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from introspect_bayes.contexts import DecisionContext
from introspect_bayes.errors import InputError
from introspect_bayes.material.study_folder import PreparedStudy
from introspect_bayes.prompts import Message
from introspect_bayes.stages import Model, StagePlan, held_out
from introspect_bayes.trials import Task, Trial

RESERVED: Final = frozenset({"model", "messages", "n", "stream", "stream_options"})
"""Parameters of a chat request that are not for options to set."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which conditions a model is asked: parameters of every request, never changed silently.

    Parameters
    ----------
    temperature
        0 or more, as in the paper; None leaves it to the server.
    seed
        The server's sampling seed; None sends none.
    max_tokens
        Most tokens of a reply; None leaves it to the server.
    decision_max_tokens
        The same for decisions alone, instead of `max_tokens`.
    log_probabilities
        Ask for the log-probabilities of each token of a decision and of so many alternatives.
    structured_reports
        Have the server enforce a report's keys (``response_format`` with a JSON schema).
    extra
        Further parameters, as the server names them.

    Raises
    ------
    InputError
        If a value is impossible, or `extra` names a parameter that the plan sets.

    Examples
    --------
    >>> Conditions(temperature=0.0, seed=4).shared
    {'temperature': 0, 'seed': 4}
    """

    temperature: float | None = 0
    seed: int | None = None
    max_tokens: int | None = None
    decision_max_tokens: int | None = None
    log_probabilities: int | None = None
    structured_reports: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature < float("inf"):
            msg = f"temperature = {self.temperature}: must be 0 or more"
            raise InputError(msg)
        for name in ("max_tokens", "decision_max_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} = {value}: must be 1 or more"
                raise InputError(msg)
        own = {"logprobs", "top_logprobs", "response_format", *self.shared}
        if self.max_tokens or self.decision_max_tokens:
            own.add("max_tokens")
        taken = sorted({*self.extra} & {*RESERVED, *own})
        try:
            json.dumps(dict(self.extra), allow_nan=False)
        except (TypeError, ValueError) as error:
            msg = f"options {dict(self.extra)}: cannot be sent as JSON: {error}"
            raise InputError(msg) from error
        if taken:
            msg = f"option {taken[0]!r}: set by the plan or by an option of its own"
            raise InputError(msg)

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters that all requests share, without `extra`."""
        found: dict[str, Any] = {}
        if self.temperature is not None:
            # 0 and 0.0 are one condition, so they must be one text.
            whole = float(self.temperature).is_integer()
            found["temperature"] = int(self.temperature) if whole else self.temperature
        if self.seed is not None:
            found["seed"] = self.seed
        return found

    def parameters(self, task: Task, context: DecisionContext) -> dict[str, Any]:
        """Return the parameters of a request beside its model and messages."""
        found = {**self.shared, **self.extra}
        most = self.max_tokens
        if task == "decision":
            most = self.decision_max_tokens or most
            if self.log_probabilities is not None:
                found |= {"logprobs": True, "top_logprobs": self.log_probabilities}
        elif self.structured_reports:
            found["response_format"] = _report_schema(context)
        if most is not None:
            found["max_tokens"] = most
        return found


def _report_schema(context: DecisionContext) -> dict[str, Any]:
    names = list(context.attribute_names)
    schema = {
        "type": "object",
        "properties": {name: {"type": "number"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "report", "strict": True, "schema": schema},
    }


@dataclass(frozen=True)
class Request:
    """One question to one model, ready to be sent.

    Attributes
    ----------
    model
        Who is asked.
    trial
        The trial that the messages state.
    messages
        Chat messages.
    parameters
        Parameters such as the temperature (`Conditions`).
    replicate
        Number of this request among those of the same content, from 0.
    """

    model: Model
    trial: Trial
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any]
    replicate: int = 0

    @cached_property
    def content(self) -> str:
        """Canonical JSON of what is sent."""
        return json.dumps(
            {"model": self.model.name, "messages": list(self.messages), **self.parameters},
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @cached_property
    def id(self) -> str:
        """SHA-256 of content and replicate: the same wherever and whenever it is asked."""
        return request_id(self.content, self.replicate)


def request_id(content: str, replicate: int) -> str:
    """Return the identity of a request: SHA-256 of its content and replicate number."""
    return hashlib.sha256(f"{content}\n{replicate}".encode()).hexdigest()


def plan_requests(study: PreparedStudy, model: Model, conditions: Conditions) -> Iterator[Request]:
    """Yield everything that a model is asked in a study, in a fixed order.

    Parameters
    ----------
    study
        A prepared study.
    model
        Who is asked; its stage decides what.
    conditions
        Parameters of every request.
    """
    asked = {pair for plan in study.stages for pair in plan.asked if _is_stage_of(plan, model)}
    contexts = {c.name: c for members in study.contexts.values() for c in members}
    allowed = held_out([c.name for c in study.contexts.get("instilled", ())], model.trained_on)
    seen: Counter[str] = Counter()
    for trial in study.trials:
        if (trial.task, trial.context_set) not in asked:
            continue
        if trial.context_set == "instilled" and trial.context not in allowed:
            continue
        context = contexts[trial.context]
        messages = tuple(study.templates[trial.task].messages(context, trial.options))
        request = Request(model, trial, messages, conditions.parameters(trial.task, context))
        first = request.id
        yield replace(request, replicate=seen[first]) if first in seen else request
        seen[first] += 1


def _is_stage_of(plan: StagePlan, model: Model) -> bool:
    return (plan.stage, plan.trained_on) == (model.stage, model.trained_on)
