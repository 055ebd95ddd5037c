"""What data alone say of the latent variables of the joint model, as Gaussian approximations.

They only decide in which variables chains move (`joint_sampling_model`), and so how fast, not where
they go.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from introspect_bayes.fits.context_densities import ContextDensities
from introspect_bayes.fits.importance import find_modes
from introspect_bayes.fits.joint_data import JointData
from introspect_bayes.specs import spec as shipped

_EXPANSION: Final = 3.0
"""Standard deviation of the normal prior under whose mode the likelihood of choices is expanded."""


@dataclass(frozen=True)
class ChoiceInformation:
    """A Gaussian approximation of each context's likelihood of choices.

    The log likelihood of the slopes b is about ``h·b - b·H·b / 2`` with ``H = Q diag(L) Q'``.

    Attributes
    ----------
    axes
        Q, shape (context, attribute, axis).
    curvature
        L, shape (context, axis).
    pull
        Q'h, shape (context, axis).
    intercept_curvature, intercept_pull
        The same of the intercept of differences centred in the context, shape (context,).
    """

    axes: np.ndarray
    curvature: np.ndarray
    pull: np.ndarray
    intercept_curvature: np.ndarray
    intercept_pull: np.ndarray

    @classmethod
    def of(cls, data: JointData) -> "ChoiceInformation":
        """Expand the likelihood where it and a wide normal prior are at their common mode."""
        wide = f"Normal(0, {_EXPANSION})"
        spec = shipped("choice_weights").with_priors(Intercept=wide, slopes=wide)
        mode, information = find_modes(ContextDensities(spec, data.choices))
        prior = 1 / _EXPANSION**2
        # At the mode the likelihood's gradient is the prior's, prior * mode, with its sign turned.
        curvature = information[:, 1:, 1:] - prior * np.eye(mode.shape[1] - 1)
        pull = np.einsum("ckl,cl->ck", curvature, mode[:, 1:]) + prior * mode[:, 1:]
        values, axes = np.linalg.eigh(curvature)
        own = np.maximum(information[:, 0, 0] - prior, 0)
        return cls(
            axes=axes,
            curvature=np.maximum(values, 0),
            pull=np.einsum("cka,ck->ca", axes, pull),
            intercept_curvature=own,
            intercept_pull=(own + prior) * mode[:, 0],
        )


_LEVELS: Final = np.exp(np.linspace(-2.5, 4, 131))
"""Consistencies among which that of all contexts is looked for."""

_LEAST: Final = 1e-3
"""Smallest curvature that counts as information: a standard error of 30 in log-odds."""

_UNKNOWN: Final = 1e6
"""Squared error of what nobody reported."""


@dataclass(frozen=True)
class ConsistencyInformation:
    """What choices and reports say of each context's log consistency, to first order.

    Score and Fisher information at values common to all contexts, in a model in which estimated
    slopes and mean reports are normal around latent ones.

    Attributes
    ----------
    curvature, pull
        Information, and information times estimate, shape (context,).
    """

    curvature: np.ndarray
    pull: np.ndarray

    @classmethod
    def of(cls, data: JointData, choices: ChoiceInformation) -> "ConsistencyInformation":
        """Expand around what all contexts together say."""
        error = 1 / np.maximum(choices.curvature, _LEAST)
        along = choices.pull * error
        seen = choices.curvature > _LEAST
        level = _common_level(along[seen], error[seen]) if seen.any() else 1.0
        slopes = np.einsum("cka,ca->ck", choices.axes, along) / level
        errors = np.einsum("cka,ca->ck", choices.axes**2, error) / level**2
        pairs = [_standardized_reports(data, figure) for figure in range(len(data.figures))]
        values = np.stack([slopes, *(pair[0] for pair in pairs)], axis=-1)
        variances = 1 + np.stack([errors, *(pair[1] for pair in pairs)], axis=-1)
        rho = [_common_correlation(values, variances, f) for f in range(1, values.shape[-1])]
        loadings = np.array([1.0, *rho])  # on the weight used
        covariance = np.broadcast_to(
            np.outer(loadings, loadings), (*variances.shape, len(loadings))
        )
        places = np.arange(len(loadings))
        covariance = covariance.copy()
        covariance[..., places, places] = variances
        # A more consistent context has larger slopes: by its logarithm, and 1 at the common level.
        change = np.zeros_like(covariance)
        change[..., 0, 1:] = covariance[..., 0, 1:]
        change[..., 1:, 0] = covariance[..., 1:, 0]
        change[..., 0, 0] = 2
        inverse = np.linalg.inv(covariance)
        product = inverse @ change
        fitted = (inverse @ values[..., None])[..., 0]
        score = 0.5 * (np.einsum("cki,ckij,ckj->ck", fitted, change, fitted) - _trace(product))
        there = data.choices.present & (errors < 1 / _LEAST)
        curvature = (0.5 * _trace(product @ product) * there).sum(axis=1)
        pull = curvature * np.log(level) + (np.clip(score, -3, 3) * there).sum(axis=1)
        return cls(curvature, pull)


def _trace(matrices: np.ndarray) -> np.ndarray:
    return np.asarray(np.trace(matrices, axis1=-2, axis2=-1))


def _common_correlation(values: np.ndarray, variances: np.ndarray, figure: int) -> float:
    """Return the correlation of weights used and reported, cells weighted by what they know."""
    weight = 1 / (variances[..., 0] * variances[..., figure])
    rho = (weight * values[..., 0] * values[..., figure]).sum() / weight.sum()
    return float(np.clip(rho, -0.9, 0.9))


def _common_level(slopes: np.ndarray, error: np.ndarray) -> float:
    """Return the consistency under which slopes with these squared errors are most likely."""
    variance = _LEVELS[:, None] ** 2 + error
    height = -0.5 * (np.log(variance) + slopes**2 / variance).sum(axis=1)
    return float(_LEVELS[height.argmax()])


def _standardized_reports(data: JointData, figure: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a figure's mean reports and their squared errors, in units of their true spread."""
    counts = data.cell_counts[figure]
    reported, error = np.zeros(counts.shape), np.full(counts.shape, _UNKNOWN)
    for report_set in np.unique(data.set_index[figure]):
        mine = (data.set_index[figure] == report_set)[:, None] & (counts > 0)
        if mine.sum() < 2:  # noqa: PLR2004 - no scale
            continue
        means, n = data.means[figure][mine], counts[mine]
        squared = data.squares[figure][mine] / n**2
        middle = np.median(means)
        spread = max(1.48 * float(np.median(np.abs(means - middle))), 1e-3)
        scale = np.sqrt(max(spread**2 - float(np.median(squared)), 0.1 * spread**2))
        reported[mine] = np.clip((means - middle) / scale, -4, 4)
        error[mine] = squared / scale**2
    return reported, error
