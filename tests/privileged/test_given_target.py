"""Own reports with own weights, given the target."""

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.privileged.given_target import given_target, json_ready, partial_sums
from introspect_bayes.study import load_study


def rows_of(contexts: int, sets: int = 1, seed: int = 1) -> pd.DataFrame:
    """Weights depart from targets, and reports follow the departure by one half."""
    random = np.random.default_rng(seed)
    target, departure, noise = random.normal(size=(3, contexts * 5))
    frame = pd.DataFrame(
        {
            "context": np.repeat([f"c{number}" for number in range(contexts)], 5),
            "report_set": np.repeat([f"s{number % sets}" for number in range(contexts)], 5),
            "weight": target + departure,
            "target": target,
        }
    )
    return frame.assign(mean_report=target + 0.5 * departure + noise)


def residual_correlation(rows: pd.DataFrame) -> float:
    """Pearson's r of what least squares on the target leaves over."""
    groups = rows.groupby("report_set", sort=False)["mean_report"]
    standardized = groups.transform(lambda values: (values - values.mean()) / values.std(ddof=1))
    predictors = np.column_stack([np.ones(len(rows)), rows["target"]])
    left = [
        side - predictors @ np.linalg.lstsq(predictors, side, rcond=None)[0]
        for side in (rows["weight"].to_numpy(), standardized.to_numpy())
    ]
    return float(np.corrcoef(left)[0, 1])


@pytest.mark.parametrize("sets", [1, 2])
def test_it_is_the_correlation_of_residuals(sets):
    rows = rows_of(40, sets)
    assert partial_sums(rows).value() == pytest.approx(residual_correlation(rows), abs=1e-9)


def test_its_interval_holds_the_limit_and_not_zero():
    # In the limit: cov = 1/2, var of the weight's departure 1, of the report's 1/4 + 1.
    limit = 0.5 / np.sqrt(1.25)
    low, high = partial_sums(rows_of(100)).interval().ends
    assert 0 < low < limit < high


def test_reports_that_only_follow_the_target_tell_nothing_beyond_it():
    held = 0
    for seed in range(40):
        rows = rows_of(30, seed=seed)
        noise = np.random.default_rng(seed + 1000).normal(size=len(rows))
        low, high = partial_sums(rows.assign(mean_report=rows["target"] + noise)).interval().ends
        held += low < 0 < high
    assert held >= 34  # of 40 at 95%: fewer with probability .003


def test_the_papers_models_know_what_they_learned_wrongly(paper_data):
    found = given_target(Analysis(load_study(paper_data))).set_index(["figure", "base_model"])
    mini, large = sorted(found.index.get_level_values("base_model").unique(), reverse=True)
    # An audit's plug-in figures, by computation of its own, to two decimals.
    expected = {
        ("e1.acc", large): 0.28, ("e1.acc", mini): 0.27, ("e2.acc", large): 0.42,
        ("e2.acc", mini): 0.42, ("e1.base", large): 0.14, ("e1.base", mini): 0.08,
    }  # fmt: skip
    for key, figure in expected.items():
        assert found.loc[key, "estimate"] == pytest.approx(figure, abs=0.012), key
        assert found.loc[key, "low"] < figure < found.loc[key, "high"]
    assert (found.loc["e1.acc"]["low"] > 0).all()
    assert found["control"].groupby("figure").all().to_dict() == {
        "e1.acc": False, "e1.base": True, "e2.acc": False,
    }  # fmt: skip


def test_json_says_why_an_interval_is_missing():
    row = {
        "base_model": "m",
        "control": False,
        "estimate": 0.5,
        "low": None,
        "high": None,
        "alone": 0.6,
        "n": 10,
    }
    told = json_ready(pd.DataFrame([{**row, "contexts": 2, "missing": "too few"}]))
    assert told[0]["hdi_contexts"] is None
    assert told[0]["hdi_contexts_missing"] == "too few"
