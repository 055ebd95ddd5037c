"""All checks of a study, one after the other."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, Final

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.checks import loo, predictive_choices, predictive_reports, prior_predictive
from introspect_bayes.checks.alternatives import Alternatives
from introspect_bayes.checks.convergence import CONVERGENCE, convergence
from introspect_bayes.checks.data_health import data_health
from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.holding_out import compared_by_holding_out
from introspect_bayes.checks.missing_reports import MISSING_REPORTS, missing_reports
from introspect_bayes.checks.outcome import Check, attempt
from introspect_bayes.checks.position_bias import POSITION_BIAS, position_bias
from introspect_bayes.checks.prior_sensitivity import PRIOR_SENSITIVITY, prior_sensitivity
from introspect_bayes.checks.replies import (
    ANOMALOUS,
    FILES,
    REPLIES,
    VALUES,
    VARIATION,
    anomalies,
    file_checks,
    label,
    reply_checks,
)
from introspect_bayes.checks.touched import compared, revealed
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.regressions.regression import Regression

FITTED: Final = "fits"

CHECKS: Final[dict[str, str]] = {
    FITTED: "What can be fitted",
    FILES: "Is every file used?",
    VARIATION: "Do choices and reports vary?",
    REPLIES: "Are replies there, and readable?",
    VALUES: "Are values, rows and numbers of choices sound?",
    POSITION_BIAS: "Is the model drawn to a position?",
    MISSING_REPORTS: "Are reports missing at random?",
    ANOMALOUS: "Do odd reports change a correlation?",
    CONVERGENCE: "Did the sampler reach the posterior?",
    PRIOR_SENSITIVITY: "Do prior and data pull apart?",
    prior_predictive.PRIOR_PREDICTIVE: "Does the prior allow for such data?",
    predictive_choices.CALIBRATION: "Are predicted probabilities of choices right?",
    predictive_choices.ACCURACY: "Are choices of each context predicted as well as expected?",
    predictive_choices.SHARE: "Is the share of A of each context replicated?",
    predictive_choices.PREDICTED: "Do weights predict as many choices as they should?",
    predictive_reports.DENSITY: "Are weights distributed around the regression as predicted?",
    predictive_reports.PILE_UP: "Do weights pile up at ±100?",
    predictive_reports.RESIDUALS: "Are rows of one context independent?",
    loo.PARETO_K: "Can leave-one-out be trusted?",
    loo.COMPARISON: "Does another model predict better?",
}
"""Names of the checks, and the question that each answers."""

_CHOICES: Final[dict[str, Callable[[Examination[ChoiceWeights]], Check]]] = {
    POSITION_BIAS: position_bias,
    CONVERGENCE: convergence,
    PRIOR_SENSITIVITY: prior_sensitivity,
    prior_predictive.PRIOR_PREDICTIVE: prior_predictive.choices_from_prior,
    predictive_choices.CALIBRATION: predictive_choices.calibration,
    predictive_choices.ACCURACY: predictive_choices.accuracy,
    predictive_choices.SHARE: predictive_choices.share,
    predictive_choices.PREDICTED: predictive_choices.predicted,
    loo.PARETO_K: loo.pareto_k,
    loo.COMPARISON: compared_by_holding_out,
}
_REPORTS: Final[dict[str, Callable[[Examination[Regression]], Check]]] = {
    CONVERGENCE: convergence,
    PRIOR_SENSITIVITY: prior_sensitivity,
    prior_predictive.PRIOR_PREDICTIVE: prior_predictive.reports_from_prior,
    predictive_reports.DENSITY: predictive_reports.density,
    predictive_reports.PILE_UP: predictive_reports.pile_up,
    predictive_reports.RESIDUALS: predictive_reports.residuals_by_context,
    loo.PARETO_K: loo.pareto_k,
}


def check_study(analysis: Analysis, only: Collection[str] = ()) -> Iterator[Check]:
    """Check a study: its data, its fits, and what the fits predict.

    Parameters
    ----------
    analysis
        Analysis of the study; its fits are made if need be, and its progress told.
    only
        Names of checks (keys of `CHECKS`) or their beginnings, such as "choices"; all if empty.

    Yields
    ------
    Check
        One for each check and subject, in the order in which they are made.

    Raises
    ------
    InputError
        If `only` names no check.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> analysis = ib.Analysis(ib.load_study("smollm2"))  # doctest: +SKIP
    >>> [c.subject for c in ib.check_study(analysis) if c.status == "fail"]  # doctest: +SKIP
    """
    return _checks(analysis, select_checks(only))


def select_checks(only: Collection[str]) -> list[str]:
    """Return the names of checks that `only` names, exactly or by their beginning before a dot.

    Raises
    ------
    InputError
        If a name matches nothing; the message lists the checks.

    Examples
    --------
    >>> select_checks(["loo"])
    ['loo.pareto-k', 'loo.comparison']
    """
    return select_ids(CHECKS, only, "check")


def _checks(analysis: Analysis, wanted: list[str]) -> Iterator[Check]:
    if FILES in wanted:
        yield from file_checks(analysis.study)
    for name in (VARIATION, REPLIES, VALUES):
        if name in wanted:
            yield from reply_checks(analysis.study, name)
    absent: list[str] = []
    alternatives = Alternatives(analysis.settings)
    if any(name in wanted for name in (*_CHOICES, FITTED, loo.COMPARISON)):
        yield from _of_choices(analysis, wanted, alternatives, absent)
    if any(name in wanted for name in (*_REPORTS, FITTED, loo.COMPARISON)):
        yield from _of_reports(analysis, wanted, alternatives, absent)
    if FITTED in wanted and absent:
        message = f"The study has no data for {'; '.join(absent)}."
        yield Check(FITTED, "study", "information", message)
    yield from _of_comparisons(analysis, wanted)


def _of_choices(
    analysis: Analysis, wanted: list[str], alternatives: Alternatives, absent: list[str]
) -> Iterator[Check]:
    for choices in revealed(analysis):
        make = partial(analysis.weights, *choices)
        yield from _of_fit(analysis, choices.subject, make, wanted, alternatives, absent)


def _of_reports(
    analysis: Analysis, wanted: list[str], alternatives: Alternatives, absent: list[str]
) -> Iterator[Check]:
    for each in compared(analysis):
        make = (
            partial(analysis.accuracy, each.base_model, each.figure)
            if each.base_model
            else partial(analysis.effect, each.figure)
        )
        yield from _of_fit(analysis, each.subject, make, wanted, alternatives, absent)


def _of_fit(
    analysis: Analysis,
    subject: str,
    make: Callable[[], Any],
    wanted: list[str],
    alternatives: Alternatives,
    absent: list[str],
) -> Iterator[Check]:
    try:
        fit = make()
    except NotInStudy:
        absent.append(subject)
        return
    except CannotCompute as reason:
        if FITTED in wanted:
            yield Check(FITTED, subject, "information", f"Cannot be fitted: {reason}.")
        return
    checks: dict[str, Any] = dict(_CHOICES if isinstance(fit, ChoiceWeights) else _REPORTS)
    # The effect of training has no alternative that ships.
    if isinstance(fit, Regression) and "introspection_trained" not in fit.spec.variables:
        checks[loo.COMPARISON] = alternatives.compare
    chosen = [name for name in checks if name in wanted]
    of: Examination[Any] = Examination(fit, subject, analysis.settings.choice_sampler.seed)
    analysis.progress.start(f"Checks: {subject}", len(chosen))
    for name in chosen:
        yield attempt(name, subject, partial(checks[name], of))
        analysis.progress.advance(1)


def _of_comparisons(analysis: Analysis, wanted: list[str]) -> Iterator[Check]:
    seed = analysis.settings.choice_sampler.seed
    for base_model in analysis.study.base_models:
        for figure in COMPARISONS:
            subject = f"{figure}.{label(base_model)}"
            if MISSING_REPORTS in wanted:
                make = partial(missing_reports, analysis, base_model, figure, subject, seed)
                try:
                    yield attempt(MISSING_REPORTS, subject, make)
                except NotInStudy:
                    continue
    if ANOMALOUS in wanted:
        for row in data_health(analysis):
            subject = f"{row.figure}.{label(row.base_model)}"
            yield attempt(ANOMALOUS, subject, partial(anomalies, row, subject))
