"""Contexts that only a heavy-tailed prior bounds in one coefficient, sampled exactly.

Where all choices of a context are one letter, the likelihood bounds the intercept on one side only,
and the posterior's tail there is that of the prior, a t's: no proposal with lighter tails serves.
So the intercept is drawn first, from what the others' summits given it say of its density, with a
tail like a Cauchy's, heavier than that of any such prior; then the slopes given it, which are
nearly Gaussian. Importance weights make both exact.
"""

from typing import Final

import numpy as np

from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.sampling.importance import (
    ImportanceDraws,
    inverses,
    normalized,
    resampled,
    rotations,
    smoothed,
    spherical_points,
)

_CELLS: Final = 128
_DEGREES: Final = 10
_STEPS, _HALVINGS = 12, 4
_ALIKE: Final = 5.0
_SMALLEST: Final = 1e-5
"""Density of a cell, at least, as a share of the largest: what summits underrate is drawn as
well."""


def sample_one_sided(
    target: ContextDensities, draws: int, generators: list[np.random.Generator]
) -> ImportanceDraws:
    """Sample contexts of whose coefficients one has a heavy-tailed prior that alone bounds it.

    Parameters
    ----------
    target
        The densities of these contexts.
    draws
        Draws of each context.
    generators
        One a context.

    Returns
    -------
    ImportanceDraws
        As of `importance.sample_around`.
    """
    chosen = np.empty((len(target.design), draws, target.design.shape[2]))
    log_weights = np.empty(chosen.shape[:2])
    for number, generator in enumerate(generators):
        along = _Along(target.take(np.array([number])))
        chosen[number], log_weights[number] = along.draw(draws, generator)
    weights, pareto_k = smoothed(log_weights)
    # Weights that are nearly alike have no tail: a k fitted to what they have is noise.
    raw = normalized(log_weights)
    alike = raw.max(axis=1) * draws <= _ALIKE
    weights, pareto_k = np.where(alike[:, None], raw, weights), np.where(alike, 0.0, pareto_k)
    for number, generator in enumerate(generators):
        chosen[number] = chosen[number][resampled(weights[number], generator)]
    return ImportanceDraws(chosen, pareto_k, 1 / (weights**2).sum(axis=1))


class _Given:
    """Log densities of all coefficients but one, given values of that one."""

    def __init__(self, target: ContextDensities, values: np.ndarray) -> None:
        self.whole = target.take(np.zeros(len(values), dtype=int))
        self.values = values
        self.others = np.flatnonzero(~target.heavy_tailed)
        self.design = self.whole.design[..., self.others]

    def log_density(self, others: np.ndarray) -> np.ndarray:
        return self.whole.log_density(self._all(others))

    def derivatives(self, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gradient, information = self.whole.derivatives(self._all(others[:, None])[:, 0])
        return gradient[:, self.others], information[:, self.others[:, None], self.others]

    def _all(self, others: np.ndarray) -> np.ndarray:
        everything = np.empty((*others.shape[:2], others.shape[2] + 1))
        everything[..., self.whole.heavy_tailed] = self.values[:, None, None]
        everything[..., self.others] = others
        return everything


class _Along:
    """One context's posterior along its heavy-tailed coefficient.

    Places are quantiles of a Cauchy distribution; between two, the density of quantiles is linear.
    """

    def __init__(self, target: ContextDensities) -> None:
        self.target = target
        self.centre, self.scale = 0.0, 2.0
        self.quantiles = np.arange(1, _CELLS) / _CELLS
        self._look()
        lower, self.centre, upper = self._quartiles()
        self.scale = (upper - lower) / 2
        self._look()

    def _place(self, quantile: np.ndarray) -> np.ndarray:
        return self.centre + self.scale * np.tan(np.pi * (quantile - 0.5))

    def _stretch(self, places: np.ndarray) -> np.ndarray:
        """Log of what one unit of a quantile is in units of the coefficient, up to a constant."""
        return np.asarray(np.log1p(((places - self.centre) / self.scale) ** 2))

    def _look(self) -> None:
        """Find the summits of the others at each place, and by Laplace the density of quantiles."""
        places = self._place(self.quantiles)
        given = _Given(self.target, places)
        self.modes, information = find_modes(given, _STEPS, _HALVINGS)
        self.roots = np.linalg.cholesky(inverses(information))
        self.log_sizes = np.log(np.diagonal(self.roots, axis1=1, axis2=2)).sum(axis=1)
        height = given.log_density(self.modes[:, None])[:, 0]
        height += self._stretch(places) + self.log_sizes
        density = np.exp(height - height.max()).clip(_SMALLEST)
        # At the ends, infinitely far away: half, so that both a tail that vanishes in these
        # quantiles (a t's) and one that stays (a Cauchy's) have bounded weights.
        self.density = np.concatenate([density[:1] / 2, density, density[-1:] / 2])
        masses = (self.density[1:] + self.density[:-1]) / 2
        self.masses = masses / masses.sum()

    def _quartiles(self) -> tuple[float, float, float]:
        found = np.interp((0.25, 0.5, 0.75), np.cumsum(self.masses)[:-1], self.quantiles)
        lower, middle, upper = self._place(found)
        return float(lower), float(middle), float(upper)

    def draw(self, draws: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return draws, shape (draw, coefficient), and their log importance weights."""
        cell = resampled(self.masses, generator, draws)
        left, right = self.density[cell], self.density[cell + 1]
        # The inverse of a linear density's distribution function within the cell.
        uniform = generator.random(draws)
        root = np.sqrt(left**2 + uniform * (right**2 - left**2))
        within = uniform * (left + right) / (left + root)
        place = self._place((cell + within) / _CELLS)
        log_proposal = np.log(left + within * (right - left)) - self._stretch(place)
        knot = np.rint(cell + within - 1).astype(int).clip(0, _CELLS - 2)
        width = self.modes.shape[1]
        made = np.empty((draws, width + 1))
        made[:, self.target.heavy_tailed] = place[:, None]
        if width:
            standard = generator.permutation(spherical_points(width, _DEGREES, draws))
            standard = standard @ rotations(width, [generator])[0]
            offsets = np.einsum("dij,dj->di", self.roots[knot], standard)
            made[:, ~self.target.heavy_tailed] = self.modes[knot] + offsets
            distance = (standard**2).sum(axis=1)
            log_proposal -= (_DEGREES + width) / 2 * np.log1p(distance / _DEGREES)
            log_proposal -= self.log_sizes[knot]
        return made, self.target.log_density(made[None])[0] - log_proposal
