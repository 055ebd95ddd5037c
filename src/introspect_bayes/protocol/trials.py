"""Trials: seeded pairs of options, target weights, and the choices that weights imply."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.protocol.contexts import Attribute, DecisionContext

Task = Literal["decision", "report", "ablation"]
"""What a model does: decide, report its weights, or say which attributes would change a choice."""

_ONE_DECIMAL: Final = 5
"""Ranges from 1 up to here get one decimal; wider ones none."""


@dataclass(frozen=True, slots=True)
class Options:
    """Two options of a context, A and B, as attribute values in the context's order."""

    a: tuple[float, ...]
    b: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to be put to a model, fixed before anything is asked.

    Attributes
    ----------
    task
        Whether the model decides, reports its weights, or answers the ablation question.
    context_set, context
        "instilled" or "native", and the context's name.
    number
        Number of the trial within task and context, from 1.
    options
        The pair of options.
    neutralized
        Name of the attribute that was set equal in both options (`neutralize`); empty for a pair
        as drawn.
    """

    task: Task
    context_set: str
    context: str
    number: int
    options: Options
    neutralized: str = ""

    @property
    def id(self) -> str:
        """Stable name, such as ``decision/native/condo/17``."""
        without = f" without {self.neutralized}" if self.neutralized else ""
        return f"{self.task}/{self.context_set}/{self.context}/{self.number}{without}"


def decimals(span: float) -> int:
    """Return how many decimals an attribute's values get, from its range.

    None for a range of 5 or more, one for 1 to 5, else enough for one significant digit and
    one more. Source: the authors' repository.

    Examples
    --------
    >>> decimals(70), decimals(3.5), decimals(0.4), decimals(0.05)
    (0, 1, 2, 3)
    """
    if span >= _ONE_DECIMAL:
        return 0
    return 1 if span >= 1 else abs(math.floor(math.log10(span))) + 1


def _value(attribute: Attribute, generator: random.Random) -> float:
    return round(generator.uniform(attribute.minimum, attribute.maximum), decimals(attribute.span))


def draw_options(context: DecisionContext, generator: random.Random) -> Options:
    """Draw a pair of options: all values of A in attribute order, then all of B.

    Examples
    --------
    >>> import random
    >>> shelf = DecisionContext("shelf", "Which shelf?", (Attribute("width", 10, 90, "cm"),))
    >>> draw_options(shelf, random.Random(1))
    Options(a=(21.0,), b=(78.0,))
    """
    a = tuple(_value(attribute, generator) for attribute in context.attributes)
    b = tuple(_value(attribute, generator) for attribute in context.attributes)
    return Options(a, b)


def draw_target_weights(
    contexts: Sequence[DecisionContext], generator: random.Random
) -> dict[str, tuple[int, ...]]:
    """Draw target weights: uniform, scaled so that the largest is ±100, rounded.

    Returns
    -------
    dict
        Context name to one integer weight per attribute.
    """
    targets = {}
    for context in contexts:
        raw = [generator.uniform(-WEIGHT_LIMIT, WEIGHT_LIMIT) for _ in context.attributes]
        scale = WEIGHT_LIMIT / max(abs(value) for value in raw)
        targets[context.name] = tuple(round(value * scale) for value in raw)
    return targets


def utility(context: DecisionContext, weights: Sequence[float], values: Sequence[float]) -> float:
    """Return the sum of weight times value, values scaled to 0-1 by the attribute's range."""
    return sum(
        weight * ((value - attribute.minimum) / attribute.span)
        for weight, value, attribute in zip(weights, values, context.attributes, strict=True)
    )


def noiseless_choice(
    context: DecisionContext, weights: Sequence[float], options: Options
) -> Literal["A", "B"]:
    """Return the option of larger utility; B if they are equal, as in the authors' material.

    Examples
    --------
    >>> shelf = DecisionContext("shelf", "Which shelf?", (Attribute("width", 10, 90, "cm"),))
    >>> noiseless_choice(shelf, [-50], Options((20.0,), (30.0,)))
    'A'
    """
    first, second = (utility(context, weights, values) for values in (options.a, options.b))
    return "A" if first > second else "B"


def draw_trials(
    contexts: Sequence[DecisionContext],
    context_set: str,
    counts: Mapping[Task, int],
    seed: int,
) -> Iterator[Trial]:
    """Draw the trials of a set of contexts.

    Each task and context has a generator of its own, seeded by their names, so that adding a
    context or asking for more trials changes none of the others.

    Parameters
    ----------
    contexts, context_set
        The contexts, and what the set is called.
    counts
        Trials per context, by task.
    seed
        The study's seed.
    """
    for task, count in counts.items():
        for context in contexts:
            generator = random.Random(f"{seed}/{task}/{context_set}/{context.name}")  # noqa: S311
            for number in range(1, count + 1):
                yield Trial(
                    task, context_set, context.name, number, draw_options(context, generator)
                )


def neutralize(context: DecisionContext, options: Options, attribute: str) -> Options:
    """Set an attribute equal in both options: to the value halfway between its two values.

    Halfway, because that treats the options alike (the value of A or of B in both would change one
    option only, and by twice as much), moves no value further than need be, and stays in the
    attribute's range. To decision makers whose utility is a weighted sum any common value is the
    same; for others, the question states which one it is. The value may need one decimal more than
    those drawn, so that it is neither of the two.

    Parameters
    ----------
    context, options
        A context and a pair of options.
    attribute
        Name of the attribute.

    Examples
    --------
    >>> shelf = DecisionContext("shelf", "Which shelf?", (Attribute("width", 10, 90, "cm"),))
    >>> neutralize(shelf, Options((20.0,), (31.0,)), "width")
    Options(a=(25.5,), b=(25.5,))
    """
    k = context.attribute_names.index(attribute)
    halfway = (options.a[k] + options.b[k]) / 2
    value = round(halfway, decimals(context.attributes[k].span) + 1)
    return with_equal(options, k, value)


def with_equal(options: Options, k: int, value: float) -> Options:
    """Return the options with the same value of attribute `k` (from 0) in both."""
    a, b = ((*values[:k], value, *values[k + 1 :]) for values in (options.a, options.b))
    return Options(a, b)


def ablate(context: DecisionContext, trial: Trial) -> list[Trial]:
    """Return what a decision's ablation asks beside the decision itself.

    Returns
    -------
    list
        The ablation question about the pair, then a decision on the pair without each attribute.
    """
    question = replace(trial, task="ablation")
    decisions = (
        replace(trial, options=neutralize(context, trial.options, name), neutralized=name)
        for name in context.attribute_names
    )
    return [question, *decisions]


def draw_ablations(
    contexts: Sequence[DecisionContext], trials: Sequence[Trial], count: int, seed: int
) -> list[Trial]:
    """Draw which decisions are ablated, and return the trials that this takes (`ablate`).

    Pairs with equal values of some attribute are never drawn: without that attribute they are the
    same pair. Each context has a generator of its own, so that adding a context or ablating more
    decisions changes none of the others.

    Parameters
    ----------
    contexts
        The contexts.
    trials
        Trials of the study, among them decisions.
    count
        Decisions ablated in each context; fewer where it has fewer.
    seed
        The study's seed.
    """
    eligible: dict[str, list[Trial]] = {}
    for trial in trials:
        tied = any(a == b for a, b in zip(trial.options.a, trial.options.b, strict=True))
        if trial.task == "decision" and not tied:
            eligible.setdefault(trial.context, []).append(trial)
    drawn = []
    for context in contexts:
        mine = eligible.get(context.name, [])
        random.Random(f"{seed}/ablation/{context.name}").shuffle(mine)  # noqa: S311
        drawn += [each for trial in mine[:count] for each in ablate(context, trial)]
    return drawn
