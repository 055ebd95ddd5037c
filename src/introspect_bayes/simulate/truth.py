"""What the plug-in analysis of a simulated study would find with endless contexts.

The paper's analysis correlates estimated weights with averaged reports; noise in either lowers
the correlation. The truth to hold it against is therefore the correlation after that noise.
"""

from dataclasses import dataclass

import numpy as np

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.simulate.decision_maker import Introspection
from introspect_bayes.simulate.differing_contexts import accuracy_in_context

_CONTEXTS = 50_000


@dataclass(frozen=True)
class WeightPopulation:
    """Target weights and the weights that a model uses, over very many contexts.

    Attributes
    ----------
    targets, used
        Shape (context, attribute), -100 to 100, the largest of each context ±100.
    """

    targets: np.ndarray
    used: np.ndarray

    @classmethod
    def draw(cls, attributes: int, learning: float) -> "WeightPopulation":
        """Draw a population by the rule of `blend`, with a fixed seed."""
        generator = np.random.default_rng(0)
        shape = (_CONTEXTS, attributes)
        targets = _scaled(generator.uniform(-1, 1, shape))
        own = generator.uniform(-WEIGHT_LIMIT, WEIGHT_LIMIT, shape)
        return cls(targets, _scaled(learning * targets + (1 - learning) * own))

    @property
    def sd(self) -> float:
        """Standard deviation of the weights used."""
        return float(self.used.std())

    @property
    def learned(self) -> float:
        """Correlation of the weights used with the targets."""
        return float(np.corrcoef(self.used.ravel(), self.targets.ravel())[0, 1])

    def report_correlation(self, how: Introspection, reports: int) -> float:
        """Return the correlation of the weights used with the mean of the valid reports."""
        generator = np.random.default_rng(1)
        count = generator.binomial(reports, 1 - how.invalid_rate, _CONTEXTS)
        used = self.used[count > 0]
        accuracy = _accuracies(how, len(used))
        rest = np.sqrt(1 - accuracy**2) * generator.normal(size=used.shape)
        belief = how.spread * (accuracy * used / self.sd + rest)
        total = np.zeros_like(used)
        for number in range(reports):
            stated = np.round(belief + how.noise * generator.normal(size=used.shape))
            asked = (number < count[count > 0])[:, None]
            total += np.where(asked, np.clip(stated, -WEIGHT_LIMIT, WEIGHT_LIMIT), 0.0)
        means = total / count[count > 0][:, None]
        return float(np.corrcoef(used.ravel(), means.ravel())[0, 1])


def _accuracies(how: Introspection, contexts: int) -> np.ndarray:
    """Return the accuracy of each context, shape (context, 1)."""
    easier = np.random.default_rng(2).normal(size=contexts)
    found = [accuracy_in_context(how.accuracy, how.accuracy_spread, e) for e in easier]
    return np.array(found)[:, None]


def shared_weights(first: float, second: float) -> float:
    """Return the correlation of the weights of two models that learned the same targets so far.

    Parameters
    ----------
    first, second
        Degrees of learning, as `blend` takes them; at 0 weights are the models' own.
    """
    generator = np.random.default_rng(0)
    shape = (_CONTEXTS, 5)
    targets = _scaled(generator.uniform(-1, 1, shape))
    used = [
        _scaled(
            learning * targets
            + (1 - learning) * generator.uniform(-WEIGHT_LIMIT, WEIGHT_LIMIT, shape)
        )
        for learning in (first, second)
    ]
    return float(np.corrcoef(used[0].ravel(), used[1].ravel())[0, 1])


def _scaled(raw: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(raw / np.abs(raw).max(axis=1, keepdims=True) * WEIGHT_LIMIT))
