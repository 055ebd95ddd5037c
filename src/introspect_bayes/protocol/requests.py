"""Requests: all that a study asks of a model, in full before the first is sent."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, get_args

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.prompts import Message
from introspect_bayes.protocol.stages import Model, held_out
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.trials import Task, Trial

PlannedTask = Literal["weights", "ablation"]
"""What a collection is for: the decisions and reports from which weights come, or ablations."""

LimitParameter = Literal["max_tokens", "max_completion_tokens"]
"""How servers call the limit of a reply's tokens; newer ones refuse the older name."""

RESERVED: Final = frozenset({"model", "messages", "n", "stream", "stream_options"})
"""Parameters of a chat request that are not for options to set."""


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """How a model is asked to sample: parameters of every request, never changed silently.

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
        Have the server enforce the keys of a report, and of an answer to the ablation question
        (``response_format`` with a JSON schema); "json_object" has it enforce only that they are
        JSON objects, for servers that know no schemas.
    extra
        Further parameters, as the server names them.
    limit_parameter
        How the server calls the limit of a reply's tokens, "max_tokens" or, for models that refuse
        that, "max_completion_tokens".

    Raises
    ------
    InputError
        If a value is impossible, or `extra` names a parameter that the plan sets.

    Examples
    --------
    >>> SamplingOptions(temperature=0.0, seed=4).shared
    {'temperature': 0, 'seed': 4}
    """

    temperature: float | None = 0
    seed: int | None = None
    max_tokens: int | None = None
    decision_max_tokens: int | None = None
    log_probabilities: int | None = None
    structured_reports: bool | Literal["json_object"] = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    limit_parameter: LimitParameter = "max_tokens"

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature < float("inf"):
            msg = f"temperature = {self.temperature}: must be 0 or more"
            raise InputError(msg)
        for name in ("max_tokens", "decision_max_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} = {value}: must be 1 or more"
                raise InputError(msg)
        if self.structured_reports not in {True, False, "json_object"}:
            msg = f"structured_reports = {self.structured_reports!r}: True, False or 'json_object'"
            raise InputError(msg)
        if self.limit_parameter not in get_args(LimitParameter):
            known = " or ".join(get_args(LimitParameter))
            msg = f"limit_parameter = {self.limit_parameter!r}: must be {known}"
            raise InputError(msg)
        own = {"logprobs", "top_logprobs", "response_format", *self.shared}
        if self.max_tokens or self.decision_max_tokens:
            own.add(self.limit_parameter)
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
            as_object = self.structured_reports == "json_object"
            found["response_format"] = (
                {"type": "json_object"} if as_object else _schema(task, context)
            )
        if most is not None:
            found[self.limit_parameter] = most
        return found


def _schema(task: Task, context: DecisionContext) -> dict[str, Any]:
    names = list(context.attribute_names)
    kind = "boolean" if task == "ablation" else "number"
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": task, "strict": True, "schema": schema},
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
        Parameters such as the temperature (`SamplingOptions`).
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
        return canonical(
            {"model": self.model.name, "messages": list(self.messages), **self.parameters}
        )

    @cached_property
    def id(self) -> str:
        """SHA-256 of content and replicate: the same wherever and whenever it is asked."""
        return request_id(self.content, self.replicate)


def canonical(value: Mapping[str, Any]) -> str:
    """Return the canonical JSON of what is sent, or of a part of it.

    Examples
    --------
    >>> canonical({"role": "user", "content": "A or B?"})
    '{"content":"A or B?","role":"user"}'
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def request_id(content: str, replicate: int) -> str:
    """Return the identity of a request: SHA-256 of its content and replicate number."""
    return hashlib.sha256(f"{content}\n{replicate}".encode()).hexdigest()


def plan_requests(
    study: PreparedStudy, model: Model, conditions: SamplingOptions
) -> Iterator[Request]:
    """Yield all decisions and reports that a model is asked in a study, in a fixed order.

    Parameters
    ----------
    study
        A prepared study.
    model
        Who is asked; its stage decides what.
    conditions
        Parameters of every request.
    """
    yield from _requests(study, model, conditions, _planned(study, model))


def plan_ablations(
    study: PreparedStudy, model: Model, conditions: SamplingOptions
) -> Iterator[Request]:
    """Yield all that the ablation task asks of a model, in a fixed order.

    For each ablated decision (`PreparedStudy.ablations`): the decision itself, which is the same
    request as in `plan_requests` if the model is asked it there; the ablation question; and the
    decision without each attribute. A model is asked in the sets of contexts in which it reports,
    and never in contexts that its introspection training used.

    Parameters
    ----------
    study
        A prepared study, with ablations.
    model
        Who is asked; its stage decides what.
    conditions
        Parameters of every request.
    """
    asked = asked_of(study, model)
    allowed = _allowed(study, model)
    ablations = [
        trial
        for trial in study.ablations
        if ("report", trial.context_set) in asked and _may_be_asked(trial, allowed)
    ]
    if not ablations:
        return
    wanted = {id_ for trial in ablations for id_ in (trial.id, ablated_decision(trial))}
    # Equal contents are numbered after those of `plan_requests`, so that what the two share has
    # one identity; and over all decisions, so that more ablations change no number.
    planned = _planned(study, model)
    known = {trial.id for trial in planned}
    contexts = {trial.context for trial in ablations}
    more = [
        trial
        for trial in study.trials
        if trial.task == "decision" and trial.context in contexts and trial.id not in known
    ]
    everything = _requests(study, model, conditions, [*planned, *more, *ablations])
    yield from (request for request in everything if request.trial.id in wanted)


def asked_of(study: PreparedStudy, model: Model) -> set[tuple[Task, str]]:
    """Return what a study asks a model besides ablations: pairs of task and context set."""
    return {
        pair
        for plan in study.stages
        for pair in plan.asked
        if (plan.stage, plan.trained_on) == (model.stage, model.trained_on)
    }


def _planned(study: PreparedStudy, model: Model) -> list[Trial]:
    asked, allowed = asked_of(study, model), _allowed(study, model)
    return [
        trial
        for trial in study.trials
        if (trial.task, trial.context_set) in asked and _may_be_asked(trial, allowed)
    ]


def _allowed(study: PreparedStudy, model: Model) -> set[str]:
    return held_out([c.name for c in study.contexts.get("instilled", ())], model.trained_on)


def _may_be_asked(trial: Trial, allowed: set[str]) -> bool:
    return trial.context_set != "instilled" or trial.context in allowed


def ablated_decision(trial: Trial) -> str:
    """Return the id of the decision that a trial of the ablation task is about."""
    return replace(trial, task="decision", neutralized="").id


def _requests(
    study: PreparedStudy, model: Model, conditions: SamplingOptions, trials: Sequence[Trial]
) -> Iterator[Request]:
    """Yield a request for each trial; equal contents are told apart by their replicate."""
    contexts = {c.name: c for members in study.contexts.values() for c in members}
    seen: Counter[str] = Counter()
    for trial in trials:
        context = contexts[trial.context]
        messages = tuple(study.templates[trial.task].messages(context, trial.options))
        request = Request(model, trial, messages, conditions.parameters(trial.task, context))
        first = request.id
        yield replace(request, replicate=seen[first]) if first in seen else request
        seen[first] += 1
