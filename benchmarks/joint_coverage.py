"""Measure whether 95% HDIs of the joint model hold the limits of its figures.

Each simulated study has one model, 50 contexts of 30 choices, and up to 10 reports before and after
training, with a true correlation of latent reported and used weights drawn at random. The
simulation is none of the model's own: weights are uniform and scaled to ±100 in each context, as
the paper's targets; reports are rounded to fives, clipped at ±100, scattered with Student-t tails,
and a third of those before training are missing, whole contexts included. Choices are noisy
(log-odds of about 3 between the best and the worst option), reports scatter as much as they differ.

The limit of the noise-free figure is computed from 40,000 contexts; plug-in HDIs, too, are held
against it.

    uv run python benchmarks/joint_coverage.py --studies 60
"""

import argparse
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from rich.progress import track

import introspect_bayes as ib
from introspect_bayes.joint_model.accuracies import ESTIMATES, JOINT_SAMPLER, JointAccuracy
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.study import Study

CONTEXTS, CHOICES, REPORTS, WIDTH = 50, 30, 10, 5
MODEL = "simulated"
LEVEL, SCALES = 10.0, (30.0, 45.0)
RANGES = {"e1.acc": (-0.2, 0.8), "e2.acc": (0.3, 0.95)}
STAGES = {"e1.acc": "weight-trained", "e2.acc": "introspection-trained"}


MANY = 40_000
"""Contexts from which the limit of a figure on the paper's scale is computed."""


def noise_free_limit(rho: float, figure: str) -> float:
    """Return the paper's figure of infinitely many contexts, weights and reports being known."""
    random = np.random.default_rng(1)
    raw = random.uniform(-1, 1, (MANY, WIDTH))
    weights = raw / np.abs(raw).max(axis=1, keepdims=True)
    standard = weights / np.sqrt((weights**2).mean())
    latent = rho * standard + np.sqrt(1 - rho**2) * random.normal(size=standard.shape)
    halves = np.split(np.arange(MANY), 2)
    told = []
    for half, rows in enumerate(halves):
        scale = SCALES[half if figure == "e2.acc" else 0]
        clipped = np.clip(LEVEL + scale * latent[rows], -100, 100)
        told.append((clipped - clipped.mean()) / clipped.std())
    return float(np.corrcoef(weights.ravel(), np.concatenate(told).ravel())[0, 1])


def simulated_study(seed: int) -> tuple[Study, dict[str, tuple[float, float]]]:
    """Return a study, and of each figure the limits on the paper's scale and of mean rho."""
    random = np.random.default_rng(seed)
    contexts = {c.name: c for c in shipped_contexts("instilled")[:CONTEXTS]}
    names = list(contexts)
    raw = random.uniform(-1, 1, (CONTEXTS, WIDTH))
    weights = raw / np.abs(raw).max(axis=1, keepdims=True)
    standard = weights / np.sqrt((weights**2).mean())
    choices = _choices(random, names, weights)
    truth: dict[str, tuple[float, float]] = {}
    reports = []
    for figure, ends in RANGES.items():
        rho = float(random.uniform(*ends))
        latent = rho * standard + np.sqrt(1 - rho**2) * random.normal(size=standard.shape)
        reports.append(_reports(random, names, latent, figure))
        truth[figure] = (noise_free_limit(rho, figure), rho)
    before, after = truth["e1.acc"], truth["e2.acc"]
    truth["e2.effect"] = (after[0] - before[0], after[1] - before[1])
    rows = pd.concat(reports, ignore_index=True)
    keys = ["base_model", "model", "stage", "context_set", "report_set"]
    sets = rows.groupby(keys, sort=False)["context"].agg(lambda c: tuple(dict.fromkeys(c)))
    sets = sets.reset_index(name="contexts_asked").assign(reports_asked=REPORTS, replies=REPORTS)
    models = rows[["base_model", "model", "stage"]].drop_duplicates()
    study = Study(
        name=f"simulated {seed}",
        source=f"simulated {seed}",
        decision_contexts=contexts,
        choices=choices,
        reports=rows,
        report_sets=sets,
        targets=pd.DataFrame(),
        models=models,
    )
    return study, truth


def _choices(random: np.random.Generator, names: list[str], weights: np.ndarray) -> pd.DataFrame:
    consistency = 3.0 * np.exp(random.normal(0, 0.3, CONTEXTS))
    bias = random.normal(0.2, 0.5, CONTEXTS)
    differences = random.uniform(size=(CONTEXTS, CHOICES, WIDTH, 2)) @ np.array([1.0, -1.0])
    log_odds = bias[:, None] + consistency[:, None] * np.einsum("ctk,ck->ct", differences, weights)
    chosen = random.uniform(size=log_odds.shape) < 1 / (1 + np.exp(-log_odds))
    frame = pd.DataFrame(
        differences.reshape(-1, WIDTH), columns=[f"d{k + 1}" for k in range(WIDTH)]
    )
    return frame.assign(
        base_model=MODEL,
        model=MODEL,
        stage="weight-trained",
        context_set="instilled",
        context=np.repeat(names, CHOICES),
        trial=np.tile(np.arange(1, CHOICES + 1), CONTEXTS),
        selection=np.where(chosen, "A", "B").ravel(),
    )


def _reports(
    random: np.random.Generator, names: list[str], latent: np.ndarray, figure: str
) -> pd.DataFrame:
    trained = figure == "e2.acc"
    half = np.arange(CONTEXTS) >= CONTEXTS // 2 if trained else np.zeros(CONTEXTS, dtype=bool)
    scale = np.where(half, SCALES[1], SCALES[0])[:, None, None]
    noise = 30.0 * random.standard_t(4, size=(CONTEXTS, REPORTS, WIDTH))
    stated = 5 * np.round((LEVEL + scale * latent[:, None, :] + noise) / 5)
    stated = np.clip(stated, -100, 100)
    invalid = random.uniform(size=CONTEXTS) < (0.0 if trained else 0.2)
    valid = random.uniform(size=(CONTEXTS, REPORTS)) < (1.0 if trained else 0.8)
    rows = [
        (f"{figure} {int(half[c])}", names[c], j + 1, k + 1, stated[c, j, k])
        for c in range(CONTEXTS)
        for j in range(REPORTS)
        if valid[c, j] and not invalid[c]
        for k in range(WIDTH)
    ]
    columns = ["report_set", "context", "report", "position", "reported"]
    return pd.DataFrame(rows, columns=columns).assign(
        base_model=MODEL, model=f"{MODEL} {figure}", stage=STAGES[figure], context_set="instilled"
    )


def rows_of(
    found: JointAccuracy, truth: dict[str, tuple[float, float]], seed: int
) -> list[dict[str, object]]:
    """Return the intervals of a study beside the truth."""
    table = found.table()
    table = table[~((table["figure"] == "e2.effect") & (table["base_model"] == MODEL))]
    worst = next(iter(found.fits.values())).diagnostics
    rows = []
    for row in table.to_dict("records"):
        for kind in ESTIMATES:
            true = truth[row["figure"]][kind == "mean_correlation"]
            low, high = row[f"{kind}_low"], row[f"{kind}_high"]
            rows.append(
                {
                    "seed": seed, "figure": row["figure"], "kind": kind, "error": row[kind] - true,
                    "width": high - low, "covered": low <= true <= high,
                    "ess": min(worst.ess_bulk, worst.ess_tail), "problems": row["problems"] != "",
                }
            )  # fmt: skip
    return rows


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=60)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--draws", type=int, default=500, help="draws of each of four chains")
    given = parser.parse_args()
    began = time.perf_counter()
    rows: list[dict[str, object]] = []
    seeds = range(given.first, given.first + given.studies)
    for seed in track(seeds, description="Studies", disable=not sys.stderr.isatty()):
        study, truth = simulated_study(seed)
        settings = ib.Settings.default(seed=seed, draws=1000, warmup=500, keep=False)
        found = ib.joint_accuracy(
            study,
            only=["e1.acc", "e2"],
            analysis=ib.Analysis(study, settings),
            sampler=replace(JOINT_SAMPLER, draws=given.draws, warmup=500, seed=seed),
            keep=False,
        )
        rows += rows_of(found, truth, seed)
        if seed % 10 == 0:
            so_far = pd.DataFrame(rows).groupby(["figure", "kind"])["covered"].mean()
            print(seed, so_far.round(3).to_dict(), flush=True)
    table = pd.DataFrame(rows)
    summary = table.groupby(["figure", "kind"]).agg(
        studies=("covered", "size"),
        coverage=("covered", "mean"),
        mean_error=("error", "mean"),
        rms_error=("error", lambda e: float(np.sqrt((e**2).mean()))),
        width=("width", "mean"),
    )
    print(summary.round(3).to_string())
    joint = table.drop_duplicates("seed")
    print(
        f"Smallest effective sample size {joint['ess'].min():.0f}; "
        f"{joint['problems'].mean():.0%} of fits with failed diagnostics; "
        f"{time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
