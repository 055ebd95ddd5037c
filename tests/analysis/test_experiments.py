import numpy as np
import pandas as pd
import pytest

from introspect_bayes.analysis.experiments import (
    chosen_by_weights,
    correlation,
    mean_reports,
    standardize,
)
from introspect_bayes.errors import CannotCompute


def test_standardize_divides_by_n_minus_1():
    values = standardize(pd.Series([0.0, 1.0, 5.0]))
    assert values.std(ddof=1) == pytest.approx(1)
    assert values.std(ddof=0) != pytest.approx(1)


@pytest.mark.parametrize("values", [[2.0, 2.0], [1.0], []])
def test_values_that_do_not_vary_cannot_be_standardized(values):
    with pytest.raises(CannotCompute, match="do not vary"):
        standardize(pd.Series(values, name="reported", dtype=float))


def test_correlation_needs_three_varying_pairs():
    for x, y in (([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3])):
        with pytest.raises(CannotCompute):
            correlation(np.array(x), np.array(y))


def test_reports_are_averaged_then_standardized_within_each_set():
    reports = pd.DataFrame(
        {
            "report_set": ["first"] * 4 + ["second"] * 4,
            "context": ["a", "a", "a", "a", "b", "b", "b", "b"],
            "position": [1, 2, 1, 2] * 2,
            "reported": [0, 100, 20, 60, 1, 2, 3, 6],
        }
    )
    means = mean_reports(reports)
    assert means["mean_report"].tolist() == [10, 80, 2, 4]
    by_set = means.groupby("report_set")["reported"]
    assert by_set.mean().tolist() == pytest.approx([0, 0])
    assert by_set.std(ddof=1).tolist() == pytest.approx([1, 1])


def test_a_tie_goes_to_b():
    assert chosen_by_weights(np.array([[1.0, -1.0]]), np.array([[5, 5]])).tolist() == [False]
