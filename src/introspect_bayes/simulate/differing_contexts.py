"""Contexts that differ in how accurately a decision maker reports on them."""

import math
from functools import lru_cache

_NODES = 61
_FARTHEST = 18.0
_HALVINGS = 60


def accuracy_in_context(mean: float, spread: float, deviation: float) -> float:
    """Return the accuracy of one context.

    Fisher's z of accuracy is normal over contexts, around a centre that makes `mean` the mean of
    accuracy itself.

    Parameters
    ----------
    mean
        Mean accuracy over contexts, -1 to 1.
    spread
        Standard deviation of Fisher's z over contexts.
    deviation
        By how many standard deviations this context is easier than the median one.

    Examples
    --------
    >>> accuracy_in_context(0.5, 0.0, 1.3), accuracy_in_context(1.0, 0.5, -2.0)
    (0.5, 1.0)
    >>> round(accuracy_in_context(0.5, 0.5, -1.0), 2), round(accuracy_in_context(0.5, 0.5, 1.0), 2)
    (0.16, 0.82)
    """
    if spread == 0 or abs(mean) == 1:
        return mean
    return math.tanh(centre_of(mean, spread) + spread * deviation)


@lru_cache(maxsize=64)
def centre_of(mean: float, spread: float) -> float:
    """Return the median of Fisher's z at which the mean accuracy is as wanted."""
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if weights @ np.tanh(middle + spread * nodes) < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2
