"""Simulation-based calibration of every shipped model: what `data/calibration.json` records.

The quantities of a model share an error of 5%; its seed is fixed, so that a pass stays one.
"""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from introspect_bayes.calibration.calibration import calibration_checks

ROOT = Path(__file__).parents[2]


def benchmark():
    path = ROOT / "benchmarks" / "calibration.py"
    loaded = importlib.util.spec_from_file_location("calibration_benchmark", path)
    module = importlib.util.module_from_spec(loaded)
    sys.modules[loaded.name] = module  # where dataclasses look their module up
    loaded.loader.exec_module(module)
    return module


RUNS = benchmark().RUNS


@pytest.mark.slow
@pytest.mark.parametrize(
    "run", RUNS, ids=[f"{r.specification}-{r.engine}-{r.method}" for r in RUNS]
)
def test_truths_have_uniform_ranks(run, record_property):
    module = benchmark()
    checks = calibration_checks(module.ranks_of(run), run.specification)
    record_property("calibration", json.dumps(module.entry(run, checks, seconds=0)))
    assert [c.message for c in checks if c.status == "fail"] == []
    assert checks[0].numbers["simulations"] >= 300
