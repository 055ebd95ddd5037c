"""Contexts in which all choices are one letter: exact, without chains."""

import numpy as np
import pytest

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

DRAWS = 6000


def one_letter(trials: int, letter: int, attributes: int = 1, contexts: int = 1) -> ChoiceData:
    random = np.random.default_rng(trials)
    index = np.repeat(np.arange(contexts), trials)
    differences = random.uniform(-1, 1, (len(index), attributes))
    names = tuple(f"context_{number}" for number in range(contexts))
    widths = np.full(contexts, attributes)
    return ChoiceData(names, index, differences, np.full(len(index), letter), widths)


def by_quadrature(specification, data: ChoiceData, letter: int) -> dict[str, float]:
    """Moments and quantiles of intercept and slope, over a grid that is dense where they are."""
    quantile = (np.arange(8000) + 0.5) / 8000
    centre = 4.0 if letter else -4.0
    intercept = centre + 3 * np.tan(np.pi * (quantile - 0.5))
    slope = np.linspace(-5, 5, 81)
    a, b = np.meshgrid(intercept, slope, indexing="ij")
    points = np.stack([a.ravel(), b.ravel()], axis=-1)[None]
    density = ContextDensities(specification, data).log_density(points)[0].reshape(a.shape)
    density += np.log1p(((a - centre) / 3) ** 2)
    mass = np.exp(density - density.max())
    mass /= mass.sum()
    slope_mean = float((mass * b).sum())
    lower, middle, upper = np.interp((0.1, 0.5, 0.9), np.cumsum(mass.sum(axis=1)), intercept)
    return {
        "lower": lower,
        "middle": middle,
        "upper": upper,
        "far": float((mass * (np.abs(a) > 20)).sum()),
        "slope": slope_mean,
        "slope_sd": float(np.sqrt((mass * (b - slope_mean) ** 2).sum())),
    }


@pytest.mark.compiles
@pytest.mark.parametrize("letter", [1, 0])
@pytest.mark.parametrize("trials", [3, 50])
@pytest.mark.parametrize("prior", ["StudentT(3, 0, 2.5)", "Cauchy(0, 2)"])
def test_one_letter_is_sampled_as_quadrature_integrates(trials, letter, prior):
    specification = spec("choice_weights").with_priors(Intercept=prior)
    data = one_letter(trials, letter)
    made = sample_importance(specification, data, DRAWS, 1)
    assert made.trusted.all()
    assert made.effective_draws[0] > 0.8 * DRAWS
    intercept, slope = made.coefficients[0].T
    truth = by_quadrature(specification, data, letter)
    # Monte Carlo errors: of quantiles, of a share, of a mean and of an SD, five each.
    for name, share in (("lower", 0.1), ("middle", 0.5), ("upper", 0.9)):
        below = (intercept < truth[name]).mean()
        assert abs(below - share) < 5 * np.sqrt(share * (1 - share) / DRAWS), name
    far = (np.abs(intercept) > 20).mean()
    assert abs(far - truth["far"]) < 5 * np.sqrt(truth["far"] / DRAWS)
    assert abs(slope.mean() - truth["slope"]) < 5 * truth["slope_sd"] / np.sqrt(DRAWS)
    assert abs(slope.std() - truth["slope_sd"]) < 5 * truth["slope_sd"] / np.sqrt(2 * DRAWS)


def test_swapping_the_letters_swaps_the_sign_of_the_intercept():
    a, b = one_letter(20, 1, attributes=3), one_letter(20, 0, attributes=3)
    b = ChoiceData(b.contexts, b.index, -b.differences, b.selection, b.attribute_counts)
    found = [sample_importance(spec("choice_weights"), data, DRAWS, 3) for data in (a, b)]
    medians = [np.median(made.coefficients[0], axis=0) for made in found]
    assert medians[0][0] == pytest.approx(-medians[1][0], abs=0.15)
    assert medians[0][1:] == pytest.approx(medians[1][1:], abs=0.08)


def test_the_default_engine_takes_no_chains_for_one_letter():
    data = one_letter(12, 1, attributes=5, contexts=3)
    fit = ChoiceWeightsSampler(Sampler(seed=4)).fit(spec("choice_weights"), data, "one letter")
    assert fit.contexts_by_engine == {"importance": 3}
    assert fit.diagnostics.problems == ()
    assert (fit.position_bias()["hdi_low"] > 0).all()


def test_contexts_that_tell_nothing_are_named():
    random = np.random.default_rng(8)
    data = one_letter(60, 1, attributes=2, contexts=2)
    liked = (data.differences[:, 0] + random.logistic(0, 0.2, 120) > 0).astype(int)
    selection = np.where(data.index == 1, liked, 1)
    mixed = ChoiceData(
        data.contexts, data.index, data.differences, selection, data.attribute_counts
    )
    fit = ChoiceWeightsSampler(Sampler(seed=9)).fit(spec("choice_weights"), mixed, "mixed")
    assert fit.telling_nothing() == {"context_0"}


def test_other_contexts_draw_as_they_did():
    random = np.random.default_rng(5)
    mixed = one_letter(30, 1, attributes=2, contexts=2)
    selection = np.where(mixed.index == 1, 1, random.integers(0, 2, 60))
    both = ChoiceData(
        mixed.contexts, mixed.index, mixed.differences, selection, mixed.attribute_counts
    )
    alone = both.take(np.array([0]))
    together = sample_importance(spec("choice_weights"), both, 500, 6).coefficients[0]
    assert together == pytest.approx(sample_importance(spec("choice_weights"), alone, 500, 6)
                                     .coefficients[0], abs=1e-9)  # fmt: skip


def test_heavy_tailed_slopes_still_go_to_chains():
    specification = spec("choice_weights").with_priors(slopes="Cauchy(0, 1)")
    assert not sample_importance(specification, one_letter(20, 1), 500, 7).trusted.any()
