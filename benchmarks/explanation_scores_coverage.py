"""Measure whether the 95% HDIs of explanation scores hold the truth.

Simulates tables of explanation scores (three models that explain each other and themselves, two
tasks, twelve items of each target, three training sizes), half of them without any advantage of
self, analyses each, and prints how often the HDIs hold the true advantage of self over other and
the true difference of what a doubling of the training size gains, by task and overall; and how
often an HDI excludes zero where there is no advantage.

    uv run python benchmarks/explanation_scores_coverage.py --tables 60
    uv run python benchmarks/explanation_scores_coverage.py --tables 60 --between --ends both

With --between scores lie between 0 and 1 instead of being 0 or 1, and reach both ends exactly,
only 0, or neither. Deviations of explainers, targets, pairs, items, tasks and learning are drawn
anew for each table, and the truth is computed from the log-odds that the scores were drawn with.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd
from rich.progress import track

import introspect_bayes as ib
from introspect_bayes.scores.simulated import ScoreDesign, simulate_scores

KAPPA = 8.0
ENDS = {"both": (-2.0, 3.0), "zero": (-2.0, np.inf), "neither": (-np.inf, np.inf)}
"""Cut points of scores between: some 15% zeros and 6% ones where they are reached."""


def design_of(seed: int, *, between: bool, ends: str = "neither") -> ScoreDesign:
    """Return the design of a table: even seeds have an advantage of self, odd ones none."""
    advantage = 0.0 if seed % 2 else 0.8
    return ScoreDesign(
        tasks={"features": 0.2, "tokens": -0.4},
        items=12,
        advantage=advantage,
        own_gain=advantage / 8,
        # Without an advantage, no task has one.
        spread={**ScoreDesign().spread, "task": 0.3 if advantage else 0.0},
        kappa=KAPPA if between else None,
        cuts=ENDS[ends],
    )


def one_table(
    seed: int, *, between: bool, draws: int, ends: str = "neither"
) -> list[dict[str, object]]:
    """Simulate and analyse one table: a row for each answer."""
    design = design_of(seed, between=between, ends=ends)
    simulated = simulate_scores(design, seed)
    sampler = ib.Sampler(draws=draws, warmup=500, seed=seed)
    found = ib.explanation_scores(pd.DataFrame(simulated.columns), sampler=sampler, keep=False)
    rows: list[dict[str, object]] = []
    for kind, table, name in (
        ("advantage", found.advantage(), "advantage"),
        ("learning", found.learning(), "difference"),
    ):
        for row in table.to_dict("records"):
            truth = simulated.truth[f"{kind}.{row['task']}"]
            rows.append(
                {
                    "answer": kind,
                    "of": "overall" if row["task"] == "overall" else "task",
                    "advantage": "with" if design.advantage else "without",
                    "truth": truth,
                    "error": row[name] - truth,
                    "width": row["hdi_high"] - row["hdi_low"],
                    "covered": row["hdi_low"] <= truth <= row["hdi_high"],
                    "excludes zero": row["hdi_low"] > 0 or row["hdi_high"] < 0,
                    "problems": bool(found.diagnostics.problems),
                    "rhat": found.diagnostics.rhat,
                    "ess": min(found.diagnostics.ess_bulk, found.diagnostics.ess_tail),
                    "divergences": found.diagnostics.divergences,
                }
            )
    return rows


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=60)
    parser.add_argument("--between", action="store_true")
    parser.add_argument("--ends", choices=ENDS, default="neither")
    parser.add_argument("--draws", type=int, default=1500)
    given = parser.parse_args()
    start = time.perf_counter()
    rows: list[dict[str, object]] = []
    for seed in track(
        range(1, given.tables + 1), description="Tables", disable=not sys.stderr.isatty()
    ):
        rows += one_table(seed, between=given.between, draws=given.draws, ends=given.ends)
    table = pd.DataFrame(rows)
    summary = table.groupby(["answer", "of", "advantage"], sort=False).agg(
        answers=("covered", "size"),
        coverage=("covered", "mean"),
        excludes_zero=("excludes zero", "mean"),
        mean_truth=("truth", "mean"),
        mean_error=("error", "mean"),
        rms_error=("error", lambda errors: float(np.sqrt(np.mean(np.square(errors))))),
        mean_width=("width", "mean"),
    )
    print(summary.round(3).to_string())
    for name, part in table.groupby("answer", sort=False):
        print(f"{name}: {part['covered'].mean():.1%} of {len(part)} HDIs hold the truth")
    failed = table["problems"].mean()
    worst = table[["rhat", "ess", "divergences"]].describe().loc[["50%", "min", "max"]]
    print(worst.round(3).to_string())
    print(
        f"Tables whose diagnostics fail: {failed:.1%}; seconds: {time.perf_counter() - start:.0f}"
    )


if __name__ == "__main__":
    main()
