"""Importance sampling: the posteriors of many small regressions at once, without Markov chains.

The posterior of one context's few coefficients is nearly Gaussian. A multivariate t around its
mode, moved once to the mean and covariance that a pilot sample finds, proposes draws; importance
weights make them exact, and the Pareto k of the weights says, context by context, whether they do
(Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72)). Densities and derivatives
come from PyMC's distributions; here is only what surrounds them.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol, Self

import numpy as np

from introspect_bayes.sampling.diagnostics import PARETO_K_MAX

EFFECTIVE_SHARE: Final = 0.25
"""Smallest acceptable share of effective draws among those made."""

_DEGREES: Final = (10, 4, 4)
"""Degrees of freedom of the proposals: those of the second and third serve the contexts that the
one before served badly."""

_PILOT: Final = 1000
_LEAST_EFFECTIVE: Final = 50
_GOOD_SHARE: Final = 0.5
_LEAST_DRAWS: Final = 25
"""Draws below which a Pareto tail has fewer than the five that a fit needs."""
_NO_WEIGHT: Final = -1e9
_SCRAMBLE: Final = 1


class Densities(Protocol):
    """Log densities of some contexts, known up to a constant each."""

    def log_density(self, coefficients: np.ndarray) -> np.ndarray:
        """Return log densities, shape (context, draw), of (context, draw, coefficient)."""

    def take(self, contexts: np.ndarray) -> Self:
        """Return the densities of some of the contexts."""


@dataclass(frozen=True)
class ImportanceDraws:
    """Posterior draws of the coefficients of many contexts.

    Attributes
    ----------
    coefficients
        Shape (context, draw, coefficient): the centred intercept, if any, then the slopes.
    pareto_k
        Pareto k of each context's weights, shape (context,); infinite where nothing but a
        heavy-tailed prior bounds some coefficients, for there weights do not tell that the far
        tail is missed (simulation-based calibration found it, and quadrature).
    effective_draws
        Kish's effective number of independent draws, (Σw)² / Σw², shape (context,).
    """

    coefficients: np.ndarray
    pareto_k: np.ndarray
    effective_draws: np.ndarray

    @property
    def trusted(self) -> np.ndarray:
        """Whether each context's draws are as good as exact ones, shape (context,)."""
        enough = self.effective_draws >= EFFECTIVE_SHARE * self.coefficients.shape[1]
        return np.asarray((self.pareto_k <= largest_k(self.coefficients.shape[1])) & enough)


def largest_k(draws: int) -> float:
    """Return the Pareto k up to which so many draws can be trusted.

    Source: Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72).

    Examples
    --------
    >>> largest_k(6000), round(largest_k(400), 2)
    (0.7, 0.62)
    """
    return min(PARETO_K_MAX, 1 - 1 / float(np.log10(draws)))


def sample_around(
    target: Densities,
    centre: np.ndarray,
    information: np.ndarray,
    draws: int,
    generators: list[np.random.Generator],
) -> ImportanceDraws:
    """Sample densities from what is known of their summits.

    Parameters
    ----------
    target
        The densities of some contexts.
    centre, information
        Summit of each context, shape (context, coefficient), and the information matrix there.
    draws
        Draws of each context.
    generators
        One a context.
    """
    proposal = _Proposal(centre, inverses(information), _DEGREES[0])
    proposal = proposal.moved(*proposal.draw(target, _PILOT, generators), _DEGREES[0])
    chosen = np.empty((len(centre), draws, centre.shape[1]))
    pareto_k, effective = np.empty(len(centre)), np.empty(len(centre))
    left = np.arange(len(centre))
    for degrees in (*_DEGREES[1:], None):
        mine = [generators[number] for number in left]
        made, log_weights = proposal.draw(target, draws, mine)
        weights, pareto_k[left] = smoothed(log_weights)
        effective[left] = 1 / (weights**2).sum(axis=1)
        for number, some, weight, generator in zip(left, made, weights, mine, strict=True):
            chosen[number] = some[resampled(weight, generator)]
        poor = (effective[left] < _GOOD_SHARE * draws) | (pareto_k[left] > PARETO_K_MAX)
        if degrees is None or not poor.any():
            break
        proposal = proposal.moved(made, log_weights, degrees).take(poor)
        target, left = target.take(poor), left[poor]
    return ImportanceDraws(chosen, pareto_k, effective)


def smoothed(log_weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Pareto-smoothed weights that sum to one over draws, and the k of each context."""
    from arviz_stats.base import array_stats

    if log_weights.shape[1] < _LEAST_DRAWS:
        return normalized(log_weights), np.full(len(log_weights), np.inf)
    # ArviZ takes log likelihoods, whose negatives are the weights of leave-one-out.
    smoothed, pareto_k = array_stats.psislw(-log_weights, axis=-1)
    # A sample none of whose densities is finite has no k: the worst outcome, never to be skipped.
    return normalized(smoothed), np.where(np.isfinite(pareto_k), pareto_k, np.inf)


def normalized(log_weights: np.ndarray) -> np.ndarray:
    """Return weights that sum to one over draws, shape (context, draw)."""
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def inverses(matrices: np.ndarray) -> np.ndarray:
    """Invert each matrix; one that is not finite becomes the identity."""
    finite = np.isfinite(matrices).all(axis=(1, 2))[:, None, None]
    return np.asarray(np.linalg.inv(np.where(finite, matrices, np.eye(matrices.shape[1]))))


@dataclass(frozen=True)
class _Proposal:
    """A multivariate t for each context."""

    centre: np.ndarray
    covariance: np.ndarray
    degrees: int

    def draw(
        self, target: Densities, draws: int, generators: list[np.random.Generator]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return draws (context, draw, coefficient) and their log importance weights."""
        width = self.centre.shape[1]
        points = spherical_points(width, self.degrees, -(-draws // 2))
        standard = points @ rotations(width, generators)
        # Antithetic pairs: what a Gaussian's mean would err by, they cancel.
        standard = np.concatenate([standard, -standard], axis=1)[:, :draws]
        root = np.linalg.cholesky(self.covariance)
        made = self.centre[:, None] + standard @ root.transpose(0, 2, 1)
        distance = (standard**2).sum(axis=-1)
        log_proposal = -(self.degrees + width) / 2 * np.log1p(distance / self.degrees)
        log_weights = target.log_density(made) - log_proposal
        # Of no weight, but finite, as the fit of the Pareto tail needs it.
        return made, np.where(np.isfinite(log_weights), log_weights, _NO_WEIGHT)

    def moved(self, draws: np.ndarray, log_weights: np.ndarray, degrees: int) -> "_Proposal":
        """Return the proposal with the weighted draws' means and covariances.

        Contexts in which few draws carry all the weight keep what they have.
        """
        weights = normalized(log_weights)
        enough = 1 / (weights**2).sum(axis=1) >= _LEAST_EFFECTIVE
        centre = np.einsum("cs,csp->cp", weights, draws)
        around = draws - centre[:, None]
        covariance = (weights[..., None] * around).transpose(0, 2, 1) @ around
        return _Proposal(
            np.where(enough[:, None], centre, self.centre),
            np.where(enough[:, None, None], covariance, self.covariance),
            degrees,
        )

    def take(self, contexts: np.ndarray) -> "_Proposal":
        """Return the proposal of some contexts."""
        return _Proposal(self.centre[contexts], self.covariance[contexts], self.degrees)


@cache
def spherical_points(width: int, degrees: int, count: int) -> np.ndarray:
    """Return points of a standard multivariate t, shape (point, coefficient), evenly spread.

    From scrambled Sobol numbers, so that second moments are nearly exact. They are the same for all
    contexts; each turns them at random, and what is turned has exactly the distribution of a t's
    directions (randomized quasi-Monte Carlo: Owen 1997, doi:10.1214/aos/1031594731).
    """
    from scipy import special
    from scipy.stats import qmc

    sobol = qmc.Sobol(width + 1, rng=np.random.default_rng(_SCRAMBLE))
    uniform = sobol.random_base2(int(np.ceil(np.log2(max(count, 2)))))[:count]
    uniform = uniform.clip(2.0**-33, 1 - 2.0**-33)
    scale = special.chdtri(degrees, uniform[:, -1:]) / degrees
    return np.asarray(special.ndtri(uniform[:, :-1]) / np.sqrt(scale))


def rotations(width: int, generators: list[np.random.Generator]) -> np.ndarray:
    """Return a random rotation or reflection for each context (Haar measure).

    Source: Mezzadri 2007, How to generate random matrices from the classical compact groups.
    """
    drawn = np.stack([generator.standard_normal((width, width)) for generator in generators])
    turned, triangular = np.linalg.qr(drawn)
    return np.asarray(turned * np.sign(np.diagonal(triangular, axis1=1, axis2=2))[:, None])


def resampled(
    weights: np.ndarray, generator: np.random.Generator, count: int | None = None
) -> np.ndarray:
    """Return numbers of draws, each as often as its weight says, in random order.

    Systematic resampling (Kitagawa 1996, doi:10.2307/1390750).
    """
    count = len(weights) if count is None else count
    points = (generator.random() + np.arange(count)) / count
    numbers = np.searchsorted(np.cumsum(weights), points).clip(max=len(weights) - 1)
    return np.asarray(generator.permutation(numbers))
