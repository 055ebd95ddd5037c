"""What findings are made of: checks by name, one error rate for all, and contexts as units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.contexts_as_units import FEWEST_CONTEXTS
from introspect_bayes.analysis.decimals import decimal
from introspect_bayes.analysis.figure_sums import slope_sums
from introspect_bayes.checks.finding import MOVES, Change, FindingClass
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.predictive_reports import RESIDUALS
from introspect_bayes.checks.touched import Compared, Revealed, compared, resting_on, revealed
from introspect_bayes.checks.warnings import ModelWarning, model_warnings
from introspect_bayes.errors import CannotCompute

FALSE_ALARMS: Final = 0.002
"""Probability that a flawless study has any finding that chance explains: all tests of a study
share it equally (Bonferroni), however many there are."""


@dataclass(frozen=True)
class Evidence:
    """Checks of a study, and what several findings need.

    Attributes
    ----------
    analysis
        The analysis that was checked.
    checks
        What was found.
    """

    analysis: Analysis
    checks: Sequence[Check]

    def of(self, *names: str) -> list[Check]:
        """Return the checks with these names."""
        return [check for check in self.checks if check.name in names]

    def below(self, name: str) -> list[Check]:
        """Return the checks with this name whose p value is below `level`."""
        return [check for check in self.of(name) if check.numbers.get("p", 1.0) < self.level]

    @cached_property
    def warnings(self) -> list[ModelWarning]:
        """Warning signs in the replies."""
        return list(model_warnings(self.analysis.study))

    @cached_property
    def level(self) -> float:
        """P value below which a test counts: `FALSE_ALARMS` over the number of tests made."""
        tests = sum("p" in check.numbers for check in self.checks)
        tests += sum(len(better_than(check)) for check in self.checks)
        return FALSE_ALARMS / max(1, tests + len(self.widening))

    @cached_property
    def widening(self) -> dict[Compared, float]:
        """P value of each comparison's contexts differing no more than its HDI allows.

        The squared ratio of the slope's jackknife error, contexts as units, to its posterior
        standard deviation is held against chi-squared over its G - 1 degrees of freedom. Where
        contexts are alike the ratio is about 1 or smaller.
        """
        if not self.of(RESIDUALS):
            return {}
        found = {}
        for each in compared(self.analysis):
            if each.base_model and (p := self._widens(each)) is not None:
                found[each] = p
        return found

    def _widens(self, figure: Compared) -> float | None:
        from scipy.stats import chi2

        try:
            fit = self.analysis.accuracy(figure.base_model, figure.figure)
            sums = slope_sums(self.analysis, figure.base_model, figure.figure)
        except CannotCompute:
            return None
        if len(sums.units) < FEWEST_CONTEXTS:
            return None
        table = sums.table.to_numpy(dtype=float)
        kept = sums.table.index.isin(sums.units)
        left_out = sums.figure(table.sum(axis=0) - table[kept])[0]
        free = len(left_out) - 1
        deviation = float(fit.draws_of("reported").std(ddof=1))
        ratio = free * left_out.var() / deviation**2
        return float(chi2.sf(free * ratio, free)) if np.isfinite(ratio) else None

    def choices(self, checks: Iterable[Check]) -> list[Revealed]:
        """Return the choices whose fits the checks speak of."""
        subjects = {check.subject for check in checks}
        return [each for each in revealed(self.analysis) if each.subject in subjects]

    def resting_on(self, checks: Iterable[Check]) -> list[Compared]:
        """Return the comparisons and effects that rest on the choices that the checks speak of."""
        return resting_on(self.choices(checks), self.analysis)


def better_than(check: Check) -> dict[str, float]:
    """Return the p value of each alternative regression's being no better, by name.

    Only of those whose leave-one-out can be trusted.
    """
    from scipy.stats import norm

    numbers = check.numbers
    names = [key.removesuffix(".slope") for key in numbers if key.endswith(".slope")]
    return {
        name: float(norm.sf(numbers[f"{name}.elpd_diff"] / max(numbers[f"{name}.se"], 1e-9)))
        for name in names
        if not numbers[f"{name}.problems"] and not numbers[f"{name}.bad_k"]
    }


def kind_of(changes: Sequence[Change]) -> FindingClass:
    """Return the class of a finding whose only consequence is what accuracies become."""
    moved = any(change.size >= MOVES for change in changes)
    return "numbers move" if moved else "known and harmless"


def largest(changes: Sequence[Change], most: int = 3) -> str:
    """Return the largest changes in words.

    Examples
    --------
    >>> largest([Change("e1.acc.4o", 0.5, 0.6), Change("e2.acc.4o", 0.5, 0.501)])
    'e1.acc.4o .500 → .600'
    >>> largest([Change("e2.acc.4o", 0.5, 0.501)])
    'accuracies move by at most .001'
    """
    moved = [change for change in changes if change.size >= MOVES]
    if not moved:
        size = max((change.size for change in changes), default=0.0)
        return f"accuracies move by at most {decimal(size, 3)}"
    more = f" and {len(moved) - most} more" if len(moved) > most else ""
    return ", ".join(map(str, moved[:most])) + more


def listed(subjects: Sequence[str], most: int = 4) -> str:
    """Return subjects in words, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(subjects) - most} more" if len(subjects) > most else ""
    return ", ".join(subjects[:most]) + more
