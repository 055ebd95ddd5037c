"""Measure in which form models of explanation scores are sampled best.

Three forms of the same posterior: offsets from what the data say, with handwritten derivatives (as
the package samples them); the model as Bambi writes it, with more draws and a target acceptance of
.97; and that with nutpie's low-rank adaptation. Tables are those of
`explanation_scores_coverage.py`. Printed are CPU seconds (of the first table with compiling), the
worst R-hat, the smallest effective sample size, and whether diagnostics fail.

    uv run python benchmarks/score_forms.py --tables 3
    uv run python benchmarks/score_forms.py --tables 3 --form "as Bambi"
    uv run python benchmarks/score_forms.py --tables 2 --between --ends both --form "as Bambi"
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from explanation_scores_coverage import ENDS, design_of

import introspect_bayes as ib
from introspect_bayes.regressions import regression
from introspect_bayes.scores.simulated import simulate_scores

FORMS = {"offsets": 1500, "as Bambi": 2500, "as Bambi, low rank": 2500}
"""The forms, and the draws of each of four chains."""

TARGET = 0.97


def use(form: str) -> None:
    """Let regressions be sampled in a form from now on."""
    import nutpie

    if form == "offsets":
        return
    changed: dict[str, Callable[..., Any]] = {
        "multilevel_applies": lambda _: False,
        "target_acceptance": lambda _: TARGET,
    }
    for name, function in changed.items():
        setattr(regression, name, function)
    if form.endswith("low rank"):
        nutpie.sample = partial(nutpie.sample, adaptation="low_rank")


def main() -> None:
    """Run the benchmark and print a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", choices=FORMS, default="offsets")
    parser.add_argument("--tables", type=int, default=3)
    parser.add_argument("--between", action="store_true")
    parser.add_argument("--ends", choices=ENDS, default="neither")
    given = parser.parse_args()
    use(given.form)
    for seed in range(1, given.tables + 1):
        design = design_of(seed, between=given.between, ends=given.ends)
        table = pd.DataFrame(simulate_scores(design, seed).columns)
        sampler = ib.Sampler(draws=FORMS[given.form], warmup=600, seed=seed)
        began = time.process_time()
        found = ib.explanation_scores(table, sampler=sampler, keep=False).diagnostics
        seconds = time.process_time() - began
        print(
            f"{given.form}: table {seed}, {seconds:.0f} CPU s, R-hat {found.rhat:.4f}, "
            f"{min(found.ess_bulk, found.ess_tail):.0f} effective draws, "
            f"{found.divergences} divergences, {'; '.join(found.problems) or 'no problem'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
