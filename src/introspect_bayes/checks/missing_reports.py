"""Whether reports are missing where the weights are of a certain kind."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.tail_areas import TailArea, upper_tail
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import NotInStudy
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.sampling.intervals import hdi

MISSING_REPORTS: Final = "data.missing-reports"

LEAST_CONTEXTS: Final = 5
"""Contexts with invalid reports below which nothing can be told."""

FEATURES: Final = {
    "strength": ("weaker weights", "stronger weights"),
    "evenness": ("less even weights", "more even weights"),
    "balance": ("more negative weights", "more positive weights"),
}
"""Features of a context's learned weights, and what less and more of them means: their Euclidean
length in log-odds; the entropy of their absolute shares, relative to its maximum; their sum,
relative to the sum of absolute values."""

_SETS: Final = 4000


def missing_reports(
    analysis: Analysis, base_model: str, figure: str, subject: str, seed: int
) -> Check:
    """Judge whether a context's share of invalid reports is related to its learned weights.

    Accuracy is estimated from contexts with valid reports; if those have weights of their own
    kind, it is the accuracy in such contexts only. The statistic is the largest absolute rank
    correlation (Spearman) of the share of invalid reports with the `FEATURES` of the weights, and
    its distribution without any relation comes from permuting the contexts, so that it holds
    however much the reports of a context go together. The correlation's HDI comes from the
    Bayesian bootstrap over contexts; being that of the largest, it lies somewhat too far out.

    Parameters
    ----------
    analysis
        Analysis of the study.
    base_model, figure
        Base model, and key of ``comparisons.COMPARISONS``.
    subject
        What to call it.
    seed
        Of permutations and bootstrap.

    Raises
    ------
    NotInStudy
        If no reports were asked for.

    Notes
    -----
    Source: Little & Rubin 2019, doi:10.1002/9781119482260 (missing at random); Rubin 1981,
    doi:10.1214/aos/1176345338 (Bayesian bootstrap).

    Examples
    --------
    >>> missing_reports(analysis, "gpt-4o-mini-2024-07-18", "e1.acc", "e1.acc.mini", 1)
    ... # doctest: +SKIP
    """
    shares = invalid_shares(analysis, base_model, figure)
    if shares.empty:
        msg = f"no reports of {base_model} were asked for"
        raise NotInStudy(msg)
    touched, without = int((shares > 0).sum()), int((shares == 1).sum())
    counts = {"contexts": len(shares), "with_invalid": touched, "without_report": without}
    if touched == 0:
        return Check(MISSING_REPORTS, subject, "pass", _all_valid(analysis, base_model), counts)
    if touched < LEAST_CONTEXTS or (shares == shares.iloc[0]).all():
        message = (
            f"Reports are invalid in {touched} of {len(shares)} contexts ({without} without a "
            "valid one): this cannot tell whether their weights differ."
        )
        return Check(MISSING_REPORTS, subject, "information", message, counts)
    comparison = COMPARISONS[figure]
    weights = analysis.weights(base_model, comparison.context_set, comparison.chooser)
    features = weight_features(weights).reindex(shares.index)
    relation = _relation(features, shares, np.random.default_rng(seed))
    return _judged(subject, counts, relation)


def _all_valid(analysis: Analysis, base_model: str) -> str:
    sets = analysis.study.report_sets
    if sets.loc[sets["base_model"] == base_model, "asked_known"].all():
        return "Every report is valid."
    return "Every context has as many valid reports; how many were asked is not known."


@dataclass(frozen=True, slots=True)
class _Relation:
    """The strongest rank correlation with a feature, and how often permutations reach it."""

    feature: str
    correlation: float
    low: float
    high: float
    tail: TailArea
    p: float


def _judged(subject: str, counts: dict[str, int], found: _Relation) -> Check:
    numbers = {
        **counts,
        "rank_correlation": found.correlation,
        "hdi_low": found.low,
        "hdi_high": found.high,
        "tail_area": found.tail.area,
        "p": found.p,
    }
    if found.tail.extreme:
        size = (
            f"the largest of three rank correlations {found.correlation:+.2f} "
            f"[{found.low:+.2f}, {found.high:+.2f}], {counts['without_report']} contexts without a "
            "valid report"
        )
        message = (
            "Reports are not missing at random: contexts with more invalid reports have "
            f"{FEATURES[found.feature][found.correlation > 0]} ({size}): accuracy is that of the "
            "contexts that were reported on."
        )
        return Check(MISSING_REPORTS, subject, "fail", message, numbers)
    message = (
        f"Reports are invalid in {counts['with_invalid']} of {counts['contexts']} contexts "
        f"({counts['without_report']} without a valid one); how strong, even or positive their "
        f"weights are is not clearly related (largest rank correlation {found.correlation:+.2f} "
        f"[{found.low:+.2f}, {found.high:+.2f}]; chance makes as large a one in "
        f"{found.tail.area:.0%})."
    )
    return Check(MISSING_REPORTS, subject, "pass", message, numbers)


def invalid_shares(analysis: Analysis, base_model: str, figure: str) -> pd.Series:
    """Return the share of invalid reports of each context asked, indexed by context.

    Contexts none of whose reports came yet are left out.
    """
    comparison, study = COMPARISONS[figure], analysis.study

    def mine(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[
            (frame["base_model"] == base_model)
            & (frame["stage"] == comparison.stage)
            & (frame["context_set"] == comparison.context_set)
        ]

    valid = mine(study.reports)[["report_set", "context", "report"]].drop_duplicates()
    valid_counts = valid["context"].value_counts()
    if "count" in study.failures:
        failed = mine(study.failures)
        failed = failed[failed["task"] == "report"]
        invalid = failed.groupby("context")["count"].sum()
        came = valid_counts.add(invalid, fill_value=0)
    else:
        asked = mine(study.report_sets)[["contexts_asked", "reports_asked"]]
        asked = asked.explode("contexts_asked")
        came = asked.groupby("contexts_asked")["reports_asked"].sum().astype(float)
        # A set may hold more than was asked for.
        came = came.combine(valid_counts.astype(float), max, fill_value=0.0)
    came = came[came > 0]
    return 1 - valid_counts.reindex(came.index, fill_value=0) / came


def weight_features(weights: ChoiceWeights) -> pd.DataFrame:
    """Return the `FEATURES` of each context's posterior mean slopes, indexed by context."""
    slopes = weights.idata["posterior"]["slopes"].mean(("chain", "draw")).to_numpy()
    slopes = np.where(weights.data.present, slopes, 0.0)
    sizes = np.abs(slopes)
    shares = sizes / sizes.sum(axis=1, keepdims=True)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    most = np.log(np.maximum(weights.data.present.sum(axis=1), 2))
    return pd.DataFrame(
        {
            "strength": np.sqrt((slopes**2).sum(axis=1)),
            "evenness": -(shares * logs).sum(axis=1) / most,
            "balance": slopes.sum(axis=1) / sizes.sum(axis=1),
        },
        index=list(weights.data.contexts),
    )


def _relation(features: pd.DataFrame, shares: pd.Series, random: np.random.Generator) -> _Relation:
    known = features.notna().all(axis=1).to_numpy()
    ranks = features[known].rank().to_numpy()
    missing = shares[known].rank().to_numpy()
    standard = _standardized(ranks)
    other = _standardized(missing[:, None])[:, 0]
    correlations = standard.T @ other
    strongest = int(np.abs(correlations).argmax())
    permuted = random.permuted(np.tile(other, (_SETS, 1)), axis=1)
    area = upper_tail(abs(correlations[strongest]) - 1e-12, np.abs(permuted @ standard).max(axis=1))
    weights = random.dirichlet(np.ones(len(other)), _SETS)
    low, high = hdi(_weighted_correlations(ranks[:, strongest], missing, weights))
    return _Relation(
        list(features.columns)[strongest],
        float(correlations[strongest]),
        float(low),
        float(high),
        area,
        _p_of_largest(float(correlations[strongest]), len(other)),
    )


def _p_of_largest(correlation: float, count: int) -> float:
    """Return the p value of the largest of three rank correlations, by Student's t, Bonferroni's.

    Unlike the share of permutations it can be as small as it needs to be.
    """
    from scipy.stats import t

    free = max(count - 2, 1)
    statistic = abs(correlation) * np.sqrt(free / max(1 - correlation**2, 1e-12))
    return float(min(1.0, len(FEATURES) * 2 * t.sf(statistic, free)))


def _standardized(columns: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and length 1; of zeros where a column does not vary."""
    centred = columns - columns.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(lengths > 0, lengths, 1.0))


def _weighted_correlations(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the correlation of x and y under each set of weights, shape (set,)."""
    dx = x - (weights @ x)[:, None]
    dy = y - (weights @ y)[:, None]
    covariance = (weights * dx * dy).sum(axis=1)
    variances = (weights * dx**2).sum(axis=1) * (weights * dy**2).sum(axis=1)
    return np.asarray(covariance / np.sqrt(variances))
