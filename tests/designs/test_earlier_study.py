"""Assumptions matched to a study of which everything is known."""

import numpy as np
import pytest

import introspect_bayes as ib
from introspect_bayes.designs import Design
from introspect_bayes.designs.matching import zero_inflated
from introspect_bayes.designs.simulated_studies import SimulatedStudies
from introspect_bayes.specs import chosen_specifications

TRUTH = ib.AssumedModel(
    ib.AssumedReports(0.6, invalid_rate=0.3, silent=0.2, spread=30, noise=20),
    after=ib.AssumedReports(0.9, spread=40, noise=10),
    consistency=5.0,
    position_bias=0.5,
)


def test_silent_contexts_are_told_from_invalid_reports():
    random = np.random.default_rng(1)
    contexts, asked, invalid, silent = 20_000, 4, 0.4, 0.25
    valid = random.binomial(asked, 1 - invalid, contexts) * (random.random(contexts) > silent)
    found = zero_inflated(valid, asked)
    # Standard errors: of a share of 20,000 contexts, of one of some 60,000 reports; each a third
    # larger, for the two are estimated together.
    assert abs(found[0] - invalid) < 4 * 1.4 * np.sqrt(0.24 / 60_000)
    assert abs(found[1] - silent) < 4 * 1.4 * np.sqrt(0.19 / contexts)
    assert zero_inflated(np.array([1, 0, 1, 1]), 1) == (0.25, 0.0)
    assert zero_inflated(np.array([3, 2, 1]), 4) == (0.5, 0.0)
    assert zero_inflated(np.array([0, 0]), 4) == (1.0, 0.0)


@pytest.fixture(scope="module")
def matched():
    """What is found from one study of 100 contexts, 30 choices, 8 reports before and after."""
    simulated = SimulatedStudies((TRUTH,), (Design(100, 30, 8),), chosen_specifications(), seed=11)
    study = simulated.study(0)
    return ib.like_study(study, seed=1, settings=ib.Settings.default(keep=False))


@pytest.mark.slow
def test_the_truth_behind_a_study_is_found(matched):
    assert matched.figure == "e3.effect"
    assert matched.designs == {"model": Design(100, 30, 8)}
    (model,) = matched.models
    # Standard errors of a study of 100 contexts, and of the 200 simulated ones that it is matched
    # with. Correlations of 500 and 1,000 rows: (1 - r²) / √n each.
    assert model.reports.accuracy == pytest.approx(0.6, abs=3 * 0.64 * np.sqrt(1 / 400 + 1 / 800))
    assert model.after.accuracy == pytest.approx(0.9, abs=3 * 0.19 * np.sqrt(1 / 500 + 1 / 1000))
    # The largest slope of a context scatters by 16%. The prior holds it back: near 5, consistency
    # that is larger by 10% makes it larger by 2% (simulated with three seeds at 4, 5 and 6).
    # Choices are matched with simulated ones in 60 contexts.
    error = 0.16 / 0.2 * np.sqrt(1 / 100 + 1 / 60)
    assert np.log(model.consistency / 5) == pytest.approx(0, abs=3 * error)
    assert model.position_bias == pytest.approx(0.5, abs=3 * 0.5 * np.sqrt(3 / 200))
    assert model.reports.noise == pytest.approx(20, rel=3 * np.sqrt(1.5 / 2 / 2000))
    assert model.after.noise == pytest.approx(10, rel=3 * np.sqrt(1.5 / 2 / 3500))
    assert model.reports.spread == pytest.approx(30, rel=3 * np.sqrt(1.5 / 2 / 400))
    assert model.after.spread == pytest.approx(40, rel=3 * np.sqrt(1.5 / 2 / 500))
    assert model.reports.silent == pytest.approx(0.2, abs=3 * np.sqrt(0.16 / 100))
    assert model.reports.invalid_rate == pytest.approx(0.3, abs=3 * np.sqrt(0.21 / 640))
    assert model.after.silent == model.after.invalid_rate == 0


@pytest.mark.slow
def test_simulated_statistics_are_those_of_the_study(matched):
    table = matched.matched
    for name in ("accuracy", "spread", "noise"):
        assert table[f"simulated_{name}"].to_numpy() == pytest.approx(table[name], rel=0.02)
