import numpy as np
import pandas as pd
import pytest

from checks_data import simulated_rows
from introspect_bayes.checks.predictive_reports import (
    density,
    f_ratios,
    pile_up,
    residuals_by_context,
)
from introspect_bayes.errors import CannotCompute

pytestmark = pytest.mark.compiles


@pytest.mark.parametrize("check", [density, pile_up, residuals_by_context])
def test_rows_of_the_fitted_model_pass(check, sound_reports):
    assert check(sound_reports).status == "pass"


def test_residuals_of_another_shape_fail(examine_rows):
    rows = simulated_rows(noise=0.0)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], len(rows))
    rows["learned"] += signs + np.random.default_rng(2).normal(0, 0.1, len(rows))
    check = density(examine_rows(rows))
    assert check.status == "fail"
    assert check.numbers["p_value"] < 0.01
    assert "LOO-PIT" in check.message


def scaled(rows):
    """Rows with weights scaled so that the largest of each context is 1 in absolute value."""
    largest = rows["learned"].abs().groupby(rows["context"]).transform("max")
    return rows.assign(learned=rows["learned"] / largest)


def test_weights_scaled_to_a_bound_pile_up_there(examine_rows):
    check = pile_up(examine_rows(scaled(simulated_rows())))
    assert check.status == "fail"
    assert check.numbers["share"] == pytest.approx(1 / 3)
    assert 0 < check.numbers["replicated_beyond"] < 0.5
    assert "±100" in check.message


def test_each_base_model_has_bounds_of_its_own(examine_rows):
    one, other = scaled(simulated_rows()), scaled(simulated_rows(seed=1))
    both = pd.concat([one, other.assign(learned=2 * other["learned"])], ignore_index=True)
    together = pile_up(examine_rows(both))
    apart = pile_up(examine_rows(both.assign(base_model=["one"] * len(one) + ["two"] * len(other))))
    assert apart.numbers["share"] == pytest.approx(1 / 3)
    assert together.numbers["share"] < apart.numbers["share"]
    assert apart.numbers["replicated_beyond"] > together.numbers["replicated_beyond"] / 2


def test_residuals_that_contexts_share_fail(examine_rows):
    rows = simulated_rows()
    shifts = np.random.default_rng(3).normal(0, 0.8, rows["context"].nunique())
    rows["learned"] += shifts[pd.factorize(rows["context"])[0]]
    check = residuals_by_context(examine_rows(rows))
    assert check.status == "fail"
    assert check.numbers["f_ratio"] > 2
    assert "not independent" in check.message


def test_contexts_with_one_row_each_cannot_tell(examine_rows):
    rows = simulated_rows(contexts=180, attributes=1)
    with pytest.raises(CannotCompute, match="several rows of one context"):
        residuals_by_context(examine_rows(rows))


def test_f_ratio_is_that_of_an_analysis_of_variance():
    from scipy.stats import f_oneway

    random = np.random.default_rng(4)
    contexts = np.array([0] * 5 + [1] * 3 + [2] * 4)
    values = random.normal(size=12)
    expected = f_oneway(*(values[contexts == number] for number in range(3))).statistic
    assert f_ratios(values[None], contexts)[0] == pytest.approx(expected)
