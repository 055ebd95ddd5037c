"""Whether the prior, before it sees any data, allows for data such as these."""

from typing import Final

import numpy as np

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.learned_size import pulls_learned
from introspect_bayes.checks.outcome import Check, first_upper
from introspect_bayes.checks.tail_areas import contexts_outside, two_sided
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute
from introspect_bayes.regressions.predictive import ImproperPriorError
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.bambi_models import design_columns

PRIOR_PREDICTIVE: Final = "prior.predictive"

_MIDDLE: Final = (0.025, 0.975)


def choices_from_prior(of: Examination[ChoiceWeights]) -> Check:
    """Hold the choices of each context against choices drawn from the prior.

    Two statistics of a context: the share of A, and the share of the variance of its choices that
    a linear regression on the differences explains (R²). Fails if either lies outside the 95%
    interval of the prior's replicates in more contexts than chance explains. A prior may be
    wide; one that excludes what happened is too narrow, or misplaced.

    Raises
    ------
    CannotCompute
        If a prior is flat.

    Notes
    -----
    Source: Box 1980, doi:10.2307/2982063; Gabry et al. 2019, doi:10.1111/rssa.12378.

    Examples
    --------
    >>> of = Examination(fit, "choice weights of 4o, native", seed=1)  # doctest: +SKIP
    >>> choices_from_prior(of).numbers["explained_outside"]  # doctest: +SKIP
    """
    drawn = _from_prior(of).astype(float)
    data = of.fit.data
    observed = data.selection[None].astype(float)
    explained, expected = explained_shares(data, observed)[0], explained_shares(data, drawn)
    explaining = contexts_outside(explained, expected)
    sharing = contexts_outside(shares_of_a(data, observed)[0], shares_of_a(data, drawn))
    low, high = np.quantile(expected, _MIDDLE)
    numbers = {
        **_told_of_weights(data, explained),
        "p": _too_far(explained, explained_shares(data, _as_drawn_to_positions(of))),
        "explained": float(np.median(explained)),
        "explained_prior": float(np.median(expected)),
        "explained_prior_low": float(low),
        "explained_prior_high": float(high),
        "explained_outside": explaining.count,
        "share_outside": sharing.count,
        "contexts": explaining.of,
    }
    found = []
    if explaining.extreme:
        found.append(
            f"the prior expects attributes to explain {np.median(expected):.0%} of a context's "
            f"choices (95%: {low:.0%} to {high:.0%}), they explain {np.median(explained):.0%}, "
            f"outside it in {explaining.count} of {explaining.of} contexts"
        )
    if sharing.extreme:
        found.append(
            f"the share of A is outside what the prior allows in {sharing.count} of {sharing.of} "
            "contexts"
        )
    if found:
        message = f"{'; '.join(found)}: {of.other_prior}."
        return Check(PRIOR_PREDICTIVE, of.subject, "fail", first_upper(message), numbers)
    message = "The prior allows for choices such as these: share of A, and share explained."
    return Check(PRIOR_PREDICTIVE, of.subject, "pass", message, numbers)


def _as_drawn_to_positions(of: Examination[ChoiceWeights]) -> np.ndarray:
    """Return choices of slopes from the prior, pulled to positions as the choices themselves are.

    The usual prior of intercepts is wide; were they drawn from it, pulls that no model has would
    leave less to explain, and slopes as large as the prior has them would seem too large.
    """
    fit, data = of.fit, of.fit.data
    slopes = of.from_prior["prior"]["slopes"].to_numpy()[0]
    random = np.random.default_rng(of.seed)
    centred = data.differences - (data.means[data.index] if fit.spec.has_intercept else 0.0)
    odds = np.stack(
        [(centred * each[data.index]).sum(axis=1) for each in slopes]
    )  # a draw at a time: all at once would be large
    if fit.spec.has_intercept and fit.spec.importance_applies:
        scale = float(pulls_learned(fit.spec, data).priors["Intercept"].args["sigma"])
        odds += random.normal(0, scale, (len(slopes), len(data.contexts)))[:, data.index]
    elif fit.spec.has_intercept:
        odds += of.from_prior["prior"]["centred_intercept"].to_numpy()[0][:, data.index]
    return (random.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(float)


def _too_far(explained: np.ndarray, expected: np.ndarray) -> float:
    """Return the p value, two-sided, of contexts' R² among those of the prior's replicates.

    Each context's rank among its replicates becomes a normal score; the mean of the scores is as
    precise as there are contexts, so that p needs no more replicates the smaller it is. It is held
    against the same mean of each replicate, as contexts may share parameters.
    """
    from scipy.stats import norm, rankdata

    together = np.vstack([explained, expected])
    scores = norm.ppf((rankdata(together, axis=0) - 0.5) / len(together)).mean(axis=1)
    return float(2 * norm.sf(abs(scores[0] - scores[1:].mean()) / scores[1:].std(ddof=1)))


def _told_of_weights(data: ChoiceData, explained: np.ndarray) -> dict[str, float]:
    """Return how much more than chance attributes explain, on average and in standard errors.

    Chance explains a share with the distribution Beta(K/2, (n - 1 - K)/2) of K attributes' R².
    """
    counts = np.bincount(data.index, minlength=len(data.contexts))
    told = (counts > data.attribute_counts + 2) & (explained > 0)
    if not told.any():
        return {"excess": 0.0, "excess_z": 0.0}
    k, n = data.attribute_counts[told], counts[told]
    excess = explained[told] - k / (n - 1)
    variance = 2 * k * (n - 1 - k) / ((n - 1) ** 2 * (n + 1))
    z = excess.sum() / np.sqrt(variance.sum())
    return {"excess": float(excess.mean()), "excess_z": float(z)}


def reports_from_prior(of: Examination[Regression]) -> Check:
    """Hold the response of a regression against responses drawn from the prior.

    Two statistics: its standard deviation (ddof = 1), and the share of its variance that least
    squares explain by the formula's common terms (R²), which is what the slopes' priors speak of.
    Fails if either of the data's lies in the outer 1% of the replicates'. Priors that take their
    scale from the response, as brms's do, cannot fail by the former.

    Raises
    ------
    CannotCompute
        If a prior is flat, as are those of brms's slopes.

    Examples
    --------
    >>> reports_from_prior(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    """
    drawn, observed = _from_prior(of), of.observed[None]
    design = design_columns(of.fit.model)
    columns = np.ones((len(of.observed), 0)) if design is None else design
    numbers: dict[str, float] = {}
    found = []
    for name, words in (("sd", "a standard deviation"), ("explained", "a share explained")):
        seen, expected = (
            values.std(axis=1, ddof=1) if name == "sd" else _explained(columns, values)
            for values in (observed, drawn)
        )
        value = float(seen[0])
        area = two_sided(value, expected)
        low, high = np.quantile(expected, _MIDDLE)
        numbers |= {
            name: value,
            f"{name}_prior_low": float(low),
            f"{name}_prior_high": float(high),
            f"{name}_tail_area": area.area,
        }
        if area.extreme:
            found.append(
                f"the prior expects {words} of {low:.2g} to {high:.2g} (95%), the data have "
                f"{value:.2g}"
            )
    if found:
        message = f"{first_upper('; '.join(found))}: {of.other_prior}."
        return Check(PRIOR_PREDICTIVE, of.subject, "fail", message, numbers)
    message = "The prior allows for weights that spread as these do, and are explained as well."
    return Check(PRIOR_PREDICTIVE, of.subject, "pass", message, numbers)


def _from_prior(of: Examination[ChoiceWeights] | Examination[Regression]) -> np.ndarray:
    """Return replicates from the prior, shape (draw, observation)."""
    try:
        tree = of.from_prior
    except ImproperPriorError as error:
        flat = [name for name, prior in of.fit.spec.priors.items() if not prior.args]
        msg = (
            f"nothing can be drawn from flat priors ({', '.join(flat)}); give proper ones, such as "
            f"--prior {of.fit.spec.name}.{flat[0]}='Normal(0, 0.5)'"
        )
        raise CannotCompute(msg) from error
    return np.asarray(tree["prior_predictive"][of.fit.spec.response].to_numpy()[0])


def shares_of_a(data: ChoiceData, choices: np.ndarray) -> np.ndarray:
    """Return the share of A in each context.

    Parameters
    ----------
    data
        The choices' contexts.
    choices
        1 for A, 0 for B, shape (draw, choice).

    Returns
    -------
    numpy.ndarray
        Shape (draw, context).
    """
    counts = np.bincount(data.index, minlength=len(data.contexts))
    return np.asarray(context_sums(data, choices) / counts)


def context_sums(data: ChoiceData, values: np.ndarray) -> np.ndarray:
    """Return the sums of values (draw, choice) over each context, shape (draw, context)."""
    sums = np.zeros((len(data.contexts), len(values)))
    np.add.at(sums, data.index, np.asarray(values, dtype=float).T)
    return sums.T


def explained_shares(data: ChoiceData, choices: np.ndarray) -> np.ndarray:
    """Return R² of a linear regression of choices on differences, context by context.

    Parameters
    ----------
    data
        The differences.
    choices
        1 for A, 0 for B, shape (draw, choice).

    Returns
    -------
    numpy.ndarray
        Shape (draw, context); 0 where all choices of a context are the same.
    """
    shares = []
    for number in range(len(data.contexts)):
        rows = data.index == number
        shares.append(_explained(data.differences[rows], choices[:, rows]))
    return np.stack(shares, axis=1)


def _explained(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return R² of values (draw, observation) regressed on columns; 0 where they do not vary."""
    # Absent attributes are columns of zeros: the singular vectors leave them out.
    left, sizes, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
    basis = left[:, sizes > sizes.max() * 1e-9] if sizes.size else left
    deviations = values - values.mean(axis=1, keepdims=True)
    total = (deviations**2).sum(axis=1)
    explained = ((deviations @ basis) ** 2).sum(axis=1)
    return np.divide(explained, total, out=np.zeros_like(total), where=total > 0)
