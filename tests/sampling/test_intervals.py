import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import introspect_bayes
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.sampling.intervals import estimate, hdi


def test_the_constant_is_95_percent():
    assert HDI_PROB == 0.95


def test_hdi_is_the_shortest_interval_of_a_skewed_distribution():
    draws = stats.expon.ppf((np.arange(20_000) + 0.5) / 20_000)
    low, high = hdi(draws)
    assert low < 0.01
    assert abs(high - stats.expon.ppf(0.95)) < 0.02


@given(st.integers(0, 1000), st.sampled_from([400, 1000]))
def test_hdi_holds_95_percent_and_no_shorter_window_does(seed, size):
    draws = np.sort(np.random.default_rng(seed).gamma(2, size=size))
    low, high = hdi(draws)
    inside = ((draws >= low) & (draws <= high)).mean()
    assert abs(inside - HDI_PROB) <= 2 / size + 1e-9
    width = int(np.floor(HDI_PROB * size))
    assert high - low <= (draws[width:] - draws[: size - width]).min() + 1e-12


def test_estimate_errors_match_repeated_sampling():
    """The Monte Carlo errors are those that many independent samplings show."""
    random = np.random.default_rng(3)
    many = [estimate(random.normal(size=(4, 1000))) for _ in range(200)]
    for end, error in (("mean", "mean_error"), ("low", "low_error"), ("high", "high_error")):
        spread = np.std([getattr(e, end) for e in many])
        claimed = np.mean([getattr(e, error) for e in many])
        assert 0.6 < claimed / spread < 1.7, end


def test_every_interval_asks_for_the_constant():
    """ArviZ's own default is an 89% equal-tailed interval: it is never relied upon."""
    for path in Path(introspect_bayes.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if ast.unparse(node.func.value) not in {"az", "arviz"}:
                    continue
                assert node.func.attr not in {"eti", "summary"}, path
                if node.func.attr == "hdi":
                    named = {k.arg: ast.unparse(k.value) for k in node.keywords}
                    assert named.get("prob") == "HDI_PROB", path


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_no_end_is_known_where_a_draw_is_not_finite(broken):
    draws = np.random.default_rng(1).normal(size=(3, 500))
    expected = hdi(draws)
    draws[1, 7] = broken
    found = hdi(draws)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], expected[[0, 2]])
    assert np.isnan(hdi(draws[1])).all()
