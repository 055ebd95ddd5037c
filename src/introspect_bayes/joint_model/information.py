"""What choices alone say of slopes and intercepts, as a Gaussian approximation.

It only decides in which variables chains move (`sampling_model`), and so how fast, not where
they go.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.specs import spec as shipped

_EXPANSION: Final = 6.0
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
