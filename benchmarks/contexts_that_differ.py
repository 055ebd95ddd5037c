"""Studies whose contexts differ in how accurate reports are, many at once.

Five attributes, 50 choices whose weights are estimated, scaled and rounded as in the paper, ten
reports. Weights come from a population of contexts whose choices were fitted once.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, special

ATTRIBUTES, CHOICES, REPORTS = 5, 50, 10
POPULATION = 40_000
GAIN = 0.2


@dataclass(frozen=True)
class Cell:
    """What studies are like: `spread` is that of Fisher's z of accuracy between contexts.

    `missing` is the share of contexts without a report, `scales` the standard deviation over
    contexts of the logarithm of how far reports spread.
    """

    spread: float
    mean: float
    contexts: int
    missing: float = 0.0
    scales: float = 0.0

    @property
    def name(self) -> str:
        """What is unusual about it."""
        names = [f"{self.missing:.0%} silent" * bool(self.missing), "scales" * bool(self.scales)]
        return ", ".join(filter(None, names))


def scaled(weights: np.ndarray) -> np.ndarray:
    """Scale weights as the paper does: the largest of each context ±100, rounded."""
    return np.round(weights / np.abs(weights).max(axis=-1, keepdims=True) * 100)


@cache
def population() -> tuple[np.ndarray, np.ndarray]:
    """Return used weights, and those that choices reveal, of many contexts."""
    random = np.random.default_rng(0)
    used = scaled(random.uniform(-1, 1, (POPULATION, ATTRIBUTES)))
    return used, np.concatenate([revealed(part, random) for part in np.array_split(used, 8)])


def revealed(used: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Let contexts choose, and estimate their weights: the posterior's mode, scaled."""
    shape = (len(used), CHOICES, ATTRIBUTES)
    options = random.uniform(size=shape) - random.uniform(size=shape)
    odds = 6 * np.einsum("nck,nk->nc", options, used / 100)
    chosen = random.uniform(size=odds.shape) < special.expit(odds)
    options = np.concatenate([options, np.ones((*shape[:2], 1))], axis=-1)
    precision = np.diag([1.0] * ATTRIBUTES + [0.1])
    found = np.zeros((len(used), ATTRIBUTES + 1))
    for _ in range(8):
        p = special.expit(np.einsum("nck,nk->nc", options, found))
        gradient = np.einsum("nck,nc->nk", options, chosen - p) - found @ precision
        curvature = np.einsum("nck,nc,ncl->nkl", options, p * (1 - p), options) + precision
        found += np.linalg.solve(curvature, gradient[..., None])[..., 0]
    return scaled(found[:, :ATTRIBUTES])


def centre_of(mean: float, spread: float) -> float:
    """Return the centre of normal Fisher's z whose correlations have this mean."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()
    return float(optimize.brentq(lambda c: weights @ np.tanh(c + spread * nodes) - mean, -4.0, 4.0))


def mean_reports(
    used: np.ndarray, cell: Cell, mean: float, easier: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return mean reports of contexts, shape as of the weights used."""
    accuracy = np.tanh(centre_of(mean, cell.spread) + cell.spread * easier)[..., None]
    told = accuracy * used / population()[0].std()
    told = told + np.sqrt(1 - accuracy**2) * random.normal(size=used.shape)
    if cell.scales:
        told = told * np.exp(cell.scales * random.normal(size=(*used.shape[:-1], 1)))
    total = np.zeros_like(told)
    for _ in range(REPORTS):
        total += np.clip(np.round(35 * told + 15 * random.normal(size=used.shape)), -100, 100)
    return total / REPORTS


def moments(*columns: np.ndarray) -> np.ndarray:
    """Return count, sums, and sums of squares and products over attributes, along the last axis."""
    count = len(columns)
    products = [columns[i] * columns[j] for i in range(count) for j in range(i, count)]
    parts = [np.ones_like(columns[0]), *columns, *products]
    return np.stack([part.sum(axis=-1) for part in parts], axis=-1)


@dataclass(frozen=True)
class Side:
    """One model at one stage: weights and mean reports (study, context, attribute), who reports."""

    weights: np.ndarray
    reports: np.ndarray
    told: np.ndarray

    def sums(self, halves: int = 1) -> np.ndarray:
        """Return the sums of `slope_of_totals`, reports standardized in so many sets."""
        stated, both = moments(self.reports), moments(self.weights, self.reports)
        which = np.arange(self.told.shape[-1]) % halves
        parts = []
        for half in range(halves):
            mine = (self.told & (which == half))[..., None]
            parts += [stated * mine, both * mine]
        return np.concatenate([*parts, moments(self.weights)], axis=-1)


def simulate(cell: Cell, studies: int, contexts: int, random: np.random.Generator) -> list[Side]:
    """Return two models before and after training, in the same contexts."""
    used, weights = population()
    easier = random.normal(size=(studies, contexts))
    sides = []
    for _ in range(2):
        chosen = random.integers(POPULATION, size=(studies, contexts))
        for mean in (cell.mean, cell.mean + GAIN):
            reports = mean_reports(used[chosen], cell, mean, easier, random)
            told = random.uniform(size=easier.shape) >= cell.missing
            told[:, :3] = True
            sides.append(Side(weights[chosen], reports, told))
    return sides
