"""Importance sampling of choice weights: the posteriors of many contexts at once."""

from typing import Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.choices.one_sided import sample_one_sided
from introspect_bayes.sampling.importance import ImportanceDraws, sample_around
from introspect_bayes.specs import Specification

_BLOCK: Final = 4_000_000


def sample_importance(
    spec: Specification, data: ChoiceData, draws: int, seed: int
) -> ImportanceDraws:
    """Sample the posteriors of all contexts.

    Parameters
    ----------
    spec
        A specification of choices to which importance sampling applies.
    data
        The choices.
    draws
        Draws of each context.
    seed
        Each context derives a generator of its own from this and its name, so that its draws do
        not depend on the other contexts.
    """
    width = data.differences.shape[1] + spec.has_intercept
    trials = np.bincount(data.index, minlength=len(data.contexts))
    coefficients = np.empty((len(trials), draws, width))
    pareto_k, effective = np.empty(len(trials)), np.empty(len(trials))
    for block in _blocks(trials, draws):
        target = ContextDensities(spec, data.take(block))
        unbounded = target.unbounded
        along = unbounded & (target.heavy_tailed.sum() == 1)
        for chosen, sample in ((~along, _sample_around), (along, sample_one_sided)):
            if not chosen.any():
                continue
            numbers = block[chosen]
            generators = [_generator(seed, data.contexts[number]) for number in numbers]
            made = sample(target.take(chosen), draws, generators)
            coefficients[numbers], effective[numbers] = made.coefficients, made.effective_draws
            pareto_k[numbers] = made.pareto_k
        pareto_k[block[unbounded & ~along]] = np.inf
    return ImportanceDraws(coefficients, pareto_k, effective)


def _sample_around(
    target: ContextDensities, draws: int, generators: list[np.random.Generator]
) -> ImportanceDraws:
    return sample_around(target, *find_modes(target), draws, generators)


def _generator(seed: int, context: str) -> np.random.Generator:
    return np.random.default_rng([seed, *context.encode()])


def _blocks(trials: np.ndarray, draws: int) -> list[np.ndarray]:
    """Group contexts of similar size so that no block holds more than so many densities."""
    order = np.argsort(trials, kind="stable")
    blocks: list[list[int]] = [[]]
    for number in order:
        longest = max(int(trials[number]), 1)
        if blocks[-1] and (len(blocks[-1]) + 1) * longest * draws > _BLOCK:
            blocks.append([])
        blocks[-1].append(int(number))
    return [np.array(block) for block in blocks if block]
