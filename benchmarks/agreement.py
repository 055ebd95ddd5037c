"""Whether importance sampling has the posteriors of long chains, in every context and regression.

Compares posterior means (in posterior standard deviations) and standard deviations of the default
engine with those of NUTS with ten times the draws, on the paper's data.

    uv run python benchmarks/agreement.py
    uv run python benchmarks/agreement.py --draws 4000       # quicker, noisier
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from speed import all_choices, paper

from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.specs import spec

FIGURES = ("e1.acc", "e1.base", "e2.acc", "e3.before", "e3.after")


def pairs(draws: int) -> Iterator[tuple[str, xr.Dataset, xr.Dataset]]:
    """Yield the name of a fit, its posterior by default, and its posterior by long chains."""
    analysis = paper()
    settings = analysis.settings
    short = settings.choice_sampler
    long = replace(short, draws=draws, warmup=1000, seed=short.seed + 1)
    for number, data in enumerate(all_choices(analysis)):
        name = f"choices {number}"
        ours = ChoiceWeightsSampler(short).fit(spec("choice_weights"), data, name)
        chains = ChoiceWeightsSampler(long, "nuts").fit(spec("choice_weights"), data, name)
        yield "choice weights", ours.idata["posterior"].ds, chains.idata["posterior"].ds
    for base_model in analysis.study.base_models:
        for figure in FIGURES:
            analysis.accuracy(base_model, figure)
    analysis.effect("e2.effect")
    analysis.effect("e3.effect")
    long = replace(settings.regression_sampler, draws=draws, seed=short.seed + 1)
    sampler = RegressionSampler(long, engine="nuts")
    for name, fit in analysis.fits.items():
        chains = sampler.fit(settings.specs[fit.spec.name], fit.data, name)
        yield fit.spec.name, fit.idata["posterior"].ds, chains.idata["posterior"].ds


def differences(ours: xr.Dataset, chains: xr.Dataset) -> pd.DataFrame:
    """Return one row a parameter: shift of the mean in deviations, relative change of these."""
    rows = []
    for name in ours.data_vars:
        mine, theirs = (
            each[name].transpose("chain", "draw", ...).to_numpy() for each in (ours, chains)
        )
        mine, theirs = (a.reshape(a.shape[0] * a.shape[1], -1) for a in (mine, theirs))
        deviation = theirs.std(axis=0, ddof=1)
        shift = (mine.mean(axis=0) - theirs.mean(axis=0)) / deviation
        stretch = mine.std(axis=0, ddof=1) / deviation - 1
        rows.append(pd.DataFrame({"shift": np.abs(shift), "stretch": np.abs(stretch)}))
    return pd.concat(rows)


def main() -> None:
    """Print the largest differences of each kind of fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000, help="Draws a chain of NUTS.")
    given = parser.parse_args()
    parts = [
        differences(ours, chains).assign(model=model) for model, ours, chains in pairs(given.draws)
    ]
    table = (
        pd.concat(parts)
        .groupby("model")
        .agg(
            parameters=("shift", "size"),
            largest_shift_in_sd=("shift", "max"),
            largest_change_of_sd=("stretch", "max"),
        )
    )
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
