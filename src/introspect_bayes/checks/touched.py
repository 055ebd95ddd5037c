"""Which accuracies and effects rest on what, and how they would come out otherwise."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.contexts_as_units import ContextSums
from introspect_bayes.analysis.figure_sums import SUMS
from introspect_bayes.checks.finding import Change
from introspect_bayes.checks.replies import label
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS, REVEALED
from introspect_bayes.protocol.stages import ContextSet, Stage


class Revealed(NamedTuple):
    """Choices of a base model that reveal weights: in a set of contexts, by a stage."""

    base_model: str
    context_set: ContextSet
    stage: Stage

    @property
    def subject(self) -> str:
        """What checks call the fit of these choices."""
        stage = "" if self.stage == "weight-trained" else f", {self.stage}"
        return f"choice weights of {label(self.base_model)}{stage}, {self.context_set}"


class Compared(NamedTuple):
    """A comparison of a base model (figure: key of `COMPARISONS`), or an effect (no model)."""

    figure: str
    base_model: str = ""

    @property
    def subject(self) -> str:
        """The figure's id."""
        return f"{self.figure}.{label(self.base_model)}" if self.base_model else self.figure


def revealed(analysis: Analysis) -> Iterator[Revealed]:
    """Yield all choices that may reveal weights, whether the study has them or not."""
    for base_model in analysis.study.base_models:
        for context_set, stage in REVEALED:
            yield Revealed(base_model, context_set, stage)


def compared(analysis: Analysis) -> Iterator[Compared]:
    """Yield all comparisons and effects, whether the study has them or not."""
    for base_model in analysis.study.base_models:
        for figure in COMPARISONS:
            yield Compared(figure, base_model)
    for effect in EFFECTS:
        yield Compared(effect)


def resting_on(choices: Iterable[Revealed], analysis: Analysis) -> list[Compared]:
    """Return the comparisons whose weights come from some choices, and the effects of those."""
    sources = set(choices)
    figures = [
        each
        for each in compared(analysis)
        if each.base_model
        and Revealed(
            each.base_model, COMPARISONS[each.figure].context_set, COMPARISONS[each.figure].chooser
        )
        in sources
    ]
    return with_effects(figures)


def with_effects(figures: Iterable[Compared]) -> list[Compared]:
    """Return comparisons together with the effects that are made of them."""
    known = list(figures)
    names = {each.figure for each in known}
    return known + [Compared(name) for name, pair in EFFECTS.items() if names & set(pair)]


def changes(
    analysis: Analysis,
    other: Analysis,
    figures: Iterable[Compared],
    reweighed: Callable[[ContextSums, Compared], ContextSums] | None = None,
) -> tuple[Change, ...]:
    """Return how figures come out in another analysis of the study, the largest change first.

    Figures are those of least squares, which the default priors of the regressions give. Those that
    either analysis cannot compute are left out.

    Parameters
    ----------
    analysis, other
        As it is, and otherwise.
    figures
        Which are computed.
    reweighed
        What is done to the other analysis's sums over contexts.
    """
    found = []
    for each in figures:
        try:
            value = SUMS[each.figure](analysis, each.base_model).value()
            sums = SUMS[each.figure](other, each.base_model)
            otherwise = (reweighed(sums, each) if reweighed else sums).value()
        except CannotCompute:
            continue
        found.append(Change(each.subject, value, otherwise))
    return tuple(sorted(found, key=lambda change: -change.size))
