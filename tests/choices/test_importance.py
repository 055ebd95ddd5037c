"""Importance sampling against NUTS, against truth, and where it must give way."""

import numpy as np
import pytest

from fits_data import simulated_choices
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=1000, warmup=500, seed=3)
LONG = Sampler(draws=4000, warmup=1000, seed=4)


@pytest.fixture(scope="module")
def data():
    frame = simulated_choices(contexts=4, attributes=3, trials=20)
    return ChoiceData.from_frame(frame, ["d1", "d2", "d3"])


@pytest.mark.parametrize(
    "prior",
    ["Normal(0, 1)", "Normal(0, 0.1)", "Normal(0, 10)", "StudentT(3, 0, 1)", "Laplace(0, 1)"],
)
def test_posteriors_are_those_of_long_chains(data, prior):
    """Means within 0.05 and deviations within 5% of a long NUTS run, and its Monte Carlo error."""
    chosen = spec("choice_weights").with_priors(slopes=prior)
    engines = (("importance", SAMPLER), ("nuts", LONG))
    ours, theirs = (
        ChoiceWeightsSampler(sampler, engine).fit(chosen, data, "same").idata["posterior"]
        for engine, sampler in engines
    )
    for name in ("Intercept", "slopes"):
        sd = theirs[name].std(("chain", "draw"))
        shift = (ours[name].mean(("chain", "draw")) - theirs[name].mean(("chain", "draw"))) / sd
        # 2,000 effective draws know a mean to 0.022 deviations, 4 errors of which are 0.09.
        assert float(abs(shift).max()) < 0.09
        ratio = ours[name].std(("chain", "draw")) / sd
        assert float(abs(ratio - 1).max()) < 0.09


def test_derivatives_are_those_of_the_density(data):
    for prior in ("Normal(0, 1)", "StudentT(3, 0, 1)", "Logistic(0, 1)", "Flat()"):
        target = ContextDensities(spec("choice_weights").with_priors(slopes=prior), data)
        place = np.random.default_rng(0).normal(size=(4, 4))
        gradient, _ = target.derivatives(place)
        for column in range(4):
            step = np.zeros((4, 4))
            step[:, column] = 1e-5
            above, below = (target.log_density((place + s * step)[:, None])[:, 0] for s in (1, -1))
            assert gradient[:, column] == pytest.approx((above - below) / 2e-5, abs=1e-5)


def test_modes_are_summits(data):
    target = ContextDensities(spec("choice_weights"), data)
    place, _ = find_modes(target)
    assert np.abs(target.derivatives(place)[0]).max() < 1e-3


def test_draws_of_a_context_do_not_depend_on_the_others(data):
    together = sample_importance(spec("choice_weights"), data, 500, seed=9)
    alone = sample_importance(spec("choice_weights"), data.take(np.array([2])), 500, seed=9)
    assert together.coefficients[2] == pytest.approx(alone.coefficients[0], abs=1e-9)


def test_chains_take_over_where_weights_cannot_be_trusted():
    """Choices that a Cauchy prior cannot tame: every choice of one context is A."""
    frame = simulated_choices(contexts=3, attributes=2, trials=30)
    frame.loc[frame["context"] == "context_1", "selection"] = "A"
    data = ChoiceData.from_frame(frame, ["d1", "d2"])
    wild = spec("choice_weights").with_priors(slopes="Cauchy(0, 50)", Intercept="Cauchy(0, 10)")
    fit = ChoiceWeightsSampler(Sampler(draws=300, warmup=300)).fit(wild, data, "wild")
    assert fit.idata["sample_stats"]["engine"].sel(context="context_1") == "nuts"
    assert fit.contexts_by_engine["nuts"] >= 1
    assert list(fit.idata["posterior"]["context"].to_numpy()) == list(data.contexts)
    forced = ChoiceWeightsSampler(Sampler(draws=300), "importance").fit(wild, data, "wild")
    assert forced.diagnostics.problems


def test_chains_alone_know_no_pareto_k(data):
    fit = ChoiceWeightsSampler(Sampler(draws=100, warmup=100), "nuts").fit(
        spec("choice_weights"), data, "chains"
    )
    assert fit.diagnostics.pareto_k is None
    assert fit.contexts_by_engine == {"nuts": 4}


def test_same_seed_same_draws(data):
    sampler = ChoiceWeightsSampler(Sampler(draws=50))
    first, second = (sampler.fit(spec("choice_weights"), data, "same") for _ in range(2))
    assert first.idata["posterior"].equals(second.idata["posterior"])
    other = sampler.fit(spec("choice_weights"), data, "other")
    assert not first.idata["posterior"].equals(other.idata["posterior"])


def test_engines_are_named(data):
    with pytest.raises(InputError, match="no engine 'nut'; did you mean nuts"):
        ChoiceWeightsSampler(SAMPLER, "nut")
    with pytest.raises(InputError, match="importance sampling needs independent contexts"):
        ChoiceWeightsSampler(SAMPLER, "importance").fit(spec("choice_weights_pooled"), data, "no")


def test_contexts_without_position_bias_are_not_centred():
    frame = simulated_choices(contexts=2, attributes=2, trials=60, bias=0.0)
    data = ChoiceData.from_frame(frame, ["d1", "d2"])
    without = spec("choice_weights_no_intercept")
    ours, theirs = (
        ChoiceWeightsSampler(SAMPLER, engine).fit(without, data, "without")
        for engine in ("importance", "nuts")
    )
    assert "Intercept" not in ours.idata["posterior"]
    difference = ours.hdi()["mean"] - theirs.hdi()["mean"]
    assert (difference.abs() / theirs.hdi()["sd"]).max() < 0.1
    with pytest.raises(InputError, match="no intercept"):
        ours.position_bias()


def test_pooled_weights_shrink_to_their_common_scale():
    frame = simulated_choices(contexts=30, attributes=3, trials=15, scale=0.3, seed=8, bias=0.0)
    data = ChoiceData.from_frame(frame, ["d1", "d2", "d3"])
    fit = ChoiceWeightsSampler(Sampler(draws=500, warmup=500)).fit(
        spec("choice_weights_pooled"), data, "pooled"
    )
    scale = fit.idata["posterior"]["slopes_scale"].to_numpy()
    low, high = np.quantile(scale, [0.01, 0.99])
    assert low < 0.3 < high
    assert not fit.diagnostics.divergences


def test_contexts_in_which_every_choice_is_the_same_are_as_chains_have_them():
    """Only its Student-t prior bounds the intercept: of its far tail, too."""
    frame = simulated_choices(contexts=4, attributes=2, trials=15)
    frame.loc[frame["context"] == "context_1", "selection"] = "A"
    frame.loc[frame["context"] == "context_3", "selection"] = "B"
    one_sided = ChoiceData.from_frame(frame, ["d1", "d2"])
    ours, theirs = (
        ChoiceWeightsSampler(LONG, engine).fit(spec("choice_weights"), one_sided, "tail")
        for engine in ("auto", "nuts")
    )
    assert ours.contexts_by_engine == {"importance": 4}
    tails = [
        abs(fit.idata["posterior"]["Intercept"]).quantile(0.9, ("chain", "draw"))
        for fit in (ours, theirs)
    ]
    assert (abs(tails[0] / tails[1] - 1) < 0.15).all()


def test_heavy_tails_need_chains_where_an_attribute_decides_every_choice():
    """Against quadrature: importance sampling alone misses the far tail at a good Pareto k."""
    random = np.random.default_rng(11)
    differences = random.uniform(-1, 1, (40, 25, 2))
    noisy = random.random((40, 25)) < 1 / (1 + np.exp(-differences[..., 0]))
    decided = np.arange(40) < 20
    chosen = np.where(decided[:, None], differences[..., 0] > 0, noisy)
    data = ChoiceData(
        tuple(f"context_{number}" for number in range(40)),
        np.repeat(np.arange(40), 25),
        differences.reshape(-1, 2) * [1, 0],
        chosen.astype(int).ravel(),
        np.ones(40, dtype=int),
    )
    heavy = spec("choice_weights_no_intercept").with_priors(slopes="StudentT(3, 0, 1)")
    fit = ChoiceWeightsSampler(Sampler(draws=4000, warmup=1000, seed=4)).fit(heavy, data, "tail")
    engines = fit.idata["sample_stats"]["engine"].to_numpy()
    assert (engines[decided] == "nuts").all()
    assert (engines[~decided] == "importance").all()
    slope = np.linspace(-20, 400, 84_001)
    for context in (0, 1, 2, 30):
        mine = data.index == context
        signed = differences[context, :, 0] * np.where(data.selection[mine] == 1, 1, -1)
        log = -np.logaddexp(0, -slope[:, None] * signed).sum(1) - 2 * np.log1p(slope**2 / 3)
        density = np.exp(log - log.max())
        cumulative = np.cumsum(density) / density.sum()
        draws = fit.idata["posterior"]["slopes"].to_numpy()[..., context, 0].ravel()
        for probability in (0.5, 0.975):
            truth = slope[np.searchsorted(cumulative, probability)]
            assert np.mean(draws <= truth) == pytest.approx(probability, abs=0.02)
    light = spec("choice_weights_no_intercept")
    assert set(ChoiceWeightsSampler(SAMPLER).fit(light, data, "light").contexts_by_engine) == {
        "importance"
    }
