r"""Ordered beta regression: shares between 0 and 1, both of which may occur exactly.

One log-odds :math:`\eta` says both how probable the ends are and where scores in between lie:

.. math::

    P(y = 0) &= \sigma(k_0 - \eta), \qquad P(y = 1) = \sigma(\eta - k_1) \\
    y \mid 0 < y < 1 &\sim \mathrm{Beta}(\kappa \sigma(\eta), \kappa \sigma(-\eta))

with cut points :math:`k_0 < k_1` (Kubinec 2023, doi:10.1017/pan.2022.20). The parameters ``zero``
and ``one`` are the logarithms of how many scores of 0, and of 1, there are for one in between where
:math:`\eta = 0`. They need no order, the data tell of one without the other, and scores read from
the other end (1 - y) swap them. Both may vary with predictors, by coefficient times predictor.
Where they cannot, sides with different shares of zeros and the same mean get different means from
the model, and no number of scores mends it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from introspect_bayes.sampling.array_functions import array_function

FAMILY: Final = "ordered_beta"
"""What specifications call it."""

PARENT: Final = "log_odds"
"""The likelihood's name for what the formula is about."""

ENDS: Final = ("zero", "one")
"""Parameters for scores of exactly 0 and 1."""

Parts = tuple[tuple[str, tuple[str, ...]], ...]
"""Parameters that vary, each with the columns that it varies with, as of `specs.formulas`."""


def response_maker(parts: Parts, columns: Mapping[str, np.ndarray]) -> Callable[..., Any]:
    """Return a function that adds the response to the PyMC model at hand, as Bambi asks.

    Parameters
    ----------
    parts
        Which parameters vary with which columns.
    columns
        These, one value a row.
    """

    def make(name: str, *, log_odds: Any, kappa: Any, **given: Any) -> Any:
        import pymc as pm

        rest = {key: given.pop(key) for key in ("observed", "dims") if key in given}
        low, high = cuts(given, parts, columns)
        return pm.CustomDist(
            name, log_odds, kappa, low, high, logp=log_density, random=drawn,
            signature="(),(),(),()->()", **rest,
        )  # fmt: skip

    return make


def cuts(parameters: Mapping[str, Any], parts: Parts, columns: Mapping[str, Any]) -> Any:
    """Return both cut points, as parameters and columns say.

    Parameters
    ----------
    parameters
        ``zero``, ``one``, and the coefficients such as ``zero_own``, of NumPy or PyTensor, whose
        shapes broadcast with those of columns.
    parts, columns
        As of `response_maker`.

    Examples
    --------
    >>> given = {"zero": 0.0, "one": 0.0, "zero_own": -50.0}
    >>> low, high = cuts(given, (("zero", ("own",)),), {"own": np.array([0.0, 1.0])})
    >>> low.round(2), high.round(2)  # at log-odds 0 a third each; then no zeros, and half ones
    (array([ -0.69, -50.69]), array([0.69, 0.  ]))
    """
    zero, one = (parameters[name] for name in ENDS)
    for name, terms in parts:
        for term in terms:
            change = parameters[f"{name}_{term}"] * columns[term]
            zero = zero + change if name == "zero" else zero
            one = one + change if name == "one" else one
    return zero - _log1pexp(one), _log1pexp(zero) - one


def _log1pexp(value: Any) -> Any:
    import pytensor.tensor as pt

    return pt.softplus(value) if isinstance(value, pt.Variable) else np.logaddexp(0.0, value)


def log_density(score: Any, log_odds: Any, kappa: Any, low: Any, high: Any) -> Any:
    """Return the log density of scores (of 0 and 1: the log probability), as PyTensor has it."""
    import pytensor.tensor as pt

    above, below = log_odds - low, high - log_odds
    zero, one = pt.eq(score, 0.0), pt.eq(score, 1.0)
    inside = pt.switch(zero | one, 0.5, score)
    of_one, of_other = kappa * pt.sigmoid(log_odds), kappa * pt.sigmoid(-log_odds)
    density = pt.gammaln(kappa) - pt.gammaln(of_one) - pt.gammaln(of_other)
    density += (of_one - 1) * pt.log(inside) + (of_other - 1) * pt.log1p(-inside)
    # The logarithm of sigmoid(above) - sigmoid(-below), which is a product.
    between = density + pt.log1p(-pt.exp(low - high)) - pt.softplus(-above) - pt.softplus(-below)
    return pt.switch(zero, -pt.softplus(above), pt.switch(one, -pt.softplus(below), between))


def drawn(
    log_odds: Any, kappa: Any, low: Any, high: Any, rng: Any = None, size: Any = None
) -> np.ndarray:
    """Return random scores.

    Parameters
    ----------
    log_odds, kappa, low, high
        Of the distribution, broadcast against each other.
    rng
        NumPy's generator.
    size
        Shape of what is drawn.

    Examples
    --------
    >>> scores = drawn(np.zeros(4000), 5.0, -1.0, 1.0, rng=np.random.default_rng(1))
    >>> round(float((scores == 0).mean()), 1), round(float((scores == 1).mean()), 1)
    (0.3, 0.3)
    """
    random = np.random.default_rng() if rng is None else rng
    given = np.broadcast_arrays(log_odds, kappa, low, high)
    shape = given[0].shape if size is None else size
    odds, precision, lowest, highest = (np.broadcast_to(value, shape) for value in given)
    even = random.logistic(size=shape) + odds  # a latent log-odds, cut at both points
    mean = 1 / (1 + np.exp(-odds))
    inside = random.beta(mean * precision, (1 - mean) * precision)
    inside = np.clip(inside, np.nextafter(0, 1), np.nextafter(1, 0))
    return np.where(even < lowest, 0.0, np.where(even > highest, 1.0, inside))


def expected_score(log_odds: np.ndarray, low: Any, high: Any) -> np.ndarray:
    """Return mean scores: the share of ones, and the mean in between times its share.

    Examples
    --------
    >>> expected_score(np.array([0.0]), -1.0, 1.0)
    array([0.5])
    """
    from scipy.special import expit

    not_zero, one = expit(log_odds - low), expit(log_odds - high)
    return np.asarray(one + (not_zero - one) * expit(log_odds))


@cache
def log_density_of_arrays() -> Any:
    """Return `log_density` as a function of matrices, (draw, row), evaluated by NumPy."""
    import pytensor.tensor as pt

    given = [pt.dmatrix(name) for name in ("score", PARENT, "kappa", "low", "high")]
    return array_function(given, log_density(*given))
