"""What may be assumed and wanted, and what is refused."""

import numpy as np
import pytest
from scipy import stats

import introspect_bayes as ib
from introspect_bayes.designs import Design, Goals, grid
from introspect_bayes.designs.assumptions import assumed_models, several
from introspect_bayes.designs.goals import certainty_of_mean, certainty_of_share, probability


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ib.AssumedReports(1.2), "accuracy"),
        (lambda: ib.AssumedReports(float("nan")), "accuracy"),
        (lambda: ib.AssumedReports(0.5, invalid_rate=-0.1), "invalid_rate"),
        (lambda: ib.AssumedReports(0.5, silent=1.1), "silent"),
        (lambda: ib.AssumedReports(0.5, noise=float("inf")), "noise"),
        (lambda: ib.AssumedReports(0.5, noise=0, spread=0), "do not vary"),
        (lambda: ib.AssumedModel(ib.AssumedReports(0.5), consistency=0), "consistency"),
        (lambda: ib.AssumedModel(ib.AssumedReports(0.5), position_bias=np.nan), "position_bias"),
        (lambda: assumed_models([]), "at least one"),
        (lambda: assumed_models([ib.AssumedModel(ib.AssumedReports(0.5))] * 2), "two base models"),
        (lambda: assumed_models(several(ib.AssumedModel(ib.AssumedReports(0.5)), 2)), "one base"),
        (lambda: Design(1, 10, 10), "contexts"),
        (lambda: Design(10, 0, 10), "choices"),
        (lambda: Goals(exclude_zero=80), "exclude_zero"),
        (lambda: Goals(width=0), "width"),
        (lambda: Goals(outside_rope=0.8), "give rope"),
        (lambda: Goals(exclude_difference=0.8), "give difference"),
        (lambda: Goals(difference=np.inf), "finite"),
        (lambda: ib.plan_study(ib.AssumedModel(ib.AssumedReports(0.5)), studies=5), "studies"),
        (lambda: ib.plan_study(ib.AssumedModel(ib.AssumedReports(0.5)), seed=-1), "seed"),
        (lambda: ib.plan_study(ib.AssumedModel(ib.AssumedReports(0.5)), reports=[]), "no design"),
    ],
)
def test_the_impossible_is_refused(make, says):
    with pytest.raises(ib.InputError, match=says):
        make()


def test_a_grid_has_every_combination_once():
    designs = grid([50, 20, 20], [10, 30], 5)
    assert designs == [Design(20, 10, 5), Design(20, 30, 5), Design(50, 10, 5), Design(50, 30, 5)]


def test_events_happen_where_hdis_lie():
    low, high = np.array([-0.3, -0.05, 0.05, 0.2, np.nan]), np.array([-0.2, 0.05, 0.3, 0.6, np.nan])
    goals = Goals(rope=0.1, difference=0.25)
    happened = {event: goals.happened(event, low, high).tolist() for event in goals.events}
    assert happened == {
        "exclude_zero": [True, False, True, True, False],
        "outside_rope": [True, False, False, True, False],
        "inside_rope": [False, True, False, False, False],
        "exclude_difference": [True, True, False, False, False],
    }


@pytest.mark.compiles
def test_monte_carlo_errors_are_honest():
    """Over repeated simulations, the certainty that a goal is met is a probability."""
    random = np.random.default_rng(1)
    truths = random.uniform(size=4000)
    counts = random.binomial(50, truths)
    sure = np.array([certainty_of_share(int(k), 50, 0.8) for k in counts])
    for low, high in ((0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        inside = (sure >= low) & (sure < high)
        met = int((truths[inside] >= 0.8).sum())
        # Jeffreys' prior differs a little from the uniform one that the truths come from.
        assert abs(met / inside.sum() - sure[inside].mean()) < 0.1
    share, error = probability(30, 100)
    assert error == pytest.approx(np.sqrt(share * (1 - share) / 100), rel=0.02)
    assert certainty_of_mean(0.2, 0.01, 0.21, 30) == pytest.approx(stats.t.cdf(1, 29))
