"""The comparisons that figures are made of: whose reports are held against which weights."""

from dataclasses import dataclass
from typing import Final

from introspect_bayes.protocol.stages import ContextSet, Stage


@dataclass(frozen=True, slots=True)
class Comparison:
    """Reports of one stage held against the weights revealed in one set of contexts.

    Attributes
    ----------
    stage
        Stage of the reporting model.
    context_set
        Contexts in which it reported, and in which the weights were estimated.
    title
        What a table calls it.
    chooser
        Stage whose choices reveal the weights.
    of_paper
        Whether it belongs to the paper's protocol; the others are our own.
    """

    stage: Stage
    context_set: ContextSet
    title: str
    chooser: Stage = "weight-trained"
    of_paper: bool = True


COMPARISONS: Final[dict[str, Comparison]] = {
    "e1.acc": Comparison("weight-trained", "instilled", "weight-trained"),
    "e1.base": Comparison("off-the-shelf", "instilled", "off-the-shelf control"),
    "e2.acc": Comparison("introspection-trained", "instilled", "introspection-trained"),
    "e3.before": Comparison("weight-trained", "native", "native weights, before training"),
    "e3.after": Comparison("introspection-trained", "native", "native weights, after training"),
    "native.acc": Comparison(
        "off-the-shelf",
        "native",
        "off-the-shelf, native weights",
        chooser="off-the-shelf",
        of_paper=False,
    ),
}
"""Comparisons by the id of the figure that reports their accuracy."""

EFFECTS: Final = {"e2.effect": ("e1.acc", "e2.acc"), "e3.effect": ("e3.before", "e3.after")}
"""Effects of introspection training: comparisons before and after it."""

PAPER_COMPARISONS: Final = tuple(figure for figure, c in COMPARISONS.items() if c.of_paper)
"""The comparisons of the paper's protocol."""

REVEALED: Final[tuple[tuple[ContextSet, Stage], ...]] = tuple(
    dict.fromkeys((c.context_set, c.chooser) for c in COMPARISONS.values())
)
"""What choices reveal the weights of: sets of contexts, and the stage that chose in them."""


def comparison_of_paper(stage: str, context_set: str) -> str:
    """Return which of the paper's comparisons a stage's reports in a set of contexts belong to.

    Examples
    --------
    >>> comparison_of_paper("introspection-trained", "native")
    'e3.after'
    """
    return next(
        figure
        for figure in PAPER_COMPARISONS
        if (COMPARISONS[figure].stage, COMPARISONS[figure].context_set) == (stage, context_set)
    )
