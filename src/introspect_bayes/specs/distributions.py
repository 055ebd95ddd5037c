"""The prior distributions that a specification may name, and their arguments.

Kept as plain data so that a specification can be read and checked without loading PyMC; a test
compares the names with PyMC's own.
"""

from typing import Final, Literal

ArgumentKind = Literal["real", "positive"]

DISTRIBUTIONS: Final[dict[str, dict[str, ArgumentKind]]] = {
    "AsymmetricLaplace": {"b": "positive", "kappa": "positive", "mu": "real"},
    "Cauchy": {"alpha": "real", "beta": "positive"},
    "Exponential": {"lam": "positive"},
    "Flat": {},
    "Gamma": {"alpha": "positive", "beta": "positive"},
    "Gumbel": {"mu": "real", "beta": "positive"},
    "HalfCauchy": {"beta": "positive"},
    "HalfFlat": {},
    "HalfNormal": {"sigma": "positive"},
    "HalfStudentT": {"nu": "positive", "sigma": "positive"},
    "Horseshoe": {"tau": "positive", "c": "positive"},
    "InverseGamma": {"alpha": "positive", "beta": "positive"},
    "LKJCorr": {"eta": "positive"},
    "Laplace": {"mu": "real", "b": "positive"},
    "Logistic": {"mu": "real", "s": "positive"},
    "LogNormal": {"mu": "real", "sigma": "positive"},
    "Normal": {"mu": "real", "sigma": "positive"},
    "SkewNormal": {"mu": "real", "sigma": "positive", "alpha": "real"},
    "StudentT": {"nu": "positive", "mu": "real", "sigma": "positive"},
    "Uniform": {"lower": "real", "upper": "real"},
    "Weibull": {"alpha": "positive", "beta": "positive"},
}
"""Continuous PyMC distributions: name to arguments, in PyMC's order.

All are univariate but for LKJCorr, the prior of a correlation matrix (or of a single correlation:
2 Beta(eta, eta) - 1; Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008).

And the regularized horseshoe with global scale tau and slab scale c, which PyMC lacks
(`sampling.prior_distributions`; Piironen & Vehtari 2017, doi:10.1214/17-EJS1337SI).
"""

MATRIX: Final = frozenset({"LKJCorr"})
"""Distributions of correlations, which no other parameter can have."""

POSITIVE: Final = frozenset(
    {
        "Exponential", "Gamma", "HalfCauchy", "HalfFlat", "HalfNormal", "HalfStudentT",
        "InverseGamma", "LogNormal", "Weibull",
    }
)  # fmt: skip
"""Distributions without negative values, as a scale needs; so is a Uniform from 0 up."""

DISCRETE: Final = frozenset(
    {
        "Bernoulli", "BetaBinomial", "Binomial", "Categorical", "DiscreteUniform",
        "DiscreteWeibull", "Geometric", "HyperGeometric", "NegativeBinomial", "OrderedLogistic",
        "OrderedProbit", "Poisson", "ZeroInflatedBinomial", "ZeroInflatedNegativeBinomial",
        "ZeroInflatedPoisson",
    }
)  # fmt: skip
"""PyMC's discrete distributions, to be told from misspellings."""
