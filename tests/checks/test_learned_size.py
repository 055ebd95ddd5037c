"""The size that choices tell, and held-out choices."""

import numpy as np
import pytest

from fits_data import simulated_choices
from introspect_bayes.checks.holding_out import compared_by_holding_out, held_out
from introspect_bayes.checks.learned_size import size_learned, weights_under
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.specs import spec


@pytest.fixture(scope="module")
def large():
    """Forty contexts of slopes three times as large as the prior has them, and a small bias."""
    frame = simulated_choices(40, 3, 40, seed=4, bias=0.5, scale=3.0)
    return ChoiceData.from_frame(frame, ["d1", "d2", "d3"])


def test_the_size_is_that_of_the_weights(large):
    priors = size_learned(large).priors
    assert priors["slopes"].args["sigma"] == pytest.approx(3.0, rel=0.15)
    # Of centred differences: the bias, and the means (of 0.4) times the slopes.
    assert priors["Intercept"].args["sigma"] == pytest.approx((0.5**2 + 3 * 1.2**2) ** 0.5, rel=0.3)


def test_held_out_choices_are_predicted_as_by_quadrature():
    """One attribute, no intercept: the posterior of each part's complement on a grid."""
    frame = simulated_choices(2, 1, 20, seed=1, bias=0.0, scale=1.0)
    data = ChoiceData.from_frame(frame, ["d1"])
    found = held_out(spec("choice_weights_no_intercept"), data, seed=5)
    grid = np.linspace(-8, 8, 4001)
    signs = np.where(data.selection == 1, 1.0, -1.0)
    log = -np.logaddexp(0, -signs[:, None] * data.differences * grid)
    whole = [log[data.index == c].sum(axis=0) - grid**2 / 2 for c in (0, 1)]
    from introspect_bayes.checks.holding_out import FOLDS, _dealt

    parts = _dealt(data.index, FOLDS, 5)
    for choice in range(0, len(signs), 7):
        same = (data.index == data.index[choice]) & (parts == parts[choice])
        density = np.exp(whole[data.index[choice]] - log[same].sum(axis=0))
        expected = np.log((density * np.exp(log[choice])).sum() / density.sum())
        assert found[choice] == pytest.approx(expected, abs=0.05)


def test_every_context_is_dealt_evenly(large):
    from introspect_bayes.checks.holding_out import FOLDS, _dealt

    parts = _dealt(large.index, FOLDS, 3)
    for context in range(len(large.contexts)):
        counts = np.bincount(parts[large.index == context])
        assert counts.max() - counts.min() <= 1


def test_weights_of_the_right_size_predict_held_out_choices_better(certain_choices):
    """So much that leave-one-out cannot be trusted: contexts are separable."""
    check = compared_by_holding_out(certain_choices)
    numbers = check.numbers
    assert check.status == "fail", check
    assert numbers["choice_weights_pooled.elpd_diff"] > 5 * numbers["choice_weights_pooled.se"]
    assert "better is choice_weights_pooled" in check.message


def test_where_the_prior_is_right_no_other_predicts_clearly_better(sound_choices):
    assert compared_by_holding_out(sound_choices).status == "pass"


def test_weights_hardly_depend_on_how_they_are_drawn(sound_choices):
    fit = sound_choices.fit
    usual = fit.hdi()["weight"].to_numpy()
    again = weights_under(fit.spec, fit.data, 9)[fit.data.present]
    assert np.corrcoef(usual, again)[0, 1] > 0.99
