"""Simulated explanation scores, whose advantage of self over other is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

OVERALL: Final = "overall"
"""What the average over tasks is called."""


@dataclass(frozen=True)
class ScoreDesign:
    """Models that explain each other and themselves, and how good they are at it.

    The log-odds that explainer e gets item i of target t right in task k, trained on n examples,
    are, with d = log2(n / geometric mean of the sizes) and [e = t] one for self, zero for other::

        level_k + a_ke + b_kt + p_ket + u_kti + (g_k + h_ke) d + [e = t] (s_k + c_k d)

    a, b, p, u and h are normal around zero, with the standard deviations of `spread`; so are the
    deviations of s_k from `advantage`.

    Attributes
    ----------
    models
        Every model explains every model, itself included.
    tasks
        Tasks and their levels (log-odds of an explanation by another).
    items
        Items of each target in each task.
    sizes
        Training sizes; empty if there are none.
    advantage
        Mean advantage of self in log-odds.
    gain, own_gain
        Log-odds gained by a doubling of the training size; what self gains beside (c_k).
    spread
        Standard deviations: explainer, target, pair, item, task (of the advantage), learning (of
        the explainers' gains).
    kappa
        Precision of scores between 0 and 1 (beta distributed); 0/1 scores if None.
    cuts
        Log-odds between which scores with a kappa are neither 0 nor 1: one is 0 with probability
        logistic(cuts[0] - log-odds), 1 with probability logistic(log-odds - cuts[1]) (ordered
        beta: Kubinec 2023, doi:10.1017/pan.2022.20).
    own_zeros
        Share of the scores of self that are 0 beside these, the others being raised so that means
        stay (as far as 1 allows): a flaw that must not look like an advantage.

    Raises
    ------
    InputError
        If there are fewer than two models, no task, no item, or the cuts are not in order.
    """

    models: tuple[str, ...] = ("north", "south", "west")
    tasks: Mapping[str, float] = field(
        default_factory=lambda: {"features": 0.2, "activations": -0.4, "tokens": 0.6}
    )
    items: int = 20
    sizes: tuple[int, ...] = (1000, 4000, 16000)
    advantage: float = 0.8
    gain: float = 0.25
    own_gain: float = 0.1
    spread: Mapping[str, float] = field(
        default_factory=lambda: {
            "explainer": 0.5, "target": 0.4, "pair": 0.2, "item": 0.8, "task": 0.3, "learning": 0.05
        }
    )  # fmt: skip
    kappa: float | None = None
    cuts: tuple[float, float] = (-np.inf, np.inf)
    own_zeros: float = 0.0

    def __post_init__(self) -> None:
        if len(self.models) < 2 or not self.tasks or self.items < 1:  # noqa: PLR2004
            msg = "a design needs two models, a task and an item"
            raise InputError(msg)
        if not self.cuts[0] < self.cuts[1]:
            msg = f"cuts {self.cuts} must rise: scores of 0 lie below the first"
            raise InputError(msg)


@dataclass(frozen=True)
class SimulatedScores:
    """Simulated scores and what is true of them.

    Attributes
    ----------
    columns
        The table by column: explainer, target, task, item, score, and training_size where the
        design has sizes.
    truth
        On the scale of the scores, over the rows of the table: ``advantage.TASK`` (expected score
        of self minus that of other, everything else the same), ``learning.TASK`` (what self gains
        by a doubling of the training size minus what other gains, on average from the smallest size
        to the largest); ``advantage.overall`` and ``learning.overall`` are averages over tasks.
    """

    columns: Mapping[str, Sequence[Any]]
    truth: Mapping[str, float]


def simulate_scores(design: ScoreDesign | None = None, seed: int = 1) -> SimulatedScores:
    """Simulate a table of explanation scores.

    Parameters
    ----------
    design
        Who explains whom, and how well; three models and three tasks if not given.
    seed
        Of everything random.

    Examples
    --------
    >>> simulated = simulate_scores(ScoreDesign(items=2, sizes=()), seed=1)
    >>> len(simulated.columns["score"]), sorted(simulated.truth)[:2]
    (54, ['advantage.activations', 'advantage.features'])
    """
    design = design or ScoreDesign()
    random = np.random.default_rng(seed)
    doublings = _doublings(design.sizes)
    names: dict[str, list[Any]] = {name: [] for name in ("explainer", "target", "task", "item")}
    sizes: list[int] = []
    scores: list[float] = []
    truth: dict[str, float] = {}
    for task, level in design.tasks.items():
        other, own = _log_odds(design, level, doublings, random)
        means = _means(design, own) - _means(design, other)
        truth |= {f"{kind}.{task}": value for kind, value in _truth(means, doublings).items()}
        count = len(design.models)
        self_ = np.eye(count, dtype=bool)[:, :, None, None]
        drawn = _scores(design, np.where(self_, own, other), self_, random)
        places = product(range(count), range(count), range(design.items), range(len(doublings)))
        for e, t, i, n in places:
            cell = (design.models[e], design.models[t], task, f"{task} {i + 1}")
            for column, value in zip(names.values(), cell, strict=True):
                column.append(value)
            sizes += [design.sizes[n]] if design.sizes else []
            scores.append(float(drawn[e, t, i, n]))
    for kind in ("advantage", *(["learning"] if len(design.sizes) > 1 else [])):
        truth[f"{kind}.{OVERALL}"] = float(np.mean([truth[f"{kind}.{t}"] for t in design.tasks]))
    columns = {**names, **({"training_size": sizes} if sizes else {}), "score": scores}
    return SimulatedScores(columns, truth)


def simulated_rows(seed: int) -> "pd.DataFrame":
    """Return the rows of a small table for the models of scores, for calibration.

    Parameters
    ----------
    seed
        Of the scores, which calibration replaces.

    Examples
    --------
    >>> simulated_rows(1).shape
    (48, 9)
    """
    import pandas as pd

    from introspect_bayes.scores.rows import score_rows
    from introspect_bayes.scores.scores import read_explanation_scores

    tasks = {"features": 0.2, "tokens": -0.4}
    design = ScoreDesign(("north", "south"), tasks, items=3, sizes=(1000, 4000))
    columns = dict(simulate_scores(design, seed).columns)
    return score_rows(read_explanation_scores(pd.DataFrame(columns))).data


def _doublings(sizes: Sequence[int]) -> np.ndarray:
    logs = np.log2(np.asarray(sizes or (1,), dtype=float))
    return np.asarray(logs - logs.mean())


def _log_odds(
    design: ScoreDesign, level: float, doublings: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds as other and as self, shape (explainer, target, item, size)."""
    models, spread = len(design.models), design.spread

    def varied(name: str, *shape: int) -> np.ndarray:
        return random.normal(0, spread[name], shape)

    place = level + varied("explainer", models, 1, 1, 1) + varied("target", 1, models, 1, 1)
    place = place + varied("pair", models, models, 1, 1)
    place = place + varied("item", 1, models, design.items, 1)
    gain = design.gain + varied("learning", models, 1, 1, 1)
    other = place + gain * doublings
    own = other + design.advantage + varied("task", 1) + design.own_gain * doublings
    return other, own


def _means(design: ScoreDesign, log_odds: np.ndarray) -> np.ndarray:
    if design.kappa is None:
        return _expit(log_odds)
    zero, one = (_expit(log_odds - cut) for cut in design.cuts)
    return np.asarray(one + (zero - one) * _expit(log_odds))


def _truth(differences: np.ndarray, doublings: np.ndarray) -> dict[str, float]:
    difference = differences.mean(axis=(0, 1, 2))
    found = {"advantage": float(difference.mean())}
    if len(doublings) > 1:
        change = difference[doublings.argmax()] - difference[doublings.argmin()]
        found["learning"] = float(change / np.ptp(doublings))
    return found


def _scores(
    design: ScoreDesign, log_odds: np.ndarray, self_: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    mean, kappa = _expit(log_odds), design.kappa
    if kappa is None:
        return (random.random(mean.shape) < mean).astype(float)
    zeros = np.where(self_, design.own_zeros, 0.0)
    raised = np.minimum(mean / (1 - zeros), 0.99)
    inside = random.beta(raised * kappa, (1 - raised) * kappa)
    latent = log_odds + random.logistic(size=mean.shape)
    ends = np.where(latent < design.cuts[0], 0.0, np.where(latent > design.cuts[1], 1.0, inside))
    return np.where(random.random(mean.shape) < zeros, 0.0, ends)


def _expit(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
