"""Measure which 95% intervals with contexts as units hold the truth, and how wide they are.

Simulates studies whose contexts differ (`contexts_that_differ.py`). The truth of a figure is its
value over 300,000 contexts. Every way of making an interval sees the same studies:

- `hdi`: that of the paper's regression with flat priors, attributes as units;
- `z`: what the package reports, contexts left out in turn, on the scale of Fisher's z, Student's t
  (`jackknife_ends`); `plain` the same without z; `fixed` without z and without standardizing anew;
- `sandwich`: gradients instead of leaving out (CR1); `CR2`: with Bell & McCaffrey's correction and
  degrees of freedom, standard deviations held fixed (accuracy only);
- `bootstrap`: the Bayesian one, shortest interval of 400 draws (some figures);
- `multilevel`: random effects of context slopes, Hartung & Knapp's variance (accuracy only);
- `beta`: what the package reports of a number of contexts (`share_of_contexts`).

Figures: accuracy; accuracy of reports standardized in two halves (as in Experiment 2); the effect
of training that moves mean accuracy by .2; that averaged over two models; the difference between
two models; a share of choices; and what `accuracy_profile` reports. `none` is the share of studies
without a `z` interval.

    uv run python benchmarks/coverage_of_contexts.py
    uv run python benchmarks/coverage_of_contexts.py --studies 500 --contexts 8
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from contexts_that_differ import (
    ATTRIBUTES,
    CHOICES,
    Cell,
    Side,
    moments,
    simulate,
)
from rich.progress import track
from scipy import special, stats

from introspect_bayes.analysis.context_sums import ratio_of_totals, slope_of_totals
from introspect_bayes.analysis.contexts_as_units import (
    FigureOfTotals,
    jackknife_ends,
    share_of_contexts,
)
from introspect_bayes.profile.quantities import slope_of_totals as profile_slope

ENDLESS = 300_000
DRAWS = 400
CHUNK = 50
BOOTSTRAPPED = ("accuracy", "effect", "average effect")

ASKED = [(spread, mean) for spread in (0.0, 0.25, 0.5) for mean in (0.0, 0.5)]
OTHERS = [
    Cell(0.25, 0.5, 0, missing=0.2),
    Cell(0.25, 0.0, 0, scales=0.5),
    Cell(0.25, 0.5, 0, scales=0.5),
    Cell(0.25, 0.75, 0),
    Cell(0.5, 0.75, 0),
]


def weighted(factors: tuple[float, ...]) -> FigureOfTotals:
    """Return a sum of accuracies, each times a factor (as `contexts_as_units.combined`)."""

    def figure(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = [slope_of_totals(part) for part in np.split(totals, len(factors), axis=-1)]
        value = sum(f * v for f, (v, _, _) in zip(factors, found, strict=True))
        most = sum(abs(f) * m for f, (_, _, m) in zip(factors, found, strict=True))
        return np.asarray(value), -np.asarray(most), np.asarray(most)

    return figure


def figures(
    sides: list[Side], cell: Cell, random: np.random.Generator
) -> Iterator[tuple[str, np.ndarray, FigureOfTotals]]:
    """Yield name, sums (study, context, sum) and function of each figure."""
    first, trained, second, _ = sides
    yield "accuracy", first.sums(), slope_of_totals
    yield "in two halves", first.sums(2), slope_of_totals
    both = [side.sums() for side in sides]
    yield "effect", np.concatenate(both[:2], axis=-1), weighted((-1, 1))
    yield "average effect", np.concatenate(both, axis=-1), weighted((-0.5, 0.5, -0.5, 0.5))
    pair = np.concatenate([trained.sums(), second.sums()], axis=-1)
    yield "between models", pair, weighted((1, -1))
    odds = 1.5 + 2 * cell.spread * random.normal(size=first.told.shape)
    hits = random.binomial(CHOICES, special.expit(odds)).astype(float)
    yield (
        "share of choices",
        np.stack([hits, np.full_like(hits, CHOICES)], axis=-1),
        ratio_of_totals,
    )
    yield from profile(first)


def profile(side: Side) -> Iterator[tuple[str, np.ndarray, FigureOfTotals]]:
    """Yield what `accuracy_profile` reports."""
    told, w, r = side.told.astype(float), side.weights, side.reports
    yield "slope of reports", moments(w, r) * told[..., None], profile_slope
    signs = (np.sign(w) == np.sign(r)) & (w != 0) & (r != 0)
    known = ((w != 0) & (r != 0)).sum(axis=-1)
    yield "signs", np.stack([signs.sum(axis=-1) * told, known * told], axis=-1), ratio_of_totals
    ranks = [stats.rankdata(side_, axis=-1) - 3.0 for side_ in (w, r)]
    squares = [(rank**2).sum(axis=-1) for rank in ranks]
    product = np.sqrt(squares[0] * squares[1])
    ranked = told * (product > 0)
    rho = (ranks[0] * ranks[1]).sum(axis=-1) / np.maximum(product, 1.0)
    yield "ranks", np.stack([rho * ranked, ranked], axis=-1), partial(ratio_of_totals, low=-1.0)
    named = np.abs(w).argmax(axis=-1) == np.abs(r).argmax(axis=-1)
    yield "most important", np.stack([named * told, told], axis=-1), ratio_of_totals


def symmetric(middle: np.ndarray, error: np.ndarray, freedom: float | np.ndarray) -> np.ndarray:
    """Return the ends of intervals of Student's t."""
    half = stats.t.ppf(0.975, freedom) * error
    return np.stack([middle - half, middle + half], axis=-1)


def left_out(sums: np.ndarray, figure: FigureOfTotals) -> np.ndarray:
    """Return the ends of the jackknife's interval without a transformation."""
    total, contexts = sums.sum(axis=1), sums.shape[1]
    values = figure(total[:, None] - sums)[0]
    error = np.sqrt((contexts - 1) * values.var(axis=1))
    return symmetric(figure(total)[0], error, contexts - 1)


def sandwich(sums: np.ndarray, figure: FigureOfTotals) -> np.ndarray:
    """Return the ends of intervals whose errors come from gradients (CR1)."""
    total, contexts, step = sums.sum(axis=1), sums.shape[1], 1e-4
    ahead, behind = (figure(total[:, None] + sign * step * sums)[0] for sign in (1, -1))
    error = np.sqrt((((ahead - behind) / (2 * step)) ** 2).sum(axis=1) * contexts / (contexts - 1))
    return symmetric(figure(total)[0], error, contexts - 1)


def bootstrap(sums: np.ndarray, figure: FigureOfTotals, random: np.random.Generator) -> np.ndarray:
    """Return the shortest 95% intervals of the Bayesian bootstrap."""
    contexts, kept = sums.shape[1], int(np.ceil(0.95 * DRAWS))
    ends = []
    for part in np.array_split(sums, -(-len(sums) // CHUNK)):
        weights = random.standard_exponential((len(part), DRAWS, contexts))
        weights *= contexts / weights.sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):
            drawn = np.sort(figure(weights @ part)[0], axis=-1)
        first = (drawn[:, kept - 1 :] - drawn[:, : DRAWS - kept + 1]).argmin(axis=-1)
        rows = np.arange(len(part))
        ends.append(np.stack([drawn[rows, first], drawn[rows, first + kept - 1]], axis=-1))
    return np.concatenate(ends)


def standardized(side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Return standardized reports and weights (study, context, attribute), 0 if not told."""
    told = np.broadcast_to(side.told[..., None], side.weights.shape)
    reports = np.where(told, side.reports, np.nan)
    axes = (1, 2)
    reports = (reports - np.nanmean(reports, axis=axes, keepdims=True)) / np.nanstd(
        reports, axis=axes, ddof=1, keepdims=True
    )
    weights = side.weights - side.weights.mean(axis=axes, keepdims=True)
    weights = weights / side.weights.std(axis=axes, ddof=1, keepdims=True)
    middle = np.where(told, weights, np.nan)
    weights = middle - np.nanmean(middle, axis=axes, keepdims=True)
    return np.nan_to_num(reports), np.nan_to_num(weights)


def regression(side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and squared standard error of the paper's regression, attributes as units."""
    x, y = standardized(side)
    rows = side.told.sum(axis=1) * ATTRIBUTES
    square = (x**2).sum(axis=(1, 2))
    slope = (x * y).sum(axis=(1, 2)) / square
    left = ((y - slope[:, None, None] * x) ** 2).sum(axis=(1, 2))
    return slope, left / (rows - 2) / square


def without_standardizing(side: Side) -> np.ndarray:
    """Return the jackknife's ends where standard deviations are held fixed."""
    x, y = standardized(side)
    sums = np.stack([(x * y).sum(axis=-1), (x * x).sum(axis=-1)], axis=-1)
    return left_out(sums, ratio_of_totals)


def reduced_bias(side: Side) -> np.ndarray:
    """Return ends by CR2 with Bell & McCaffrey's degrees of freedom (through the origin)."""
    x, y = standardized(side)
    square = (x**2).sum(axis=(1, 2))
    slope = (x * y).sum(axis=(1, 2)) / square
    share = (x**2).sum(axis=-1) / square[:, None]
    pull = (x * (y - slope[:, None, None] * x)).sum(axis=-1) / np.sqrt(1 - share)
    error = np.sqrt((pull**2).sum(axis=1)) / square
    # Under equal variances the squared pulls are a quadratic form with this matrix.
    outer = np.sqrt(share)[:, :, None] * np.sqrt(share)[:, None, :]
    root = np.sqrt(1 - share)
    form = np.eye(share.shape[1]) * share[:, :, None] - outer**2
    form = form / (root[:, :, None] * root[:, None, :])
    freedom = np.trace(form, axis1=1, axis2=2) ** 2 / (form**2).sum(axis=(1, 2))
    return symmetric(slope, error, freedom)


def multilevel(side: Side) -> np.ndarray:
    """Return ends of the mean of random context slopes (DerSimonian & Laird, Hartung & Knapp)."""
    x, y = standardized(side)
    squares = (x**2).sum(axis=-1)
    squares = np.where(side.told, squares, np.nan)
    slopes = (x * y).sum(axis=-1) / squares
    left = ((y - np.nan_to_num(slopes)[..., None] * x) ** 2).sum(axis=(1, 2))
    count = side.told.sum(axis=1)
    noise = (left / (count * (ATTRIBUTES - 1)))[:, None]
    precision = squares / noise
    total = np.nansum(precision, axis=1)
    middle = (np.nansum(precision * slopes, axis=1) / total)[:, None]
    excess = np.nansum(precision * (slopes - middle) ** 2, axis=1) - (count - 1)
    tau = np.maximum(excess / (total - np.nansum(precision**2, axis=1) / total), 0.0)
    weight = 1 / (1 / precision + tau[:, None])
    total = np.nansum(weight, axis=1)
    mean = np.nansum(weight * slopes, axis=1) / total
    error = np.nansum(weight * (slopes - mean[:, None]) ** 2, axis=1) / total / (count - 1)
    return symmetric(mean, np.sqrt(error), count - 1)


def regressions(name: str, sides: list[Side]) -> np.ndarray | None:
    """Return the ends of the paper's regression for the figures that it gives."""
    factors = {
        "accuracy": (1, 0, 0, 0),
        "effect": (-1, 1, 0, 0),
        "average effect": (-0.5, 0.5, -0.5, 0.5),
        "between models": (0, 1, -1, 0),
    }.get(name)
    if factors is None:
        return None
    found = [regression(side) for side in sides]
    middle = sum(f * slope for f, (slope, _) in zip(factors, found, strict=True))
    variance = sum(f**2 * square for f, (_, square) in zip(factors, found, strict=True))
    rows = sides[0].told.sum(axis=1) * ATTRIBUTES
    return symmetric(np.asarray(middle), np.sqrt(variance), rows - 2)


def all_ends(
    name: str,
    sums: np.ndarray,
    figure: FigureOfTotals,
    sides: list[Side],
    random: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return the ends of every way of making an interval, shape (study, 2)."""
    ends = {
        "z": jackknife_ends(sums, figure),
        "plain": left_out(sums, figure),
        "sandwich": sandwich(sums, figure),
    }
    if name == "most important":
        ends["beta"] = np.array([share_of_contexts(*study) for study in sums.sum(axis=1)])
    if name in BOOTSTRAPPED:
        ends["bootstrap"] = bootstrap(sums, figure, random)
    if (usual := regressions(name, sides)) is not None:
        ends["hdi"] = usual
    if name == "accuracy":
        ends |= {
            "fixed": without_standardizing(sides[0]),
            "CR2": reduced_bias(sides[0]),
            "multilevel": multilevel(sides[0]),
        }
    return ends


def truths(cell: Cell) -> dict[str, float]:
    """Return the figures over very many contexts."""
    random = np.random.default_rng(1)
    sides = simulate(cell, 1, ENDLESS, random)
    found = figures(sides, cell, random)
    return {name: float(figure(sums.sum(axis=1))[0][0]) for name, sums, figure in found}


def measure(cell: Cell, truth: dict[str, float], studies: int) -> list[dict[str, object]]:
    """Return a row for each figure: shares of intervals that hold the truth, and mean widths."""
    random = np.random.default_rng([2, cell.contexts])
    sides = simulate(cell, studies, cell.contexts, random)
    rows: list[dict[str, object]] = []
    for name, sums, figure in figures(sides, cell, random):
        row: dict[str, object] = {
            "unusual": cell.name, "spread": cell.spread, "mean": cell.mean,
            "contexts": cell.contexts, "figure": name, "truth": truth[name],
        }  # fmt: skip
        values = figure(sums.sum(axis=1))[0]
        row["sd"] = float(values.std())
        for way, ends in all_ends(name, sums, figure, sides, random).items():
            known = np.isfinite(ends).all(axis=-1) & (ends[:, 1] > ends[:, 0])
            low, high = ends[known].T
            row[f"covered {way}"] = float(((low <= truth[name]) & (truth[name] <= high)).mean())
            row[f"width {way}"] = float((high - low).mean())
            if way == "z":
                row["none"] = float(1 - known.mean())
        rows.append(row)
    return rows


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--contexts", type=int, nargs="*", default=[8, 20, 100])
    given = parser.parse_args()
    cells = [Cell(spread, mean, 0) for spread, mean in ASKED] + OTHERS
    rows = []
    for cell in track(cells, description="Cells", disable=not sys.stderr.isatty()):
        truth = truths(cell)
        for contexts in given.contexts:
            rows += measure(replace(cell, contexts=contexts), truth, given.studies)
    table = pd.DataFrame(rows)
    ways = [name.removeprefix("covered ") for name in table if str(name).startswith("covered ")]
    keys = ["unusual", "spread", "mean", "contexts", "figure"]
    print(f"{given.studies} studies a cell")
    for what in ("covered", "width"):
        shown = table.set_index(keys)[["truth", "sd", *(f"{what} {way}" for way in ways), "none"]]
        shown.columns = pd.Index(["truth", "sd", *ways, "none"])
        print(f"{what}:")
        print(shown.round(3).to_string())
    asked = table[(table["unusual"] == "") & (table["mean"] < 0.75)]  # noqa: PLR2004
    print("Smallest and largest coverage of the cells asked for, by figure and way:")
    spans = asked.groupby("figure", sort=False)[[f"covered {way}" for way in ways]].agg(
        ["min", "max"]
    )
    print(spans.round(3).to_string())


if __name__ == "__main__":
    main()
