"""Measure what Sobol points, rotations and systematic resampling spare importance sampling.

Contexts of five attributes: 8 ordinary ones (50 choices), 8 with 10 choices, 8 hard ones (slopes
six times as large, so that most are separable, and two attributes correlated .99). Each is sampled
with 6,000 draws under many seeds by `choices.choice_importance`, as it is and with one device taken
away:

- no Sobol points: independent normal and chi-squared numbers, new for each seed;
- no rotations: all seeds and contexts share the same points;
- no systematic resampling: draws chosen independently, by their weights (multinomial).

Printed is the root mean square error, over contexts and seeds, of posterior means, standard
deviations and ends of 95% HDIs, in posterior standard deviations, against the mean of long runs,
beside the share of draws that the variance of the mean is worth: 1 is independent draws.

    uv run python benchmarks/importance_points.py
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.sampling import importance
from introspect_bayes.sampling.intervals import estimate
from introspect_bayes.specs import spec

DRAWS = 6000
EACH = 8
KINDS = ("ordinary", "few choices", "hard")


def contexts(seed: int = 1) -> ChoiceData:
    """Return choices in contexts of the three kinds."""
    random = np.random.default_rng(seed)
    frames = []
    for kind in KINDS:
        for number in range(EACH):
            count = 10 if kind == "few choices" else 50
            values = random.normal(0, 0.7, (count, 5))
            slopes = random.normal(0, 1, 5)
            if kind == "hard":
                values[:, 1] = 0.99 * values[:, 0] + np.sqrt(1 - 0.99**2) * values[:, 1]
                slopes = 6 * slopes
            chosen = random.random(count) < 1 / (1 + np.exp(-values @ slopes))
            chosen[:2] = [True, False]  # contexts of one letter are sampled otherwise
            frame = pd.DataFrame(values, columns=[f"d{k + 1}" for k in range(5)])
            letters = np.where(chosen, "A", "B")
            frames.append(frame.assign(context=f"{kind} {number}", selection=letters))
    return ChoiceData.from_frame(pd.concat(frames), [f"d{k + 1}" for k in range(5)])


def independent_points(width: int, degrees: int, count: int) -> np.ndarray:
    """Return independent points of a standard multivariate t."""
    random = np.random.default_rng(next(_SEEDS))
    scale = random.chisquare(degrees, (count, 1)) / degrees
    return np.asarray(random.normal(size=(count, width)) / np.sqrt(scale))


_SEEDS = iter(range(10**9))


def no_rotations(width: int, generators: list[np.random.Generator]) -> np.ndarray:
    """Return identity matrices."""
    return np.broadcast_to(np.eye(width), (len(generators), width, width))


def multinomial(
    weights: np.ndarray, generator: np.random.Generator, count: int | None = None
) -> np.ndarray:
    """Return numbers of draws, chosen independently by their weights."""
    return generator.choice(len(weights), count or len(weights), p=weights)


VARIANTS: dict[str, dict[str, Callable[..., Any]]] = {
    "as it is": {},
    "no Sobol points": {"spherical_points": independent_points},
    "no rotations": {"rotations": no_rotations},
    "no systematic resampling": {"resampled": multinomial},
    "none of the three": {
        "spherical_points": independent_points,
        "rotations": no_rotations,
        "resampled": multinomial,
    },
}


@contextmanager
def taken_away(replaced: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Replace functions of importance sampling for a while."""
    before = {name: getattr(importance, name) for name in replaced}
    for name, function in replaced.items():
        setattr(importance, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(importance, name, function)


def summaries(data: ChoiceData, draws: int, seed: int) -> np.ndarray:
    """Return means, standard deviations and HDI ends, shape (4, context, coefficient)."""
    made = sample_importance(spec("choice_weights"), data, draws, seed).coefficients
    found = [[estimate(c[None]) for c in context.T] for context in made]
    ends = [[[getattr(e, name) for e in row] for row in found] for name in ("low", "high")]
    return np.stack([made.mean(axis=1), made.std(axis=1), *map(np.array, ends)])


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    given = parser.parse_args()
    data = contexts()
    reference = np.mean([summaries(data, 60_000, 10**6 + s) for s in range(given.seeds)], axis=0)
    rows = []
    for name, replaced in VARIANTS.items():
        began = time.process_time()
        with taken_away(replaced):
            found = np.stack([summaries(data, DRAWS, seed) for seed in range(given.seeds)])
        seconds = (time.process_time() - began) / given.seeds
        errors = (found - reference) / reference[1]
        for number, kind in enumerate(KINDS):
            mine = errors[:, :, number * EACH : (number + 1) * EACH]
            rms = np.sqrt((mine**2).mean(axis=(0, 2, 3)))
            rows.append(
                {
                    "variant": name,
                    "contexts": kind,
                    "mean": rms[0],
                    "sd": rms[1],
                    "hdi_low": rms[2],
                    "hdi_high": rms[3],
                    "worth of a draw": 1 / (DRAWS * rms[0] ** 2),
                    "cpu_seconds": seconds,
                }
            )
    print(pd.DataFrame(rows).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
