"""What accuracy consists of, on rows whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from introspect_bayes.errors import CannotCompute
from introspect_bayes.profile import quantities

CONTEXTS, ATTRIBUTES = 40, 5


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(2)
    weights = random.uniform(-100, 100, (CONTEXTS, ATTRIBUTES)).round()
    weights[np.arange(CONTEXTS), random.integers(ATTRIBUTES, size=CONTEXTS)] = 100
    told = 0.4 * weights + 20 * random.normal(size=weights.shape)
    names = np.repeat([f"c{number}" for number in range(CONTEXTS)], ATTRIBUTES)
    return pd.DataFrame(
        {"context": names, "weight": weights.reshape(-1), "mean_report": told.reshape(-1)}
    )


def test_the_slope_of_reports_is_in_points(rows):
    found = quantities.slope_of_reports(rows)
    assert found.value == pytest.approx(np.polyfit(rows["weight"], rows["mean_report"], 1)[0])
    low, high = found.interval.ends
    assert low < 0.4 < high
    double = rows.assign(mean_report=2 * rows["mean_report"])
    assert quantities.slope_of_reports(double).interval.ends == pytest.approx((2 * low, 2 * high))


def test_signs_of_noise_are_right_half_of_the_time(rows):
    told = quantities.sign_accuracy(rows)
    assert told.value == pytest.approx(
        np.mean(np.sign(rows["weight"]) == np.sign(rows["mean_report"])), abs=0.02
    )
    assert told.interval.ends[0] > 0.6
    assert quantities.sign_accuracy(rows.assign(mean_report=0.0)).value == 0.5
    assert quantities.sign_accuracy(rows.assign(mean_report=rows["weight"])).value == 1.0


def test_chance_of_signs_is_what_shuffled_reports_reach(rows):
    random = np.random.default_rng(6)
    lopsided = rows.assign(weight=rows["weight"] + 60, mean_report=rows["mean_report"] + 25)
    shuffled = [
        quantities.sign_accuracy(
            lopsided.assign(mean_report=random.permutation(lopsided["mean_report"]))
        ).value
        for _ in range(300)
    ]
    chance = quantities.chance_of_signs(lopsided)
    assert chance > 0.6
    error = np.std(shuffled) / np.sqrt(300)
    assert chance == pytest.approx(np.mean(shuffled), abs=4 * error)


def test_ranks_are_spearmans_within_contexts(rows):
    parts = [
        stats.spearmanr(part["weight"], part["mean_report"]).statistic
        for _, part in rows.groupby("context")
    ]
    found = quantities.rank_correlation(rows)
    assert found.value == pytest.approx(np.mean(parts))
    low, high = found.interval.ends
    half = stats.t.ppf(0.975, CONTEXTS - 1) * np.std(parts, ddof=1) / np.sqrt(CONTEXTS)
    assert [low, high] == pytest.approx([found.value - half, found.value + half], abs=0.02)


def test_contexts_whose_reports_do_not_vary_have_no_ranks(rows):
    silent = rows["context"] == "c0"
    found = quantities.rank_correlation(rows.assign(mean_report=rows["mean_report"] * ~silent))
    assert found.contexts == CONTEXTS - 1
    with pytest.raises(CannotCompute, match="in no context do both"):
        quantities.rank_correlation(rows.assign(mean_report=1.0))
    with pytest.raises(CannotCompute, match="do not vary"):
        quantities.slope_of_reports(rows.assign(weight=1.0))


def test_the_most_important_attribute_is_named_by_size_not_sign(rows):
    assert quantities.chance_named(rows) == pytest.approx(0.2)
    opposite = rows.assign(weight=-rows["mean_report"])
    assert quantities.most_important_named(opposite).value == 1.0
    guessed = quantities.most_important_named(rows.assign(mean_report=7.0))
    largest = rows["weight"].abs().groupby(rows["context"]).transform("max")
    assert guessed.value == pytest.approx(0.2)
    found = quantities.most_important_named(rows)
    named = rows["mean_report"].abs().groupby(rows["context"]).transform("max")
    both = (rows["weight"].abs() == largest) & (rows["mean_report"].abs() == named)
    assert found.value == pytest.approx(both.sum() / CONTEXTS, abs=0.05)
    low, high = found.interval.ends
    assert low < found.value < high


def test_the_ceiling_is_the_root_of_both_reliabilities():
    random = np.random.default_rng(4)
    true = random.normal(size=(4_000, ATTRIBUTES))

    def halves(noise):
        parts = [(true + noise * random.normal(size=true.shape)).reshape(-1) for _ in range(2)]
        names = np.repeat(np.arange(len(true)), ATTRIBUTES)
        return pd.DataFrame({"context": names, "first": parts[0], "second": parts[1]})

    found = quantities.noise_ceiling(halves(0.5), halves(1.0))
    # Noise of half the data: that of the whole has half its variance.
    wanted = np.sqrt(1 / (1 + 0.125) / (1 + 0.5))
    assert found.value == pytest.approx(wanted, abs=0.005)
    low, high = found.interval.ends
    assert low < wanted < high < low + 0.02


def test_halves_that_contradict_each_other_leave_no_ceiling():
    names = np.repeat(np.arange(6), 3)
    values = np.arange(18.0)
    halves = pd.DataFrame({"context": names, "first": values, "second": 3 - 0.1 * values})
    agreeing = halves.assign(second=values)
    assert quantities.noise_ceiling(agreeing, halves).value == 0.0
