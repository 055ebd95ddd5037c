"""The sampled form of multilevel regressions."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from introspect_bayes.fits.multilevel_kernel import placed, pulled_back
from introspect_bayes.fits.multilevel_model import multilevel_applies
from introspect_bayes.specs import spec


@pytest.fixture
def held():
    random = np.random.default_rng(0)
    rows = random.normal(size=(30, 9))
    return (
        np.array([1.5, 0.7]),
        np.repeat([0, 1], [3, 4]),
        rows.T @ rows / 5,
        random.normal(size=9) * 3,
        random.normal(size=(6, 9)),
        random.uniform(1, 5, 6),
        random.normal(size=6) * 2,
    )


def test_derivatives_are_those_of_the_values(held):
    random = np.random.default_rng(1)
    point, by_effects, by_density = random.normal(size=18), random.normal(size=15), np.array([0.8])

    def value(vector):
        effects, density = placed(vector[:3], vector[3:], *held)
        return effects @ by_effects + density @ by_density

    ours = np.concatenate(pulled_back(point[:3], point[3:], *held, by_effects, by_density))
    np.testing.assert_allclose(ours, approx_fprime(point, value, 1e-7), rtol=1e-4, atol=1e-4)


def test_the_density_is_that_of_the_change_of_variables(held):
    """Levels in units of their scales, times what the transformation stretches."""
    random = np.random.default_rng(2)
    scales, offsets = random.normal(size=3), random.normal(size=15)
    widths = np.concatenate([held[0], scales[np.repeat([0, 1, 2], [3, 4, 6])]])

    def units(vector):
        return placed(scales, vector, *held)[0] / widths

    columns = [(units(offsets + e) - units(offsets - e)) / 2 for e in np.eye(15)]  # it is linear
    stretched = np.linalg.slogdet(np.stack(columns))[1]
    expected = stretched - (units(offsets)[2:] ** 2).sum() / 2
    assert placed(scales, offsets, *held)[1][0] == pytest.approx(expected)


def test_other_models_keep_their_form():
    assert multilevel_applies(spec("explanation_scores"))
    assert multilevel_applies(spec("explanation_scores_beta"))
    assert not multilevel_applies(spec("report_accuracy_by_context"))
    assert not multilevel_applies(spec("choice_weights"))
