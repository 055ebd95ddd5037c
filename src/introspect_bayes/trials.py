"""Trials: seeded pairs of options, target weights, and the choices that weights imply."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.contexts import Attribute, DecisionContext

Task = Literal["decision", "report"]

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
        Whether the model decides, or reports its weights.
    context_set, context
        "instilled" or "native", and the context's name.
    number
        Number of the trial within task and context, from 1.
    options
        The pair of options.
    """

    task: Task
    context_set: str
    context: str
    number: int
    options: Options

    @property
    def id(self) -> str:
        """Stable name, such as ``decision/native/condo/17``."""
        return f"{self.task}/{self.context_set}/{self.context}/{self.number}"


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
