"""Whether choices look like those that the fitted model would make."""

from typing import Final

import numpy as np

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.prior_predictive import context_sums, shares_of_a
from introspect_bayes.checks.tail_areas import Outside, contexts_outside, two_sided, upper_tail
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_weights import ChoiceWeights, scaled_weights
from introspect_bayes.sampling.intervals import hdi

CALIBRATION: Final = "choices.calibration"
ACCURACY: Final = "choices.accuracy"
SHARE: Final = "choices.share"
PREDICTED: Final = "choices.predicted"

_SETS: Final = 1000
_PARAMETERS: Final = 2
_STEPS: Final = 50


def calibration(of: Examination[ChoiceWeights]) -> Check:
    """Judge whether choices predicted with probability p come true in a share p of the cases.

    Each choice is predicted from the others (leave-one-out). The statistic is the miscalibration
    of the Brier score: by how much isotonic regression of the choices on the probabilities
    improves it. It is held against choices drawn with the predicted probabilities. The slope of a
    logistic regression of the choices on the predicted log-odds says which way: above 1,
    predictions are too timid; below 1, too bold.

    Notes
    -----
    Source: Dimitriadis, Gneiting & Jordan 2021, doi:10.1073/pnas.2016191118 (miscalibration); Cox
    1958, doi:10.1093/biomet/45.3-4.562 (slope).

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> calibration(of).numbers["slope"]  # doctest: +SKIP
    """
    probability, choices = predicted_from_others(of), of.observed
    random = np.random.default_rng(of.seed)
    drawn = random.random((_SETS, len(choices))) < probability
    observed = miscalibration(probability, choices)
    area = upper_tail(observed, [miscalibration(probability, each) for each in drawn])
    slope = calibration_slope(probability, choices)
    numbers = {
        "brier": float(((probability - choices) ** 2).mean()),
        "miscalibration": observed,
        "tail_area": area.area,
        "slope": slope,
    }
    if area.extreme:
        way, mend = (
            ("timid: choices are more predictable", "wider")
            if slope > 1
            else ("bold: choices are noisier", "narrower")
        )
        message = (
            f"Predicted probabilities are too {way} than the model says (calibration slope "
            f"{slope:.2f}, sound is 1): do not read its log-odds as they stand; a {mend} prior of "
            "the slopes, or one learned from all contexts, may mend it."
        )
        return Check(CALIBRATION, of.subject, "fail", message, numbers)
    message = "Choices predicted with probability p come true in a share p of the cases."
    return Check(CALIBRATION, of.subject, "pass", message, numbers)


def accuracy(of: Examination[ChoiceWeights]) -> Check:
    """Judge how many choices of each context the others predict, against what the model expects.

    Fails if the number lies outside its 95% interval in more contexts than chance explains. (The
    replicates keep the predictions, which the data's own choices would change, so the check is
    lenient.)

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> accuracy(of).numbers["outside"]  # doctest: +SKIP
    """
    probability, choices = predicted_from_others(of), of.observed
    random = np.random.default_rng(of.seed)
    drawn = random.random((_SETS, len(choices))) < probability
    guess = probability > 0.5  # noqa: PLR2004
    right = context_sums(of.fit.data, (guess == choices)[None])[0]
    outside = contexts_outside(right, context_sums(of.fit.data, guess == drawn))
    by_context = shares_of_a(of.fit.data, (guess == choices)[None])[0]
    expected = float(np.maximum(probability, 1 - probability).mean())
    found = float((guess == choices).mean())
    numbers = {
        "accuracy": found,
        "expected": expected,
        "least": float(by_context.min()),
        "most": float(by_context.max()),
        **_numbers(outside),
    }
    if outside.extreme:
        message = (
            f"{found:.0%} of choices are predicted from the others ({by_context.min():.0%} to "
            f"{by_context.max():.0%} by context) where the model expects {expected:.0%}; "
            f"{_counted(outside)}: accuracy by context is not what the model says."
        )
        return Check(ACCURACY, of.subject, "fail", message, numbers)
    message = "In each context the others predict as many choices as the model expects."
    return Check(ACCURACY, of.subject, "pass", message, numbers)


def share(of: Examination[ChoiceWeights]) -> Check:
    """Judge the share of A in each context against replicated choices.

    Fails if it lies outside the 95% interval in more contexts than chance explains, as where a
    model without intercept meets a position bias. (Replicates come from parameters that saw the
    choices, so the check is lenient.)

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> share(of).status  # doctest: +SKIP
    'pass'
    """
    data = of.fit.data
    observed = shares_of_a(data, of.observed[None])[0]
    outside = contexts_outside(observed, shares_of_a(data, of.replicated))
    numbers = {"share": float(of.observed.mean()), **_numbers(outside)}
    if outside.extreme:
        message = (
            f"The share of A is not what the model replicates; {_counted(outside)}: does it lack "
            "an intercept, or hold it near zero?"
        )
        return Check(SHARE, of.subject, "fail", message, numbers)
    message = "The model replicates the share of A of each context."
    return Check(SHARE, of.subject, "pass", message, numbers)


def predicted(of: Examination[ChoiceWeights]) -> Check:
    """Judge the paper's "predicted choices": those that the weights alone, without intercept, make.

    The paper takes weights estimated from the same choices, scaled and rounded. Here the share is
    computed for every draw of the weights, once of the actual choices and once of choices
    replicated with the same draw; fails if the first is outside what the second allows.

    Notes
    -----
    Source: Plunkett et al. 2025 (doi:10.48550/arXiv.2505.17120), Experiment 3; Gelman, Meng & Stern
    1996, Statistica Sinica 6, 733-760, for the comparison.

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> predicted(of).numbers["papers"]  # doctest: +SKIP
    """
    data = of.fit.data
    slopes = of.draws_of("slopes")
    actual, replicated = _agreement(data, slopes, of.observed, of.replicated)
    area = two_sided(actual, replicated)
    point = scaled_weights(slopes.mean(axis=0), data.present)
    papers, _ = _agreement(data, point[None], of.observed, of.observed[None])
    low, high = hdi(actual)
    numbers = {
        "papers": float(papers[0]),
        "mean": float(actual.mean()),
        "hdi_low": float(low),
        "hdi_high": float(high),
        "replicated": float(replicated.mean()),
        "tail_area": area.area,
    }
    if area.extreme:
        way = "more" if actual.mean() > replicated.mean() else "less"
        message = (
            f"The weights predict {actual.mean():.1%} of choices [{low:.1%}, {high:.1%}] (as the "
            f"paper counts, from their means, {papers[0]:.1%}) but only {replicated.mean():.1%} of "
            f"replicated ones: choices follow the weights {way} closely than the model says."
        ).replace("but only", "but only" if way == "more" else "but")
        return Check(PREDICTED, of.subject, "fail", message, numbers)
    message = "The weights predict as many choices as they would if the model were true."
    return Check(PREDICTED, of.subject, "pass", message, numbers)


def predicted_from_others(of: Examination[ChoiceWeights]) -> np.ndarray:
    """Return the probability of A of each choice, given the other choices, shape (choice,).

    The pointwise leave-one-out density of a choice is the probability of what was chosen.
    """
    density = np.exp(of.loo.elpd_i.to_numpy())
    return np.asarray(np.where(of.observed == 1, density, 1 - density))


def miscalibration(probability: np.ndarray, choices: np.ndarray) -> float:
    """Return by how much isotonic recalibration improves the mean Brier score.

    Examples
    --------
    >>> miscalibration(np.array([0.5, 0.5]), np.array([1, 0]))
    0.0
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(probability, kind="stable")
    stated, happened = probability[order], choices[order].astype(float)
    # Equal probabilities stay equal, whichever choice comes first.
    _, place, count = np.unique(stated, return_inverse=True, return_counts=True)
    means = np.bincount(place, happened) / count
    mended = isotonic_regression(means, weights=count.astype(float)).x[place]
    return float(((stated - happened) ** 2).mean() - ((mended - happened) ** 2).mean())


def calibration_slope(probability: np.ndarray, choices: np.ndarray) -> float:
    """Return the slope of the logistic regression of choices on predicted log-odds.

    By Newton's method; infinite where predictions separate the choices perfectly.
    """
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    design = np.stack([np.ones_like(inside), np.log(inside / (1 - inside))], axis=1)
    place = np.zeros(_PARAMETERS)
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-design @ place))
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:  # noqa: PLR2004
            return float("inf")
        step = np.linalg.solve(information, design.T @ (choices - fitted))
        place = place + step
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004
            break
    return float(place[1])


def _agreement(
    data: ChoiceData, slopes: np.ndarray, choices: np.ndarray, replicated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of actual and of replicated choices that each draw of slopes makes."""
    actual, others = [], []
    for draw, replicate in zip(slopes, replicated, strict=True):
        prefers_a = (data.differences * draw[data.index]).sum(axis=1) > 0
        actual.append((prefers_a == choices).mean())
        others.append((prefers_a == replicate).mean())
    return np.array(actual), np.array(others)


def _counted(outside: Outside) -> str:
    return (
        f"{outside.count} of {outside.of} contexts lie outside their 95% interval, "
        f"{outside.above} of them above"
    )


def _numbers(outside: Outside) -> dict[str, float]:
    return {
        "outside": outside.count,
        "outside_above": outside.above,
        "contexts": outside.of,
        "chance": outside.chance,
    }
