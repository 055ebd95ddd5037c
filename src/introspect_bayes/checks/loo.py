"""How well a model predicts what it has not seen, and whether another predicts better."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, Status
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import Regression

PARETO_K: Final = "loo.pareto-k"
COMPARISON: Final = "loo.comparison"

REPORT_MODELS: Final = (
    "report_accuracy",
    "report_accuracy_student",
    "report_accuracy_by_context",
)
"""Shipped specifications of learned on reported weights, the paper's first."""

BAD_SHARE: Final = 0.01
"""Share of observations with a bad Pareto k above which leave-one-out is not to be trusted: a
convention of ours."""

CLEAR: Final = 2.0
"""Standard errors by which a model must predict better: a convention."""

FEW: Final = 100
"""Observations below which a standard error of elpd is not to be trusted (Sivula et al. 2025)."""

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
    Observations of one context go together, so that standard errors are those of the contexts'
    sums. What is left out is one observation, whose context the model knows from the others.
    Source: Sivula et al. 2025, doi:10.48550/arXiv.2008.10296, for `SMALL` and `FEW`.

    Examples
    --------
    >>> comparison(gaussian, {"report_accuracy_student": student}).status  # doctest: +SKIP
    """
    found = {name: _compared(name, of, other) for name, other in others.items()}
    numbers = {"elpd": float(of.loo.elpd), "bad_k": float(bad_observations(of.loo))}
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
    doubts = _doubts(of)
    if doubts:
        status = "information"
        told += f"; {of.fit.spec.name} itself is doubtful ({', '.join(doubts)})"
    elif len(of.observed) < FEW:
        status = "information"
        told += f"; {len(of.observed)} observations are too few to judge by"
    message = f"Expected log predictive density, minus that of {of.fit.spec.name}: {told}."
    return Check(COMPARISON, of.subject, status, message, numbers)


class _Compared(NamedTuple):
    """How an alternative does, in words and numbers."""

    text: str
    numbers: dict[str, float]
    better: bool
    sound: bool


def _compared(
    name: str,
    of: Examination[ChoiceWeights] | Examination[Regression],
    other: Examination[ChoiceWeights] | Examination[Regression],
) -> _Compared:
    if not np.array_equal(of.observed, other.observed):
        msg = f"{of.subject} and {other.subject}: not of the same observations"
        raise InputError(msg)
    differences = other.loo.elpd_i.to_numpy() - of.loo.elpd_i.to_numpy()
    difference, error = float(differences.sum()), clustered_error(differences, _contexts(of.fit))
    bad, problems = bad_observations(other.loo), other.fit.diagnostics.problems
    numbers = {
        f"{name}.elpd_diff": difference,
        f"{name}.se": error,
        f"{name}.bad_k": float(bad),
        f"{name}.problems": float(len(problems)),
    }
    if isinstance(other.fit, Regression):
        numbers[f"{name}.slope"] = other.fit.slope().mean
    few_bad = [f"{bad} bad Pareto k"] if bad and not _doubts(other) else []
    return _Compared(
        f"{name} {difference:+.1f} ({', '.join([f'SE {error:.1f}', *few_bad, *_doubts(other)])})",
        numbers,
        difference > SMALL and difference > CLEAR * error,
        not _doubts(other),
    )


def _doubts(of: Examination[ChoiceWeights] | Examination[Regression]) -> list[str]:
    """Return why leave-one-out of a fit is not to be trusted; empty if it is."""
    bad = bad_observations(of.loo)
    doubts = [f"{bad} bad Pareto k"] if bad > BAD_SHARE * len(of.observed) else []
    return doubts + (["failed diagnostics"] if of.fit.diagnostics.problems else [])


def _contexts(fit: ChoiceWeights | Regression) -> np.ndarray:
    """Return the number of each observation's context; of each observation if unknown."""
    if isinstance(fit, ChoiceWeights):
        return fit.data.index
    if "context" not in fit.data:
        return np.arange(len(fit.data))
    return np.asarray(pd.factorize(fit.data["context"])[0])


def clustered_error(differences: np.ndarray, contexts: np.ndarray) -> float:
    """Return the standard error of a sum whose terms go together within contexts (ddof = 1).

    Parameters
    ----------
    differences
        Terms, shape (observation,).
    contexts
        Number of each observation's context.

    Examples
    --------
    >>> clustered_error(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1]))
    4.0
    """
    sums = np.bincount(contexts, differences)
    return float(np.sqrt(len(sums) * sums.var(ddof=1)))


def bad_observations(result: Any) -> int:
    """Return the number of observations whose Pareto k is above ArviZ's limit."""
    return int(np.sum(~(result.pareto_k.to_numpy() <= result.good_k)))
