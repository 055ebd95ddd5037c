"""How well a model predicts what it has not seen, and whether another predicts better."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, Status
from introspect_bayes.errors import InputError
from introspect_bayes.fits import ChoiceWeights, Regression

PARETO_K: Final = "loo.pareto-k"
COMPARISON: Final = "loo.comparison"

CHOICE_MODELS: Final = (
    "choice_weights",
    "choice_weights_no_intercept",
    "choice_weights_pooled",
)
"""Shipped specifications of choices, the paper's first."""

REPORT_MODELS: Final = (
    "report_accuracy",
    "report_accuracy_student",
    "report_accuracy_by_context",
)
"""Shipped specifications of learned on reported weights, the paper's first."""

BAD_SHARE: Final = 0.01
"""Share of observations with a bad Pareto k above which leave-one-out is not to be trusted."""

CLEAR: Final = 2.0
"""Standard errors by which a model must predict better."""

SMALL: Final = 4.0
"""Difference in elpd below which models predict alike, whatever its standard error says."""


def pareto_k(of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
    """Judge leave-one-out itself: whether each posterior without an observation can be had.

    Pareto k above ArviZ's limit (0.7, less with few draws) marks an observation so influential
    that it cannot.

    Notes
    -----
    Source: Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72).

    Examples
    --------
    >>> pareto_k(Examination(fit, "e1.acc.4o", seed=1)).numbers["elpd"]  # doctest: +SKIP
    """
    loo = of.loo
    ks = loo.pareto_k.to_numpy()
    bad = bad_observations(loo)
    numbers = {
        "elpd": float(loo.elpd),
        "se": float(loo.se),
        "effective_parameters": float(loo.p),
        "largest_k": float(ks.max()),
        "bad": bad,
        "observations": len(ks),
    }
    if bad > BAD_SHARE * len(ks):
        message = (
            f"Pareto k is above {loo.good_k:.2f} for {bad} of {len(ks):,} observations: each moves "
            "the posterior too much for leave-one-out, and for what rests on it, to be trusted."
        )
        return Check(PARETO_K, of.subject, "fail", message, numbers)
    if bad:
        message = (
            f"Pareto k is above {loo.good_k:.2f} for {bad} of {len(ks):,} observations (up to "
            f"{ks.max():.2f}): look at them; elpd may be slightly optimistic."
        )
        return Check(PARETO_K, of.subject, "information", message, numbers)
    message = "Pareto k is good for every observation: leave-one-out can be trusted."
    return Check(PARETO_K, of.subject, "pass", message, numbers)


def comparison_table(results: Mapping[str, Any]) -> pd.DataFrame:
    """Compare leave-one-out results with the first of them.

    Parameters
    ----------
    results
        Pointwise ``ELPDDataLOO`` by name of the specification, all of the same observations.

    Returns
    -------
    pandas.DataFrame
        As from ``arviz.compare``, best first; elpd_diff and dse relative to the first of
        `results`.

    Raises
    ------
    InputError
        If the results are of different observations.

    Examples
    --------
    >>> comparison_table({"gaussian": one.loo, "student": other.loo})  # doctest: +SKIP
    """
    import arviz as az

    sizes = {name: result.n_data_points for name, result in results.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        msg = f"only fits of the same observations can be compared, not of {listed}"
        raise InputError(msg)
    table: pd.DataFrame = az.compare(dict(results), reference=next(iter(results)), round_to="none")
    return table


def comparison(
    of: Examination[ChoiceWeights] | Examination[Regression],
    others: Mapping[str, Examination[ChoiceWeights] | Examination[Regression]],
) -> Check:
    """Judge whether a shipped alternative predicts clearly better than the specification used.

    Clearly: by more than `CLEAR` standard errors and more than `SMALL` in expected log pointwise
    predictive density (elpd).

    Parameters
    ----------
    of
        The fit.
    others
        The alternatives by name. One that failed its diagnostics, or with many bad Pareto k, may
        seem better, but never counts as such.

    Notes
    -----
    Source: Sivula et al. 2025, doi:10.48550/arXiv.2008.10296, for `SMALL`. Rows of one context
    are not independent, so standard errors are somewhat too small.

    Examples
    --------
    >>> comparison(gaussian, {"report_accuracy_student": student}).status  # doctest: +SKIP
    """
    table = comparison_table(
        {of.fit.spec.name: of.loo, **{name: other.loo for name, other in others.items()}}
    )
    found = {name: _compared(name, other, table) for name, other in others.items()}
    numbers = {"elpd": float(of.loo.elpd)}
    for each in found.values():
        numbers |= each.numbers
    told = ", ".join(each.text for each in found.values())
    better = [name for name, each in found.items() if each.better and each.sound]
    unsure = [name for name, each in found.items() if each.better and not each.sound]
    told += f": better is {' and '.join(better)}; see what it says" if better else ""
    if unsure:
        told += f": {' and '.join(unsure)} may be better, but is doubtful as the brackets say"
    if not (better or unsure):
        told += ": none is clearly better"
    status: Status = "fail" if better else "information" if unsure else "pass"
    message = f"Expected log predictive density, minus that of {of.fit.spec.name}: {told}."
    return Check(COMPARISON, of.subject, status, message, numbers)


class _Compared(NamedTuple):
    """How an alternative does, in words and numbers."""

    text: str
    numbers: dict[str, float]
    better: bool
    sound: bool


def _compared(
    name: str, other: Examination[ChoiceWeights] | Examination[Regression], table: pd.DataFrame
) -> _Compared:
    difference, error = float(table["elpd_diff"][name]), float(table["dse"][name])
    bad, problems = bad_observations(other.loo), other.fit.diagnostics.problems
    numbers = {
        f"{name}.elpd_diff": difference,
        f"{name}.se": error,
        f"{name}.bad_k": float(bad),
        f"{name}.problems": float(len(problems)),
    }
    doubts = [f"{bad} bad Pareto k"] if bad else []
    doubts += ["failed diagnostics"] if problems else []
    return _Compared(
        f"{name} {difference:+.1f} ({', '.join([f'SE {error:.1f}', *doubts])})",
        numbers,
        difference > SMALL and difference > CLEAR * error,
        not problems and bad <= BAD_SHARE * len(other.observed),
    )


def bad_observations(result: Any) -> int:
    """Return the number of observations whose Pareto k is above ArviZ's limit."""
    return int(np.sum(~(result.pareto_k.to_numpy() <= result.good_k)))
