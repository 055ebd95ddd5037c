"""The plan of a study: every request that will be made of a model, before the first is made."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from introspect_bayes.contexts import DecisionContext
from introspect_bayes.prompts import Message, PromptTemplate
from introspect_bayes.trials import Task, Trial

Stage = Literal["off-the-shelf", "weight-trained", "introspection-trained"]
TrainedOn = Literal["", "first", "last", "all"]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage of a model is asked.

    Attributes
    ----------
    stage, trained_on
        The stage, and which instilled contexts introspection training used: the first half,
        the last half, or all.
    asked
        Pairs of task and context set.
    """

    stage: Stage
    trained_on: TrainedOn
    asked: tuple[tuple[Task, str], ...]


PAPER_STAGES: Final = (
    StagePlan("off-the-shelf", "", (("report", "instilled"),)),
    StagePlan(
        "weight-trained",
        "",
        (
            ("decision", "instilled"),
            ("decision", "native"),
            ("report", "instilled"),
            ("report", "native"),
        ),
    ),
    StagePlan("introspection-trained", "first", (("report", "instilled"),)),
    StagePlan("introspection-trained", "last", (("report", "instilled"),)),
    StagePlan("introspection-trained", "all", (("report", "native"),)),
)
"""The paper's stages: who is asked what. The two halves report on the half not trained on."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model, ready to be sent.

    Attributes
    ----------
    base_model, model
        The base model, and the name of the stage's model at its server.
    stage, trained_on
        See `StagePlan`.
    trial
        The trial that the messages state.
    messages
        Chat messages.
    options
        Sampling options such as temperature; a condition of the study, never changed silently.
    replicate
        Number of this request among those of the same content, from 0.
    """

    base_model: str
    model: str
    stage: Stage
    trained_on: TrainedOn
    trial: Trial
    messages: tuple[Message, ...]
    options: Mapping[str, Any]
    replicate: int

    @property
    def content(self) -> str:
        """Canonical JSON of what the model sees."""
        return json.dumps(
            {"model": self.model, "messages": list(self.messages), **self.options},
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @property
    def id(self) -> str:
        """SHA-256 of content and replicate: the same wherever and whenever it is asked."""
        return hashlib.sha256(f"{self.content}\n{self.replicate}".encode()).hexdigest()


def held_out(contexts: Sequence[str], trained_on: TrainedOn) -> set[str]:
    """Return the contexts that introspection training did not use.

    Examples
    --------
    >>> sorted(held_out(["a", "b", "c", "d"], "first"))
    ['c', 'd']
    """
    half = len(contexts) // 2
    used = {"": [], "first": contexts[:half], "last": contexts[half:], "all": contexts}[trained_on]
    return set(contexts) - set(used)


def plan_requests(
    base_model: str,
    models: Mapping[tuple[Stage, TrainedOn], str],
    contexts: Mapping[str, Sequence[DecisionContext]],
    trials: Sequence[Trial],
    templates: Mapping[Task, PromptTemplate],
    options: Mapping[str, Any],
) -> Iterator[Request]:
    """Yield the requests of one base model's stages, in a fixed order.

    Parameters
    ----------
    base_model
        What the stages have in common.
    models
        Name of each stage's model; stages without one are left out.
    contexts
        Contexts by set ("instilled", "native").
    trials
        The study's trials.
    templates
        Prompt templates by task.
    options
        Sampling options.
    """
    by_name = {c.name: c for members in contexts.values() for c in members}
    seen: Counter[str] = Counter()
    for plan in PAPER_STAGES:
        model = models.get((plan.stage, plan.trained_on))
        if model is None:
            continue
        names = [context.name for context in contexts.get("instilled", ())]
        allowed = held_out(names, plan.trained_on)
        for trial in trials:
            if (trial.task, trial.context_set) not in plan.asked:
                continue
            if trial.context_set == "instilled" and trial.context not in allowed:
                continue
            messages = templates[trial.task].messages(by_name[trial.context], trial.options)
            draft = Request(
                base_model, model, plan.stage, plan.trained_on, trial, tuple(messages), options, 0
            )
            content = draft.content
            seen[content] += 1
            yield replace(draft, replicate=seen[content] - 1)
