"""What accuracy consists of: magnitudes, signs, ranks, the most important attribute, and noise.

A correlation says how well reports and weights go together, not whether reports are too flat, have
the right sign, or name what matters most. All intervals take contexts as units.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.once import Once
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.errors import CannotCompute, none_computable
from introspect_bayes.presentation.notebook import html
from introspect_bayes.profile import quantities
from introspect_bayes.profile.quantities import Estimate
from introspect_bayes.profile.rows import ProfileRow
from introspect_bayes.profile.split_halves import half_reports, half_weights
from introspect_bayes.profile.tables import profile_table
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.study import Study

CHANCE: Final = {"rank_correlation": 0.0, "slope_of_reports": 0.0}
"""What reports that know nothing reach, whatever weights and reports are like."""

Halves = Callable[[str, ContextSet, Stage], tuple[pd.DataFrame, tuple[str, ...]]]
"""From whose choices, and where, to `half_weights`."""


@dataclass(frozen=True)
class AccuracyProfile:
    """The profile of every comparison that a study allows.

    Attributes
    ----------
    rows
        One for each comparison, base model and quantity.
    skipped
        Comparisons that the study does not allow, as ``figure.base_model``, and why.
    problems
        Failed diagnostics of the choice weights behind it.
    """

    rows: tuple[ProfileRow, ...]
    skipped: Mapping[str, CannotCompute] = field(default_factory=dict, repr=False)
    problems: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a comparison, base model and quantity.

        Columns figure, base_model, quantity, estimate, low and high (95%, contexts as units),
        chance, contexts, note.
        """
        rows = []
        for row in self.rows:
            low, high = row.hdi_contexts or (None, None)
            told = row.as_dict()
            del told["hdi_contexts"]
            place = list(told).index("chance")
            items = list(told.items())
            items[place:place] = [("low", low), ("high", high)]
            rows.append(dict(items))
        return pd.DataFrame(rows)

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return all rows as JSON-ready values."""
        return [row.as_dict() for row in self.rows]

    def __getitem__(self, name: str) -> dict[str, ProfileRow]:
        """Return the quantities of one comparison, named as ``e1.acc.MODEL``."""
        found = {r.quantity: r for r in self.rows if f"{r.figure}.{r.base_model}" == name}
        if not found:
            raise KeyError(name)
        return found

    def of(self, figure: str, base_model: str) -> dict[str, Any] | None:
        """Return the quantities of one comparison as JSON-ready values, by name; None without."""
        rows = [r for r in self.rows if (r.figure, r.base_model) == (figure, base_model)]
        told = ("estimate", "hdi_contexts", "chance", "contexts", "note")
        return {r.quantity: {name: r.as_dict()[name] for name in told} for r in rows} or None

    def _repr_html_(self) -> str:
        return html([profile_table(self.rows, self.problems)])


def accuracy_profile(
    source: Study | Analysis,
    figures: Collection[str] = (),
    *,
    settings: Settings | None = None,
    seed: int = 2025,
    progress: Progress | None = None,
) -> AccuracyProfile:
    """Say what accuracy consists of, comparison by comparison, with contexts as units.

    The slope of mean reports on weights (both -100 to 100; r times the ratio of their spreads),
    the share of right signs and that of contexts whose most important attribute is named (both
    beside chance), Spearman's correlation within contexts, and the correlation that noise would
    leave to reports that know all (from halves of the choices and of the reports, which are fitted
    apart).

    Parameters
    ----------
    source, settings, seed, progress
        As of `privileged_access`.
    figures
        Comparisons, such as "e1.acc", or their beginnings; all that the study allows if empty.

    Raises
    ------
    CannotCompute
        If the study allows none of the comparisons; the message says why.
    InputError
        If a comparison is unknown.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> profile = ib.accuracy_profile(ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> profile["e1.acc.gpt-4o-2024-08-06"]["slope_of_reports"].estimate  # doctest: +SKIP
    """
    analysis = source
    if isinstance(analysis, Study):
        analysis = Analysis(analysis, settings or Settings.default(seed=seed), progress)
    found = profile_where_possible(analysis, select_ids(COMPARISONS, figures, "comparison"))
    if not found.rows:
        msg = "accuracy has no profile in this study"
        raise none_computable(msg, found.skipped.values())
    return found


def profile_where_possible(
    analysis: Analysis, figures: Collection[str] = tuple(COMPARISONS)
) -> AccuracyProfile:
    """Return the profile of what the study allows, perhaps of nothing."""
    halves = Once(partial(half_weights, analysis))
    rows: list[ProfileRow] = []
    skipped: dict[str, CannotCompute] = {}
    problems: list[str] = []
    for figure in figures:
        comparison = COMPARISONS[figure]
        for base_model in analysis.study.base_models:
            try:
                both = analysis.rows(base_model, figure)
            except CannotCompute as reason:
                skipped[f"{figure}.{base_model}"] = reason
                continue
            rows += _rows_of(analysis, figure, base_model, both, halves)
            weights = analysis.weights(base_model, comparison.context_set, comparison.chooser)
            problems += [
                f"choice weights of {base_model}: {p}" for p in weights.diagnostics.problems
            ]
    return AccuracyProfile(tuple(rows), skipped, tuple(dict.fromkeys(problems)))


def _rows_of(
    analysis: Analysis, figure: str, base_model: str, both: pd.DataFrame, halves: Halves
) -> Iterator[ProfileRow]:
    chance = {
        **CHANCE,
        "sign_accuracy": quantities.chance_of_signs(both),
        "most_important_named": quantities.chance_named(both),
    }
    ways: dict[str, Callable[[], Estimate]] = {
        "slope_of_reports": lambda: quantities.slope_of_reports(both),
        "sign_accuracy": lambda: quantities.sign_accuracy(both),
        "rank_correlation": lambda: quantities.rank_correlation(both),
        "most_important_named": lambda: quantities.most_important_named(both),
        "noise_ceiling": lambda: _ceiling(analysis, figure, base_model, halves),
    }
    for quantity, compute in ways.items():
        known = chance.get(quantity)
        try:
            found = compute()
        except CannotCompute as reason:
            yield ProfileRow(figure, base_model, quantity, None, None, known, 0, str(reason))
            continue
        yield ProfileRow(
            figure,
            base_model,
            quantity,
            found.value,
            found.interval.ends,
            known,
            found.contexts,
            "; ".join(filter(None, (found.interval.missing, *found.problems))),
        )


def _ceiling(analysis: Analysis, figure: str, base_model: str, halves: Halves) -> Estimate:
    comparison = COMPARISONS[figure]
    reports = half_reports(analysis, base_model, comparison)
    weights, problems = halves(base_model, comparison.context_set, comparison.chooser)
    found = quantities.noise_ceiling(weights, reports)
    return replace(found, problems=tuple(f"half of the choices: {p}" for p in problems))
