"""Summits of log densities, by Newton's steps."""

from typing import Final, Protocol

import numpy as np

from introspect_bayes.sampling.importance import inverses

_NEWTON_STEPS: Final = 50
_HALVINGS: Final = 20
_CLIMBED: Final = 1e-9


class Climbed(Protocol):
    """Log densities with derivatives: those of contexts, or of some coefficients given others."""

    design: np.ndarray

    def log_density(self, coefficients: np.ndarray) -> np.ndarray:
        """As of `ContextDensities`."""

    def derivatives(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `ContextDensities`."""


def find_modes(
    target: Climbed, steps: int = _NEWTON_STEPS, halvings: int = _HALVINGS
) -> tuple[np.ndarray, np.ndarray]:
    """Climb from zero by Newton's steps, halved as long as they lead downhill.

    Returns
    -------
    tuple
        Where each context's climb ended, shape (context, coefficient), and the information
        matrix there, shape (context, coefficient, coefficient).
    """
    place = np.zeros((len(target.design), target.design.shape[2]))
    height = target.log_density(place[:, None])[:, 0]
    for _ in range(steps):
        gradient, information = target.derivatives(place)
        step = (inverses(information) @ np.nan_to_num(gradient)[:, :, None])[..., 0]
        before = height
        for _ in range(halvings):
            tried = target.log_density((place + step)[:, None])[:, 0]
            up = tried >= height
            place = np.where(up[:, None], place + step, place)
            height = np.where(up, tried, height)
            step = np.where(up[:, None], 0.0, step / 2)
            if up.all():
                break
        if not (height - before > _CLIMBED).any():
            break
    return place, target.derivatives(place)[1]
