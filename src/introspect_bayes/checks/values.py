"""Warning signs in what was read on trust: values, copies of rows, reports out of range."""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.warning_signs import WarningSign
from introspect_bayes.study.frames import Oddity

ODDITIES: Final[dict[Oddity, str]] = {
    "value_outside": "have an attribute value outside its minimum to maximum, so that a difference "
    "counts as more than the whole range",
    "lacking_attribute": "have cells of attributes that their context lacks, which are not used",
    "third_option": "state a further option beside A and B, which the models do not know",
    "repeated": "are copies of another row, every cell the same but for a row's number: they tell "
    "nothing new, and make intervals too narrow",
}
"""What is said of rows with each oddity."""

OF_CHOICES: Final = ("value_outside", "third_option")
"""Oddities that only choices are examined for."""

KINDS: Final = (*ODDITIES, "report out of range", "few choices")
"""Kinds of the warning signs of this module."""

_TASKS: Final = {"decision": "choices", "report": "reports"}


def odd_row_signs(
    odd: pd.DataFrame, counts: Mapping[tuple[str, str], int]
) -> Iterator[WarningSign]:
    """Yield a warning sign for each oddity of a model's choices and reports.

    Parameters
    ----------
    odd
        Rows of ``Study.odd_rows``.
    counts
        How many choices and reports there are, by task and set of contexts.
    """
    for oddity, said in ODDITIES.items():
        same = odd[odd["oddity"] == oddity]
        for (task, context_set), rows in same.groupby(["task", "context_set"], sort=False):
            of = counts.get((str(task), str(context_set)), len(rows))
            first = next(filter(None, rows["where"]), "")
            yield WarningSign(
                oddity,
                f"{len(rows):,} of {of:,} {_TASKS[str(task)]} in {context_set} contexts {said}"
                + (f" (first: {first})" if first else ""),
            )


def out_of_range_signs(each: pd.DataFrame) -> Iterator[WarningSign]:
    """Yield a warning sign if reports hold a weight beyond ±100.

    Parameters
    ----------
    each
        One row a report: context, weights (a tuple).
    """
    largest = [max(weights, key=abs) for weights in each["weights"]]
    pairs = zip(largest, each["context"], strict=True)
    beyond = [(size, context) for size, context in pairs if abs(size) > WEIGHT_LIMIT]
    if beyond:
        size, context = max(beyond, key=lambda pair: abs(pair[0]))
        yield WarningSign(
            "report out of range",
            f"{len(beyond):,} of {len(each):,} valid reports with a weight beyond ±{WEIGHT_LIMIT}, "
            f"averaged as stated (the largest: {size:g}, in context {context})",
        )


def few_choices(choices: pd.DataFrame, contexts: Mapping[str, DecisionContext]) -> pd.Series:
    """Return the number of choices of each context that has too few to tell its weights.

    Too few are fewer than two for each coefficient, which are one an attribute and the pull to a
    position: even a model that chose by chance would be fitted without error in half of such
    contexts (Cover 1965, doi:10.1109/PGEC.1965.264137), so that the prior decides how large weights
    are.

    Parameters
    ----------
    choices
        Rows of ``study.choices``.
    contexts
        Decision contexts by name.

    Examples
    --------
    >>> from introspect_bayes.protocol.context_files import shipped_contexts
    >>> five = {context.name: context for context in shipped_contexts("native")[:1]}
    >>> few_choices(pd.DataFrame({"context": [*five] * 11}), five).tolist()
    [11]
    >>> few_choices(pd.DataFrame({"context": [*five] * 12}), five).tolist()
    []
    """
    counts = choices.groupby("context", sort=False).size()
    enough = [2 * (len(contexts[str(name)].attributes) + 1) for name in counts.index]
    return counts[counts < enough]


def few_choice_signs(
    choices: pd.DataFrame, contexts: Mapping[str, DecisionContext]
) -> Iterator[WarningSign]:
    """Yield a warning sign for each set of contexts in some of which choices are few."""
    for context_set, chosen in choices.groupby("context_set", sort=False):
        few = few_choices(chosen, contexts)
        if len(few):
            yield WarningSign(
                "few choices",
                f"in {len(few)} of {chosen['context'].nunique()} {context_set} contexts there are "
                f"fewer than two choices for each weight and the pull to a position (the fewest: "
                f"{few.min()}, in {few.idxmin()}): there the prior decides how large weights are",
            )
