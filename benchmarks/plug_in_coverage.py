"""Measure whether the 95% HDIs of the plug-in accuracy cover the plug-in truth.

Simulates studies with the demo's first model (100 instilled contexts of 50 choices each; native
contexts in the first ten studies only), analyses each, and prints

- the reliability of the estimated weights (their correlation with the true ones), from which the
  plug-in truth follows and which `data/demo.toml` records;
- how often the HDIs of e1.base, e1.acc and e2.acc (and e3.*) hold the truth.

    uv run python benchmarks/plug_in_coverage.py --studies 40
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

import introspect_bayes as ib
from introspect_bayes.simulate import SimulatedDesign, simulate_study
from introspect_bayes.simulate.studies import true_weights

INSTILLED = ("e1.base", "e1.acc", "e2.acc")
NATIVE = ("e3.before", "e3.after")
NATIVE_STUDIES = 10


def correlation_with_truth(
    analysis: ib.Analysis, truth: dict[str, tuple[int, ...]], base_model: str, context_set: str
) -> float:
    """Correlate estimated with true weights over the contexts of a set."""
    learned = analysis.learned(base_model, context_set)
    true = [
        truth[name][position - 1]
        for name, position in zip(learned["context"], learned["position"], strict=True)
    ]
    return float(np.corrcoef(learned["weight"], true)[0, 1])


def one_study(
    seed: int, design: SimulatedDesign
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Simulate and analyse one study: its intervals, and the reliability of its weights."""
    model = design.models[0]
    with_native = seed <= NATIVE_STUDIES
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "study"
        prepared = simulate_study(folder, design, seed, native=100 if with_native else 2)
        analysis = ib.Analysis(ib.load_study(folder), ib.Settings.default(seed=seed))
        figures = INSTILLED + (NATIVE if with_native else ())
        rows = [
            {"seed": seed, "figure": f.kind, "estimate": f.result.estimate, "hdi": f.result.hdi}
            for f in ib.reproduce(analysis, figures, published=False)
            if f.result is not None and f.result.hdi is not None
        ]
        sets = ("instilled", "native") if with_native else ("instilled",)
        reliability = {
            name: correlation_with_truth(
                analysis, true_weights(prepared, model, name), model.name, name
            )
            for name in sets
        }
    return rows, reliability


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=40)
    studies = parser.parse_args().studies
    shipped = SimulatedDesign.shipped()
    design = replace(shipped, models=shipped.models[:1])
    rows: list[dict[str, object]] = []
    reliabilities = []
    for seed in track(range(1, studies + 1), description="Studies"):
        found, reliability = one_study(seed, design)
        rows += found
        reliabilities.append(reliability)
    measured = pd.DataFrame(reliabilities).mean().to_dict()
    print("Reliability of estimated weights:", {k: round(v, 4) for k, v in measured.items()})
    # The reports follow from the recorded reliability; the truth from the measured one.
    truth = replace(design, reliability=design.reliability).truth()
    table = pd.DataFrame(rows)
    scale = dict.fromkeys(INSTILLED, measured["instilled"] / design.reliability["instilled"])
    if "native" in measured:
        scale |= dict.fromkeys(NATIVE, measured["native"] / design.reliability["native"])
    table["truth"] = [truth[f"{f}.{design.models[0].name}"] * scale[f] for f in table["figure"]]
    table["covered"] = [
        low <= t <= high for (low, high), t in zip(table["hdi"], table["truth"], strict=True)
    ]
    summary = table.groupby("figure").agg(
        studies=("covered", "size"),
        truth=("truth", "first"),
        mean_estimate=("estimate", "mean"),
        coverage=("covered", "mean"),
    )
    print(summary.round(3).to_string())
    print(f"All: {table['covered'].mean():.1%} of {len(table)} HDIs hold the truth")


if __name__ == "__main__":
    main()
