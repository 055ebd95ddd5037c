"""Which model predicts choices that it has not seen, by holding parts of them out."""

from typing import Final

import numpy as np

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.learned_size import DRAWS, size_learned
from introspect_bayes.checks.loo import CLEAR, COMPARISON, SMALL, clustered_error
from introspect_bayes.checks.outcome import Check
from introspect_bayes.choices.choice_data import ChoiceData, place_in_context
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute
from introspect_bayes.specs import Specification, spec

FOLDS: Final = 2
"""Parts of each context's choices, each predicted from the others."""

LEARNED: Final = "choice_weights_pooled"

OTHERS: Final = (LEARNED, "choice_weights_no_intercept")
"""Shipped specifications that are held against the paper's."""


def compared_by_holding_out(of: Examination[ChoiceWeights]) -> Check:
    """Judge whether weights of a learned size, or no intercept, predict choices clearly better.

    Choices of each context are dealt into parts, and each part is predicted from the others
    (K-fold), which needs no Pareto k: leave-one-out would leave the comparison with weights of a
    learned size undecided wherever contexts are few choices from separable.

    Parameters
    ----------
    of
        Choice weights.

    Raises
    ------
    CannotCompute
        If importance sampling does not apply to the specification.

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> compared_by_holding_out(of).numbers["choice_weights_pooled.elpd_diff"]  # doctest: +SKIP
    """
    used, data = of.fit.spec, of.fit.data
    if not used.importance_applies:
        msg = f"{used.name} shares parameters between contexts; fit it beside others instead"
        raise CannotCompute(msg)
    own = held_out(used, data, of.seed)
    numbers = {"elpd": float(own.sum()), "parts": float(FOLDS)}
    told, better = [], []
    for name in OTHERS:
        if name == used.name:
            continue
        other = None if name == LEARNED else spec(name)
        differences = held_out(other, data, of.seed) - own
        difference, error = float(differences.sum()), clustered_error(differences, data.index)
        numbers |= {f"{name}.elpd_diff": difference, f"{name}.se": error}
        told.append(f"{name} {difference:+.1f} (SE {error:.1f})")
        if difference > SMALL and difference > CLEAR * error:
            better.append(name)
    said = f"better is {' and '.join(better)}" if better else "none is clearly better"
    message = (
        f"Log density of choices held out, predicted from the others of their context ({FOLDS} "
        f"parts), minus that of {used.name}: {', '.join(told)}: {said}."
    )
    return Check(COMPARISON, of.subject, "fail" if better else "pass", message, numbers)


def held_out(
    specification: Specification | None, data: ChoiceData, seed: int, folds: int = FOLDS
) -> np.ndarray:
    """Return the log density of each choice, predicted from other choices of its context.

    Choices of every context are dealt into `folds` parts, the same whatever the specification.

    Parameters
    ----------
    specification
        One of choices to which importance sampling applies; if None, `size_learned` from the
        choices that predict.
    data
        The choices.
    seed
        Of the parts and draws.
    folds
        Number of parts.

    Returns
    -------
    numpy.ndarray
        Shape (choice,).

    Source: Vehtari & Ojanen 2012, doi:10.1214/12-SS102, section 5.1.
    """
    parts = _dealt(data.index, folds, seed)
    densities = np.empty(len(data.selection))
    for part in range(folds):
        seen, unseen = (_rows(data, rows) for rows in (parts != part, parts == part))
        used = specification or size_learned(seen)
        made = sample_importance(used, seen, DRAWS, seed)
        # The intercept is that of differences centred where it was estimated.
        centre = seen.means[unseen.index] if used.has_intercept else 0.0
        densities[parts == part] = _predicted(
            made.coefficients, unseen.differences - centre, unseen
        )
    return densities


def _dealt(index: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the part of each choice: parts of a context differ by one choice at most."""
    shuffled = np.random.default_rng(seed).permutation(len(index))
    parts = np.empty(len(index), dtype=int)
    parts[shuffled] = place_in_context(index[shuffled]) % folds
    return parts


def _rows(data: ChoiceData, chosen: np.ndarray) -> ChoiceData:
    return ChoiceData(
        data.contexts,
        data.index[chosen],
        data.differences[chosen],
        data.selection[chosen],
        data.attribute_counts,
    )


def _predicted(coefficients: np.ndarray, design: np.ndarray, data: ChoiceData) -> np.ndarray:
    from scipy.special import expit

    slopes = coefficients[..., coefficients.shape[-1] - design.shape[1] :]
    found = np.empty(len(data.selection))
    for context in range(len(data.contexts)):
        rows = data.index == context
        odds = slopes[context] @ design[rows].T
        if coefficients.shape[-1] > design.shape[1]:
            odds = odds + coefficients[context, :, :1]
        signed = np.where(data.selection[rows] == 1, odds, -odds)
        found[rows] = np.log(expit(signed).mean(axis=0))
    return found
