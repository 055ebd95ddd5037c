"""Designs of a study, what each asks of a model, and what that costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from introspect_bayes.collect.estimate import Prices
from introspect_bayes.collect.planning import first_plan
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.protocol.stages import Model, StagePlan
from introspect_bayes.simulate.in_memory import native_study, numbered_contexts

UNTRAINED: Final = (StagePlan("off-the-shelf", "", (("decision", "native"), ("report", "native"))),)
"""One model chooses and reports."""

TRAINED: Final = (
    StagePlan("weight-trained", "", (("decision", "native"), ("report", "native"))),
    StagePlan("introspection-trained", "all", (("report", "native"),)),
)
"""A model chooses and reports; after introspection training it reports again."""

MATERIAL_SEED: Final = 1
"""Seed of the trials that are priced: that of `prepare`, unless it is given another."""

_LEAST: Final = {"contexts": 2, "choices": 1, "reports": 1}


@dataclass(frozen=True, slots=True, order=True)
class Design:
    """How much a study asks.

    Parameters
    ----------
    contexts
        Decision contexts, 2 or more.
    choices, reports
        Choices and reports asked in each context (reports: of each stage).

    Raises
    ------
    InputError
        If a number is too small.
    """

    contexts: int
    choices: int
    reports: int

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                msg = f"{name} = {getattr(self, name)}: a design needs at least {least}"
                raise InputError(msg)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a design asks and costs; training is not in it.

    Attributes
    ----------
    requests
        Of all stages and base models.
    prompt_tokens, reply_tokens
        Guessed from the text, as ``collect --dry-run`` guesses them.
    cost
        US dollars; None without prices.
    """

    requests: int
    prompt_tokens: float
    reply_tokens: float
    cost: float | None


def grid(
    contexts: int | Iterable[int], choices: int | Iterable[int], reports: int | Iterable[int]
) -> list[Design]:
    """Return all designs with these numbers of contexts, choices and reports.

    Examples
    --------
    >>> [design.contexts for design in grid([20, 50], 10, 5)]
    [20, 50]
    """
    numbers = ([n] if isinstance(n, int) else list(n) for n in (contexts, choices, reports))
    return sorted({Design(*each) for each in product(*numbers)})


def bill(
    design: Design,
    stages: Sequence[StagePlan],
    base_models: int = 1,
    prices: Prices | None = None,
    asked: tuple[str, SamplingOptions] = ("model", SamplingOptions()),
) -> Bill:
    """Return what a design asks of so many base models and what that costs.

    Parameters
    ----------
    design
        The design.
    stages
        `UNTRAINED` or `TRAINED`.
    base_models
        How many are asked.
    prices
        US dollars per million tokens.
    asked
        The model's name and the conditions, which are part of each request's text.

    Examples
    --------
    >>> bill(Design(2, 10, 5), UNTRAINED).requests
    30
    """
    name, conditions = asked
    contexts = numbered_contexts(design.contexts)
    study = native_study(contexts, design.choices, design.reports, MATERIAL_SEED, stages)
    requests, prompts, replies = 0, 0.0, 0.0
    for stage in stages:
        model = Model(name, name, stage.stage, stage.trained_on)
        plan = first_plan(study, model, conditions)
        requests += base_models * len(plan.trials)
        tokens = plan.estimate.total(dict(plan.tasks(plan.trials)))
        prompts, replies = (
            a + base_models * b for a, b in zip((prompts, replies), tokens, strict=True)
        )
    cost = None if prices is None else prices.cost(prompts, replies)
    return Bill(requests, prompts, replies, cost)
