"""Measure whether the 95% HDIs of own minus other cover the truth.

Simulates the rows of two-model studies (100 contexts of five attributes unless said otherwise):
each model's weights are a mixture of common sense and of its own, scaled within each context so
that the largest is 1, and known but for noise; its reports tell common sense and, with
privileged access, its own part too. Contexts may differ in how noisy reports are, and one model
may have no valid report in some. The truth is that of 40,000 contexts, and exactly zero without
privileged access. "model" are the HDIs of the specification alone, "contexts" those that are
reported, adjusted for contexts.

    uv run python benchmarks/privileged_access_coverage.py --studies 400
"""

import argparse
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rich.progress import track

from introspect_bayes.fits import CorrelationData, CorrelationSampler, Sampler, hdi
from introspect_bayes.fits import own_and_other as contrast
from introspect_bayes.specs import spec

NAMES = ("weights of a", "weights of b", "reports of a", "reports of b")
QUANTITIES = ("own minus other", "own minus other, a's weights", "own reports add")


@dataclass(frozen=True)
class Design:
    """How rows come about.

    `shared` is the share of common sense in the variance of the weights, `access` the share of its
    own part that a model's reports tell, `accuracy` how well reports tell it, `spread` the standard
    deviation over contexts of the logarithm of the reports' noise, `missing` the share of contexts
    without a report of model b.
    """

    name: str
    access: float = 0.0
    shared: float = 0.5
    accuracy: tuple[float, float] = (0.75, 0.75)
    spread: float = 0.0
    missing: float = 0.0
    contexts: int = 100


DESIGNS = (
    Design("none"),
    Design("none, contexts differ", spread=0.6),
    Design("none, contexts differ, missing", spread=0.6, missing=0.25),
    Design("none, 20 contexts", spread=0.6, contexts=20),
    Design("none, unequal reporters", accuracy=(0.9, 0.5)),
    Design("some", access=0.5, spread=0.6),
    Design("full", access=1.0),
    Design("full, contexts differ", access=1.0, spread=0.6),
    Design("full, contexts differ, missing", access=1.0, spread=0.6, missing=0.25),
    Design("full, 20 contexts", access=1.0, spread=0.6, contexts=20),
)


def simulate(design: Design, random: np.random.Generator) -> CorrelationData:
    """Draw the rows of one study."""
    shape = (design.contexts, 5)
    common = np.sqrt(design.shared) * random.standard_normal(shape)
    weights, reports = [], []
    for accuracy in design.accuracy:
        own = np.sqrt(1 - design.shared) * random.standard_normal(shape)
        learned = common + own + 0.3 * random.standard_normal(shape)
        weights.append(learned / np.abs(learned).max(axis=1, keepdims=True))
        noise = np.exp(design.spread * random.standard_normal((design.contexts, 1)))
        noise = noise * np.sqrt(1 - accuracy**2) * random.standard_normal(shape)
        reports.append(np.clip(accuracy * (common + design.access * own) + noise, -2.5, 2.5))
    gone = random.random(design.contexts) < design.missing
    reports[1][gone] = np.nan
    rows = np.column_stack([part.reshape(-1) for part in (*weights, *reports)])
    rows = (rows - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0, ddof=1)
    return CorrelationData(rows, NAMES, np.repeat(np.arange(design.contexts), 5))


def quantities(correlation: np.ndarray) -> np.ndarray:
    """Return `QUANTITIES` of correlation matrices, along the last axis."""
    found = contrast.contrasts(correlation)
    added = contrast.partials(correlation)[..., 0].mean(axis=-1)
    return np.stack([found["overall"][..., 2], found["target"][..., 0, 2], added], axis=-1)


def true_values(design: Design) -> np.ndarray:
    """Return the quantities in endless contexts."""
    endless = replace(design, contexts=40_000, missing=0.0)
    endlessly = simulate(endless, np.random.default_rng(0))
    truth = quantities(np.corrcoef(endlessly.values, rowvar=False))
    if not design.access:
        truth[0] = 0.0  # both models' weights follow common sense alike
        if len(set(design.accuracy)) == 1:
            truth[1] = 0.0
    return truth


def cover(design: Design, studies: int) -> pd.DataFrame:
    """Return coverage, share of HDIs without zero, and widths, by quantity."""
    truth = true_values(design)
    sampler = CorrelationSampler(Sampler(draws=500, seed=1))
    rows = []
    for number in range(studies):
        data = simulate(design, np.random.default_rng([1, number]))
        fit = sampler.fit(spec("privileged_access"), data, f"{design.name} {number}")
        for name, group in (("model", "model_posterior"), ("contexts", "posterior")):
            ends = hdi(quantities(fit.draws(group).reshape(-1, 4, 4)).T)
            for quantity, true, (low, high) in zip(QUANTITIES, truth, ends, strict=True):
                rows.append((quantity, true, name, low <= true <= high, low > 0, high - low))
    columns = ["quantity", "truth", "hdi", "covered", "above_zero", "width"]
    table = pd.DataFrame(rows, columns=pd.Index(columns))
    found = table.groupby(["quantity", "truth", "hdi"], sort=False).mean().reset_index()
    return found.assign(design=design.name)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    studies = parser.parse_args().studies
    parts = [cover(design, studies) for design in track(DESIGNS, description="Designs")]
    table = pd.concat(parts).pivot_table(
        index=["design", "quantity", "truth"],
        columns="hdi",
        values=["covered", "above_zero", "width"],
        sort=False,
    )
    print(f"{studies} studies of each design")
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
