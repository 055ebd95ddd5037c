"""Measure whether the 95% HDIs of own minus other cover the truth.

Simulates the rows of two-model studies (100 contexts of five attributes unless said otherwise):
each model's weights are a mixture of common sense and of its own, scaled within each context so
that the largest is 1, and known but for noise; its reports tell common sense and, with
privileged access, its own part too. Contexts may differ in how noisy reports are, and one model
may have no valid report in some. The truth is that of 400,000 contexts, and exactly zero without
privileged access. "model" are the HDIs of the specification alone, "contexts" those that are
reported, adjusted for contexts. Beside coverage stand the mean error of the posterior means, and
the standard deviation that posteriors state divided by the actual one of their means over studies:
whether HDIs miss because they lie in the wrong place or because they are too narrow.

    uv run python benchmarks/privileged_access_coverage.py --studies 400
    uv run python benchmarks/privileged_access_coverage.py --studies 400 --designs some full
"""

import argparse
import sys
import zlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rich.progress import track

from introspect_bayes.privileged import own_and_other as contrast
from introspect_bayes.privileged.correlation_data import CorrelationData
from introspect_bayes.privileged.correlations import CorrelationSampler
from introspect_bayes.sampling.intervals import hdi
from introspect_bayes.sampling.nuts import Sampler
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


def generator(design: Design, number: int) -> np.random.Generator:
    """Return a generator of a study's own: designs share no luck."""
    return np.random.default_rng([zlib.crc32(design.name.encode()), number])


def true_values(design: Design) -> np.ndarray:
    """Return the quantities in endless contexts."""
    endless = replace(design, contexts=400_000, missing=0.0)
    endlessly = simulate(endless, np.random.default_rng(0))
    truth = quantities(np.corrcoef(endlessly.values, rowvar=False))
    if not design.access:
        truth[0] = 0.0  # both models' weights follow common sense alike
        if len(set(design.accuracy)) == 1:
            truth[1] = 0.0
    return truth


def posteriors(design: Design, studies: int, draws: int) -> pd.DataFrame:
    """Return mean, deviation and HDI of each quantity in each study."""
    sampler = CorrelationSampler(Sampler(draws=draws, seed=1))
    parts = []
    for number in range(studies):
        data = simulate(design, generator(design, number))
        fit = sampler.fit(spec("privileged_access"), data, f"{design.name} {number}")
        for name, group in (("model", "model_posterior"), ("contexts", "posterior")):
            drawn = quantities(fit.draws(group).reshape(-1, 4, 4)).T
            low, high = hdi(drawn).T
            parts.append(
                pd.DataFrame(
                    {
                        "quantity": QUANTITIES,
                        "hdi": name,
                        "mean": drawn.mean(axis=1),
                        "deviation": drawn.std(axis=1),
                        "low": low,
                        "high": high,
                    }
                )
            )
    return pd.concat(parts)


def summarize(design: Design, found: pd.DataFrame) -> pd.DataFrame:
    """Return coverage, share of HDIs above zero, width, mean error and ratio of deviations."""
    rows = []
    for quantity, truth in zip(QUANTITIES, true_values(design), strict=True):
        row: dict[str, str | float] = {
            "design": design.name, "quantity": quantity, "truth": truth
        }  # fmt: skip
        for name in ("model", "contexts"):
            mine = found[(found["quantity"] == quantity) & (found["hdi"] == name)]
            row |= {
                f"covered {name}": float(mine["low"].le(truth).mul(mine["high"].ge(truth)).mean()),
                f"width {name}": float((mine["high"] - mine["low"]).mean()),
                f"stated/actual {name}": float(
                    np.sqrt((mine["deviation"] ** 2).mean()) / mine["mean"].std()
                ),
            }
        row["above zero"] = float((mine["low"] > 0).mean())
        row["mean error"] = float(mine["mean"].mean() - truth)
        row["its standard error"] = float(mine["mean"].std() / np.sqrt(len(mine)))
        rows.append(row)
    columns = ["covered", "stated/actual", "width"]
    order = [f"{column} {name}" for column in columns for name in ("model", "contexts")]
    order += ["above zero", "mean error", "its standard error"]
    return pd.DataFrame(rows)[["design", "quantity", "truth", *order]]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--draws", type=int, default=2000, help="of each of four chains")
    parser.add_argument("--designs", nargs="*", choices=[design.name for design in DESIGNS])
    given = parser.parse_args()
    chosen = [design for design in DESIGNS if not given.designs or design.name in given.designs]
    parts = [
        summarize(design, posteriors(design, given.studies, given.draws))
        for design in track(chosen, description="Designs", disable=not sys.stderr.isatty())
    ]
    table = pd.concat(parts)
    print(f"{given.studies} studies of each design, {4 * given.draws} draws of each")
    print(table.set_index(["design", "quantity"]).round(4).to_string())
    print("Covered, mean over designs:")
    shown = ["covered model", "covered contexts"]
    print(table.groupby("quantity", sort=False)[shown].mean().round(3).to_string())


if __name__ == "__main__":
    main()
