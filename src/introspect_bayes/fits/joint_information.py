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


@dataclass(frozen=True)
class LevelInformation:
    """What the data say of each context's log consistency, and of each Fisher's z, to first order.

    Scores and Fisher information at values common to all contexts, in a model in which estimated
    slopes and mean reports are normal around latent ones.

    Attributes
    ----------
    consistency_curvature, consistency_pull
        Information, and information times estimate, of log consistency, shape (context,).
    accuracy_curvature, accuracy_pull
        The same of Fisher's z, shape (figure, context).
    """

    consistency_curvature: np.ndarray
    consistency_pull: np.ndarray
    accuracy_curvature: np.ndarray
    accuracy_pull: np.ndarray

    @classmethod
    def of(cls, data: JointData, choices: ChoiceInformation) -> "LevelInformation":
        """Expand around what all contexts together say."""
        error = 1 / np.maximum(choices.curvature, _LEAST)
        slopes = choices.pull * error  # along the axes
        seen = choices.curvature > _LEAST
        level = _common_level(slopes[seen], error[seen])
        share = level**2 / (level**2 + error) * seen
        curvature = (2 * share**2).sum(axis=1)
        score = (share * (slopes**2 / (level**2 + error) - 1)).sum(axis=1)
        by_figure = [
            _accuracy_information(data, choices, error, level, figure)
            for figure in range(len(data.figures))
        ]
        return cls(
            consistency_curvature=curvature,
            consistency_pull=curvature * np.log(level) + score,
            accuracy_curvature=np.array([part[0] for part in by_figure]),
            accuracy_pull=np.array([part[1] for part in by_figure]),
        )


def _common_level(slopes: np.ndarray, error: np.ndarray) -> float:
    """Return the consistency under which slopes with these squared errors are most likely."""
    variance = _LEVELS[:, None] ** 2 + error
    height = -0.5 * (np.log(variance) + slopes**2 / variance).sum(axis=1)
    return float(_LEVELS[height.argmax()])


def _accuracy_information(
    data: JointData, choices: ChoiceInformation, error: np.ndarray, level: float, figure: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return information on z and its product with the estimate, each of shape (context,)."""
    counts = data.cell_counts[figure]
    used = np.einsum("cka,ca->ck", choices.axes, choices.pull * error) / level
    used_error = np.einsum("cka,ca->ck", choices.axes**2, error) / level**2
    reported, reported_error = np.zeros_like(used), np.ones_like(used)
    for report_set in np.unique(data.set_index[figure]):
        mine = (data.set_index[figure] == report_set)[:, None] & (counts > 0)
        if mine.sum() < 2:  # noqa: PLR2004 - no scale
            continue
        means, n = data.means[figure][mine], counts[mine]
        middle = np.median(means)
        scale = max(1.48 * float(np.median(np.abs(means - middle))), 1e-3)
        noise = np.median(data.squares[figure][mine] / n)
        reported[mine] = np.clip((means - middle) / scale, -4, 4)
        reported_error[mine] = noise / n / scale**2
    # A normal pair with variances a and b, of covariance rho.
    a, b = 1 + used_error, 1 + reported_error
    there = (counts > 0) & (used_error < 1 / _LEAST)
    weight = there / (a * b)
    rho = float(np.clip((weight * used * reported).sum() / max(weight.sum(), 1e-9), -0.95, 0.95))
    rest = a * b - rho**2
    square = (b * used**2 - 2 * rho * used * reported + a * reported**2) / rest
    by_z = (1 - rho**2) * (rho + used * reported - rho * square) / rest * there
    curvature = ((1 - rho**2) ** 2 * (a * b + rho**2) / rest**2 * there).sum(axis=1)
    return curvature, curvature * np.arctanh(rho) + np.clip(by_z, -3, 3).sum(axis=1)
