"""Intervals that take contexts as units hold where contexts differ, and standardize anew."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from introspect_bayes.analysis.context_sums import (
    accuracy_sums,
    ratio_of_totals,
    ratio_sums,
    share_sums,
    slope_of_totals,
)
from introspect_bayes.analysis.contexts_as_units import combined, jackknife_ends
from introspect_bayes.analysis.experiments import standardize

ATTRIBUTES = 5


def rows_of(contexts, seed=1, spread=0.5, sets=1, names="c{}"):
    """Weights and mean reports whose accuracy differs between contexts."""
    random = np.random.default_rng(seed)
    rho = np.tanh(0.5 + spread * random.normal(size=(contexts, 1)))
    weights = random.uniform(-100, 100, (contexts, ATTRIBUTES))
    noise = 57 * random.normal(size=weights.shape)
    told = 0.4 * (rho * weights + np.sqrt(1 - rho**2) * noise)
    names = [names.format(number) for number in range(contexts)]
    return pd.DataFrame(
        {
            "context": np.repeat(names, ATTRIBUTES),
            "report_set": np.repeat([f"set {n % sets}" for n in range(contexts)], ATTRIBUTES),
            "weight": weights.reshape(-1),
            "mean_report": told.reshape(-1) + 3.0,
        }
    )


def slope(rows, learned):
    """The paper's plug-in slope, step by step."""
    scale = learned["weight"]
    y = (rows["weight"] - scale.mean()) / scale.std()
    groups = rows.groupby("report_set", sort=False)["mean_report"]
    x = pd.concat([standardize(values) for _, values in groups]).loc[rows.index]
    return np.polyfit(x, y, 1)[0]


def jackknife(rows, statistic, limit):
    """The interval, context by context: rows are dropped and everything is computed anew."""
    names = rows["context"].unique()
    values = np.array([statistic(rows[rows["context"] != name]) for name in names])
    z = np.arctanh(values / limit)
    error = np.sqrt((len(names) - 1) * z.var())
    half = stats.t.ppf(0.975, len(names) - 1) * error
    middle = np.arctanh(statistic(rows) / limit)
    return limit * np.tanh([middle - half, middle + half])


@pytest.mark.parametrize("sets", [1, 2])
def test_the_slope_and_its_interval_are_those_of_computing_everything_anew(sets):
    rows = rows_of(12, sets=sets)
    sums = accuracy_sums(rows, rows, rows)
    assert sums.value() == pytest.approx(slope(rows, rows))
    groups = rows.groupby("report_set", sort=False)["mean_report"]
    x = pd.concat([standardize(values) for _, values in groups]).loc[rows.index]
    limit = (rows["weight"] / rows["weight"].std()).std() / x.std()
    wanted = jackknife(rows, lambda some: slope(some, some), limit)
    assert sums.interval().ends == pytest.approx(wanted)


def test_contexts_without_reports_only_enter_the_standardization():
    everyone = rows_of(14)
    told = everyone[everyone["context"] != "c3"]
    sums = accuracy_sums(told, told, everyone)
    assert sums.value() == pytest.approx(slope(told, everyone))
    assert len(sums.units) == 13

    def without(some):
        # c3 stays among the weights, whichever other context is left out.
        kept = pd.concat([some, everyone[everyone["context"] == "c3"]])
        return slope(some, kept)

    _, _, limit = slope_of_totals(sums.table.to_numpy().sum(axis=0))
    assert sums.interval().ends == pytest.approx(jackknife(told, without, limit))


def test_the_correlation_is_pearsons_with_fishers_z():
    rows = rows_of(9)
    sums = accuracy_sums(rows, rows)
    assert sums.value() == pytest.approx(rows["weight"].corr(rows["mean_report"]))
    wanted = jackknife(rows, lambda some: some["weight"].corr(some["mean_report"]), 1.0)
    assert sums.interval().ends == pytest.approx(wanted)


@pytest.mark.compiles
def test_a_bootstrap_of_contexts_agrees():
    rows = rows_of(80)
    low, high = accuracy_sums(rows, rows).interval().ends
    random = np.random.default_rng(3)
    parts = dict(list(rows.groupby("context")))
    drawn = []
    for _ in range(800):
        names = random.choice(list(parts), len(parts))
        some = pd.concat([parts[name] for name in names])
        drawn.append(some["weight"].corr(some["mean_report"]))
    assert [low, high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.03)


def test_an_effect_takes_the_same_context_of_two_models_for_one_unit():
    """Two copies of one model tell no more than one; models in other contexts do."""
    before, after = (accuracy_sums(rows, rows, rows) for rows in (rows_of(15, 1), rows_of(15, 2)))
    one = combined([before, after], [-1, 1])
    copies = combined([before, after, before, after], [-0.5, 0.5, -0.5, 0.5])
    assert one.value() == pytest.approx(after.value() - before.value())
    assert copies.interval().ends == pytest.approx(one.interval().ends)
    others = [
        accuracy_sums(rows, rows, rows)
        for rows in (rows_of(15, 1, names="d{}"), rows_of(15, 2, names="d{}"))
    ]
    apart = combined([before, after, *others], [-0.5, 0.5, -0.5, 0.5])
    assert len(apart.units) == 30
    assert np.diff(apart.interval().ends) < 0.8 * np.diff(one.interval().ends)


def coverage(contexts, spread, studies=2000):
    """Share of intervals that hold the truth, and that of intervals with rows as units."""
    random = np.random.default_rng([contexts, int(100 * spread)])

    def simulated(count):
        rho = np.tanh(0.5 + spread * random.normal(size=(*count, 1)))
        x = random.normal(size=(*count, ATTRIBUTES))
        y = rho * x + np.sqrt(1 - rho**2) * random.normal(size=x.shape)
        one = np.ones_like(x)
        both = [v.sum(axis=-1) for v in (one, x, y, x * x, x * y, y * y)]
        stated = [v.sum(axis=-1) for v in (one, y, y * y)]
        learned = [v.sum(axis=-1) for v in (one, x, x * x)]
        return np.stack([*stated, *both, *learned], axis=-1)

    truth = slope_of_totals(simulated((1, 200_000)).sum(axis=1))[0][0]
    sums = simulated((studies, contexts))
    value = slope_of_totals(sums.sum(axis=1))[0]
    ends = {"contexts": jackknife_ends(sums, slope_of_totals)}
    rows = contexts * ATTRIBUTES
    half = stats.t.ppf(0.975, rows - 2) * np.sqrt((1 - value**2) / (rows - 2))
    ends["rows"] = np.stack([value - half, value + half], axis=-1)
    return {name: np.mean((e[:, 0] < truth) & (truth < e[:, 1])) for name, e in ends.items()}


@pytest.mark.parametrize("contexts", [8, 20])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_coverage(contexts, spread):
    """2,000 studies: the standard error of 95% is .5%. benchmarks/ measures it thoroughly."""
    found = coverage(contexts, spread)
    assert 0.93 < found["contexts"] < 0.97
    if spread:
        assert found["rows"] < 0.9


def test_shares_are_on_the_scale_of_log_odds():
    contexts = pd.Series(np.repeat(list("abcd"), 10))
    hits = np.tile([1] * 9 + [0], 4)
    hits[:3] = 0
    sums = share_sums(contexts, hits)
    assert sums.value() == pytest.approx(hits.mean())
    low, high = sums.interval().ends
    assert 0 < low < sums.value() < high < 1
    assert high - sums.value() < sums.value() - low
    means = ratio_sums(
        pd.Series(list("abc")), pd.Series([-0.5, 0.1, 0.2]), pd.Series(1.0, range(3)), -1
    )
    assert means.value() == pytest.approx(-0.2 / 3)
    assert means.interval().ends[0] > -1


def test_a_share_that_reaches_its_limit_without_some_context_still_has_an_interval():
    sums = share_sums(pd.Series(list("abcdefgh")), [1, 0, 0, 0, 0, 0, 0, 0])
    low, high = sums.interval().ends
    assert 0 < low < 1 / 8 < high < 1


def test_a_figure_that_one_context_keeps_from_its_limit_has_no_absurd_interval():
    """Without the first context r is .9999: Fisher's z would leap."""
    rows = rows_of(6)
    wrong = rows["context"] == "c0"
    told = rows["weight"] + np.where(wrong, 40.0, 0.1) * np.tile([1, -1], 15)
    low, high = accuracy_sums(both := rows.assign(mean_report=told), both).interval().ends
    assert 0.5 < low < 0.98 < high < 1


@pytest.mark.parametrize("hit", [False, True])
@pytest.mark.parametrize("alike", [0.01, 2.0, 500.0])
def test_none_and_all_bound_the_share_however_contexts_differ(hit, alike):
    """Were the share beyond the bound, at most 5% of studies would show none, or all."""
    contexts, trials = 20, 50
    names = pd.Series(np.repeat([f"c{n}" for n in range(contexts)], trials))
    low, high = share_sums(names, np.full(len(names), hit)).interval().ends
    assert (low, high)[hit] == float(hit)
    bound = 1 - low if hit else high
    random = np.random.default_rng(4)
    shares = random.beta(bound * alike, (1 - bound) * alike, (20_000, contexts))
    none = random.binomial(trials, shares).sum(axis=1) == 0
    assert none.mean() < 0.05 + 4 * 0.05**0.5 / 20_000**0.5
    assert none.mean() > 0.03 or alike > 1  # no wider than it must be for contexts of one kind


def equal(rows):
    return rows.assign(mean_report=rows["weight"])


@pytest.mark.parametrize(
    ("sums", "reason"),
    [
        (lambda: accuracy_sums(rows_of(2), rows_of(2)), "need 3 of them; there are 2"),
        (lambda: accuracy_sums(both := equal(rows_of(4)), both), "the figure is at its limit"),
        (lambda: share_sums(pd.Series(list("aabbcc")), [1, 0] * 3), "all contexts say the same"),
        (lambda: accuracy_sums(rows_of(3, sets=3), rows_of(3, sets=3)), "a single context decides"),
    ],
)
def test_where_there_is_no_interval_the_reason_is_said(sums, reason):
    found = sums().interval()
    assert found.ends is None
    assert reason in found.missing


def test_many_studies_at_once_are_the_studies_one_by_one():
    random = np.random.default_rng(1)
    sums = np.stack([random.binomial(20, 0.7, (6, 9)), np.full((6, 9), 20)], axis=-1).astype(float)
    together = jackknife_ends(sums, partial(ratio_of_totals, low=0.0))
    single = [jackknife_ends(study, ratio_of_totals) for study in sums]
    np.testing.assert_allclose(together, single)
