"""Simulation-based calibration of every shipped model, recorded in `data/calibration.json`.

Truths from the prior and data from each, drawn by PyMC from Bambi's models; our samplers fit the
data; ranks of the truths among 100 draws must lie within simultaneous bands, whose 5% a model's
quantities share. Regressions with flat priors are calibrated twice: with the proper priors that the
record states, over the whole of these priors; and as they stand, given one data set (posterior SBC,
Säilynoja et al. 2025, doi:10.48550/arXiv.2502.03279), for nothing can be drawn from a flat prior.

    uv run python benchmarks/calibration.py
    uv run python benchmarks/calibration.py --only choice_weights    # the other rows stay
"""

import argparse
import datetime as dt
import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import track

from introspect_bayes.calibration.calibration import FAMILY_ERROR, RECORD, calibration_checks
from introspect_bayes.calibration.simulated_ranks import (
    default_fitter,
    simulate_calibration,
    simulate_posterior_calibration,
)
from introspect_bayes.calibration.simulated_truths import (
    draw_truths,
    simulated_predictors,
    with_proper_priors,
)
from introspect_bayes.checks import Check
from introspect_bayes.checks.truth_among_draws import RANKED
from introspect_bayes.places import shipped_folder
from introspect_bayes.specs import spec

SEED = 2025
PACKAGES = ("numpy", "pymc", "bambi", "nutpie", "arviz", "scipy")


@dataclass(frozen=True)
class Run:
    """What is calibrated: a specification, how, and with how many truths."""

    specification: str
    simulations: int
    engine: str
    method: str = "prior"


RUNS = (
    Run("choice_weights", 4000, "auto"),
    Run("choice_weights", 1000, "nuts"),
    Run("choice_weights_no_intercept", 4000, "auto"),
    Run("report_accuracy", 1000, "auto"),
    Run("report_accuracy", 300, "nuts"),
    Run("report_accuracy", 300, "auto", "posterior"),
    Run("report_accuracy", 300, "nuts", "posterior"),
    Run("introspection_training", 1000, "auto"),
    Run("introspection_training", 1000, "nuts"),
    Run("introspection_training", 300, "auto", "posterior"),
    Run("introspection_training", 300, "nuts", "posterior"),
    Run("report_accuracy_student", 1000, "auto"),
    Run("report_accuracy_student", 300, "nuts"),
    Run("report_accuracy_by_context", 300, "nuts"),
    Run("choice_weights_pooled", 300, "nuts"),
    Run("joint_accuracy", 300, "nuts"),
    Run("privileged_access", 300, "auto"),
    Run("explanation_scores", 300, "auto"),
    Run("explanation_scores_beta", 300, "auto"),
)


def ranks_of(run: Run, seed: int = SEED) -> pd.DataFrame:
    """Return the ranks of a run."""
    specification = spec(run.specification)
    if run.method == "posterior":
        observed = simulated_predictors(specification, seed)
        # A seed of its own: the predictors' would make noise of them.
        noise = np.random.default_rng(seed + 1).normal(0, 0.8, len(observed))
        observed["learned"] = 0.6 * observed["reported"] + noise
        fitter = default_fitter(specification, seed, run.engine)
        return simulate_posterior_calibration(
            specification, observed, run.simulations, seed=seed, fitter=fitter
        )
    proper = with_proper_priors(specification)
    fitter = default_fitter(proper, seed, run.engine)
    return simulate_calibration(proper, run.simulations, seed=seed, fitter=fitter)


def by_ends(run: Run, ranks: pd.DataFrame, seed: int = SEED) -> dict[str, dict[str, Any]]:
    """Return how ranks lie where shares have both exact ends, one, and neither.

    Given any function of the data, ranks of truths from the prior are uniform, too.
    """
    specification = spec(run.specification)
    if specification.family != "ordered_beta":
        return {}
    rows = simulated_predictors(specification, seed)
    truths = draw_truths(specification, rows, run.simulations, seed)
    scores = truths["prior_predictive"][specification.response].to_numpy()[0]
    reached = (scores == 0).any(axis=1).astype(int) + (scores == 1).any(axis=1)
    found = {}
    for name, count in (("both", 2), ("one", 1), ("neither", 0)):
        mine = ranks[ranks["simulation"].isin(np.flatnonzero(reached == count))]
        checks = calibration_checks(mine, run.specification)
        outside = (mine["rank"] < RANKED * 0.025) | (mine["rank"] > RANKED * 0.975)
        found[name] = {
            "simulations": int(mine["simulation"].nunique()),
            "smallest_p": min(check.numbers["p"] for check in checks),
            "outside_95": sum(check.numbers["p"] < FAMILY_ERROR for check in checks),
            "coverage": round(float(1 - outside.mean()), 4),
            "diverging": checks[0].numbers["diverging"],
        }
    return found


def entry(run: Run, checks: list[Check], seconds: float) -> dict[str, Any]:
    """Return the record of a run."""
    specification = spec(run.specification)
    used = specification if run.method == "posterior" else with_proper_priors(specification)
    worst = min(checks, key=lambda check: check.numbers["p"])
    failed = [check.message for check in checks if check.status == "fail"]
    return {
        **asdict(run),
        "status": "fail" if failed else "pass",
        "failed": failed,
        "quantities": len(checks),
        "draws": int(worst.numbers["draws"]),
        "smallest_p": worst.numbers["p"],
        "smallest_p_of": worst.message.partition(" truths of ")[2].partition(" are ")[0],
        "outside_95": sum(check.numbers["p"] < FAMILY_ERROR for check in checks),
        "few_draws": worst.numbers["few_draws"],
        "diverging": worst.numbers["diverging"],
        "seconds": round(seconds),
        "priors": {name: str(prior) for name, prior in used.priors.items()},
        "replaced_priors": [n for n in used.priors if used.priors[n] != specification.priors[n]],
    }


def table(models: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the record as it stands in RESULTS.md."""
    columns = (
        "specification", "method", "engine", "simulations", "quantities", "smallest_p",
        "outside_95", "few_draws", "diverging", "status", "seconds",
    )  # fmt: skip
    return pd.DataFrame(models)[list(columns)]


def main() -> None:
    """Run the benchmark, write the record and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="specifications to run again")
    parser.add_argument("--engine", choices=["auto", "nuts"], help="only these of them")
    parser.add_argument("--method", choices=["prior", "posterior"], help="only these of them")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    path = Path(shipped_folder("data")) / RECORD
    known = json.loads(path.read_text(encoding="utf-8"))["models"] if path.is_file() else []
    done = {(m["specification"], m["engine"], m["method"]): m for m in known}
    runs = [
        run
        for run in RUNS
        if (not given.only or run.specification in given.only)
        and given.method in (None, run.method)
        and given.engine in (None, run.engine)
    ]
    for run in track(runs, description="Calibration", disable=not sys.stderr.isatty()):
        began = time.perf_counter()
        ranks = ranks_of(run, given.seed)
        checks = calibration_checks(ranks, run.specification)
        key = (run.specification, run.engine, run.method)
        done[key] = entry(run, checks, time.perf_counter() - began)
        if ends := by_ends(run, ranks, given.seed):
            done[key]["by_ends"] = ends
            print(pd.DataFrame(ends).T.to_string(), flush=True)
        order = [(r.specification, r.engine, r.method) for r in RUNS]
        record = {
            "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
            "command": "uv run python benchmarks/calibration.py",
            "seed": given.seed,
            "family_error": FAMILY_ERROR,
            "versions": {name: version(name) for name in PACKAGES},
            "models": [done[key] for key in order if key in done],
        }
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(table([done[key]]).to_string(index=False, header=run == runs[0]), flush=True)
    print(table(record["models"]).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
