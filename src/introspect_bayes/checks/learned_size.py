"""The size of weights that all contexts of a model together tell."""

from typing import Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.choice_weights import scaled_weights
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.specs import Specification, spec
from introspect_bayes.specs.prior import Prior

DRAWS: Final = 1000
"""Draws of each context: the Monte Carlo error of an accuracy is then about .001."""

_LIMITS: Final = (0.01, 100.0)
_STEPS: Final = 60
_START: Final = ((0.0, 0.0), (1.5, 0.0), (0.0, -1.5))
"""Logarithms of both scales, from which the search begins."""


def size_learned(data: ChoiceData) -> Specification:
    """Return choice_weights with the scales of slopes and intercepts that the choices tell.

    It is choice_weights_pooled with its two scales at their most probable values (flat prior of
    their logarithms; Laplace's approximation of each context's evidence), so that contexts
    factorize again. Hundreds of slopes determine the scales so well that no more is needed.

    Parameters
    ----------
    data
        The choices.
    """
    from scipy.optimize import minimize

    found = minimize(
        lambda logs: -_evidence(_with_scales(np.exp(logs)), data),
        np.zeros(2),
        method="Nelder-Mead",
        bounds=[tuple(np.log(_LIMITS))] * 2,
        options={"initial_simplex": _START, "xatol": 0.02, "fatol": 0.05, "maxfev": _STEPS},
    )
    return _with_scales(np.exp(found.x))


def pulls_learned(specification: Specification, data: ChoiceData) -> Specification:
    """Return a specification with the scale of intercepts that the choices tell.

    Parameters
    ----------
    specification
        One of choices with an intercept, whose contexts share no parameters.
    data
        The choices.
    """
    from scipy.optimize import minimize_scalar

    def pulled(log: float) -> Specification:
        scale = float(f"{np.exp(log):.3g}")
        return specification.with_priors(Intercept=Prior("Normal", {"mu": 0, "sigma": scale}))

    found = minimize_scalar(
        lambda log: -_evidence(pulled(log), data),
        bounds=tuple(np.log(_LIMITS)),
        method="bounded",
        options={"xatol": 0.05},
    )
    return pulled(float(found.x))


def _with_scales(scales: np.ndarray) -> Specification:
    slopes, intercept = (float(f"{scale:.3g}") for scale in scales)
    return spec("choice_weights").with_priors(
        slopes=Prior("Normal", {"mu": 0, "sigma": slopes}),
        Intercept=Prior("Normal", {"mu": 0, "sigma": intercept}),
    )


def _evidence(specification: Specification, data: ChoiceData) -> float:
    """Return the logarithm of the choices' density, up to a constant, by Laplace's method."""
    target = ContextDensities(specification, data)
    modes, information = find_modes(target)
    heights = target.log_density(modes[:, None])[:, 0]
    volumes = (modes.shape[1] * np.log(2 * np.pi) - np.linalg.slogdet(information)[1]) / 2
    return float((heights + volumes).sum())


def weights_under(specification: Specification, data: ChoiceData, seed: int) -> np.ndarray:
    """Return scaled weights under another specification of choices, shape (context, attribute)."""
    made = sample_importance(specification, data, DRAWS, seed)
    slopes = made.coefficients[..., int(specification.has_intercept) :].mean(axis=1)
    return scaled_weights(slopes, data.present)
