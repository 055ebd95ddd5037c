"""A prior of each distribution that PyMC knows, its arguments all different."""

EXAMPLES = {
    "AsymmetricLaplace": {"b": 2.0, "kappa": 0.7, "mu": -1.0},
    "Cauchy": {"alpha": 0.1, "beta": 2.0},
    "Exponential": {"lam": 3.0},
    "Flat": {},
    "Gamma": {"alpha": 2.0, "beta": 3.0},
    "Gumbel": {"mu": 0.3, "beta": 2.0},
    "HalfCauchy": {"beta": 2.5},
    "HalfFlat": {},
    "HalfNormal": {"sigma": 0.1},
    "HalfStudentT": {"nu": 3.0, "sigma": 2.5},
    "InverseGamma": {"alpha": 2.0, "beta": 0.7},
    "Laplace": {"mu": 0.0, "b": 1.0},
    "LogNormal": {"mu": -0.5, "sigma": 0.3},
    "Logistic": {"mu": 0.1, "s": 2.0},
    "Normal": {"mu": 0.0, "sigma": 0.5},
    "SkewNormal": {"mu": 0.0, "sigma": 1.0, "alpha": 3.0},
    "StudentT": {"nu": 3.0, "mu": 0.0, "sigma": 1.0},
    "Uniform": {"lower": -1.0, "upper": 4.0},
    "Weibull": {"alpha": 2.0, "beta": 1.5},
}
