import numpy as np
import pytest
from scipy.stats import binom

from introspect_bayes.checks.tail_areas import (
    TAIL,
    contexts_outside,
    two_sided,
    upper_tail,
)
from introspect_bayes.errors import InputError

REPLICATES = np.random.default_rng(1).normal(size=4000)


def test_an_area_comes_with_its_monte_carlo_error():
    area = upper_tail(1.0, REPLICATES)
    assert area.area == pytest.approx(0.1587, abs=0.02)
    assert area.area < area.upper < area.area + 0.02
    assert not area.extreme


def test_an_area_near_the_limit_is_extreme_only_if_replicates_suffice_to_say_so():
    """Five of a thousand is below 1% by itself, but may well be 1%."""
    few, many = np.zeros(1000), np.zeros(100_000)
    few[:5], many[:500] = 1, 1
    assert upper_tail(1, few).area == upper_tail(1, many).area == 0.005
    assert not upper_tail(1, few).extreme
    assert upper_tail(1, many).extreme


@pytest.mark.parametrize(("value", "extreme"), [(0.0, False), (4.0, True), (-4.0, True)])
def test_two_sided_areas_see_both_tails(value, extreme):
    assert two_sided(value, REPLICATES).extreme is extreme


def test_statistics_that_depend_on_parameters_are_compared_draw_by_draw():
    shift = np.linspace(-50, 50, len(REPLICATES))
    assert upper_tail(shift + 1, REPLICATES + shift).area == upper_tail(1, REPLICATES).area


def test_too_few_replicates_are_refused_rather_than_passed():
    with pytest.raises(InputError, match="50 draws are too few"):
        upper_tail(9.0, np.zeros(50))


def test_false_alarms_are_as_rare_as_the_limit_says():
    """Contexts from the same distribution as their replicates: one study in a hundred fails."""
    random = np.random.default_rng(2)
    found = [
        contexts_outside(random.normal(size=40), random.normal(size=(1000, 40))) for _ in range(400)
    ]
    share = np.mean([outside.count / outside.of for outside in found])
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / (400 * 40)))
    alarms = sum(outside.extreme for outside in found)
    assert alarms <= 400 * TAIL + 4 * np.sqrt(400 * TAIL)


def test_contexts_outside_are_counted_with_their_side():
    replicated = np.random.default_rng(3).normal(size=(1000, 20))
    observed = np.zeros(20)
    observed[:6] = [9, 9, 9, 9, 9, -9]
    outside = contexts_outside(observed, replicated)
    assert (outside.count, outside.of, outside.above) == (6, 20, 5)
    assert outside.extreme


def test_ties_count_half_so_that_counts_are_judged_fairly():
    """A share that is 1 in data and in nearly all replicates is not outside."""
    replicated = np.ones((1000, 3))
    replicated[:10] = 0.5
    assert contexts_outside(np.ones(3), replicated).count == 0


def test_chance_is_binomial_for_contexts_apart_and_not_for_those_that_go_together():
    random = np.random.default_rng(2)
    apart = random.normal(size=(4000, 20))
    observed = np.zeros(20)
    observed[:4] = 5
    expected = binom.sf(3, 20, 0.05)
    assert contexts_outside(observed, apart).chance == pytest.approx(expected, abs=0.006)
    together = apart[:, :1] + apart / 10
    assert contexts_outside(observed, together).chance > 0.04
