"""Importance sampling of choice weights: the posteriors of many contexts at once."""

from typing import Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.sampling.importance import ImportanceDraws, inverses, sample_around
from introspect_bayes.specs import Specification

_BLOCK: Final = 4_000_000
_NEWTON_STEPS: Final = 50
_HALVINGS: Final = 20
_CLIMBED: Final = 1e-9


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
        generators = [_generator(seed, data.contexts[number]) for number in block]
        made = sample_around(target, *find_modes(target), draws, generators)
        coefficients[block], effective[block] = made.coefficients, made.effective_draws
        pareto_k[block] = np.where(target.unbounded, np.inf, made.pareto_k)
    return ImportanceDraws(coefficients, pareto_k, effective)


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


def find_modes(target: ContextDensities) -> tuple[np.ndarray, np.ndarray]:
    """Climb from zero by Newton's steps, halved as long as they lead downhill.

    Returns
    -------
    tuple
        Where each context's climb ended, shape (context, coefficient), and the information
        matrix there, shape (context, coefficient, coefficient).
    """
    place = np.zeros((len(target.design), target.design.shape[2]))
    height = target.log_density(place[:, None])[:, 0]
    for _ in range(_NEWTON_STEPS):
        gradient, information = target.derivatives(place)
        step = (inverses(information) @ np.nan_to_num(gradient)[:, :, None])[..., 0]
        before = height
        for _ in range(_HALVINGS):
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
