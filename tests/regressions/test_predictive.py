from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fits_data import simulated_choices
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.predictive import (
    ImproperPriorError,
    expected_response,
    log_densities,
    posterior_predictive,
    prior_predictive,
    thinned,
)
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling.free_variables import free_variables
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=400, warmup=400, seed=4)


def fit_choices(specification, **options):
    shape = {"contexts": 3, "attributes": 2, "trials": 40} | options
    choices = simulated_choices(**shape)
    data = ChoiceData.from_frame(choices, [f"d{k + 1}" for k in range(shape["attributes"])])
    return ChoiceWeightsSampler(SAMPLER).fit(specification, data, "choices")


@pytest.fixture(scope="module")
def choices():
    """Differences that are not centred, and a strong pull to A."""
    return fit_choices(spec("choice_weights"))


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    reported = random.normal(0.7, 1, 60)
    return pd.DataFrame(
        {
            "context": np.repeat([f"c{n}" for n in range(12)], 5),
            "reported": reported,
            "learned": 0.6 * reported + random.normal(0, 1, 60),
        }
    )


@pytest.fixture(scope="module")
def sampler():
    return RegressionSampler(SAMPLER)


@pytest.fixture(scope="module")
def regression(sampler, rows):
    return sampler.fit(spec("report_accuracy"), rows, "regression")


def utilities(fit, posterior):
    """Log-odds of A from what the fit reports, shape (chain, draw, choice)."""
    slopes = posterior["slopes"].to_numpy()[:, :, fit.data.index]
    found = (slopes * fit.data.differences).sum(-1)
    if "Intercept" in posterior:
        found = found + posterior["Intercept"].to_numpy()[:, :, fit.data.index]
    return found


@pytest.mark.parametrize("name", ["choice_weights", "choice_weights_no_intercept"])
def test_log_likelihood_of_choices_is_that_of_the_reported_parameters(name):
    fit = fit_choices(spec(name))
    tree = log_densities(fit, draws=80)
    sign = np.where(fit.data.selection == 1, 1, -1)
    expected = -np.logaddexp(0, -sign * utilities(fit, tree["posterior"]))
    found = tree["log_likelihood"]["selection"]
    assert found.dims == ("chain", "draw", "observation")
    assert np.allclose(found, expected)
    assert tree["observed_data"]["selection"].to_numpy().tolist() == fit.data.selection.tolist()


def test_log_prior_of_choices_is_on_the_scale_of_the_prior(choices):
    tree = log_densities(choices, draws=80)
    posterior, prior = tree["posterior"], tree["log_prior"]
    assert np.allclose(prior["slopes"], stats.norm.logpdf(posterior["slopes"]))
    # brms's default is on the intercept of centred differences.
    centred = posterior["Intercept"] + (posterior["slopes"].to_numpy() * choices.data.means).sum(-1)
    assert np.allclose(prior["centred_intercept"], stats.t.logpdf(centred, 3, 0, 2.5))


@pytest.mark.parametrize(
    "name", ["report_accuracy", "report_accuracy_student", "report_accuracy_by_context"]
)
def test_log_likelihood_of_regressions_is_that_of_the_reported_parameters(name, sampler, rows):
    fit = sampler.fit(spec(name), rows, name)
    tree = log_densities(fit, draws=80)
    posterior = tree["posterior"]
    slope = posterior["reported"].to_numpy()[..., None]
    if "reported|context" in posterior:
        own = posterior["reported|context"]
        (levels,) = (own[dim].to_numpy() for dim in own.dims[2:])
        slope = slope + own.to_numpy()[..., pd.Index(levels).get_indexer(rows["context"])]
    centre = posterior["Intercept"].to_numpy()[..., None] + slope * rows["reported"].to_numpy()
    sigma = posterior["sigma"].to_numpy()[..., None]
    y = rows["learned"].to_numpy()
    if "nu" in posterior:
        expected = stats.t.logpdf(y, posterior["nu"].to_numpy()[..., None], centre, sigma)
    else:
        expected = stats.norm.logpdf(y, centre, sigma)
    assert np.allclose(tree["log_likelihood"]["learned"], expected)
    assert np.allclose(expected_response(fit, posterior.to_dataset()), centre)


def test_log_prior_of_regressions_is_zero_where_flat(regression, rows):
    tree = log_densities(regression, draws=80)
    posterior, prior = tree["posterior"], tree["log_prior"]
    assert (prior["reported"] == 0).all()
    centred = posterior["Intercept"] + posterior["reported"] * rows["reported"].mean()
    location, scale = (
        regression.spec.priors["Intercept"].numbers(rows["learned"].to_numpy())[key]
        for key in ("mu", "sigma")
    )
    assert np.allclose(prior["Intercept"], stats.t.logpdf(centred, 3, location, scale))
    # Half of the t distribution: twice its density.
    half = stats.t.logpdf(posterior["sigma"], 3, 0, scale) + np.log(2)
    assert np.allclose(prior["sigma"], half)


def test_arviz_takes_the_tree_as_it_is(choices, regression):
    for fit in (choices, regression):
        tree = log_densities(fit)
        assert az.loo(tree).n_data_points == tree["observed_data"].sizes["observation"]
        table = az.psense_summary(tree)
        assert np.isfinite(table[["prior", "likelihood"]].to_numpy()).all()


def test_replicates_come_from_the_posterior_not_from_the_prior(choices):
    tree = posterior_predictive(choices, seed=1, draws=800)
    replicated = tree["posterior_predictive"]["selection"]
    assert replicated.dims == ("chain", "draw", "observation")
    assert replicated.sizes["chain"] * replicated.sizes["draw"] == 800
    expected = 1 / (1 + np.exp(-utilities(choices, tree["posterior"])))
    error = np.sqrt((expected * (1 - expected)).mean((0, 1)) / 800)
    assert (np.abs(replicated.mean(("chain", "draw")) - expected.mean((0, 1))) < 5 * error).all()


def test_replicates_of_regressions_have_the_posteriors_spread(regression):
    tree = posterior_predictive(regression, seed=1, draws=1600)
    replicated = tree["posterior_predictive"]["learned"]
    centre = expected_response(regression, tree["posterior"].to_dataset())
    deviations = ((replicated - centre) / tree["posterior"]["sigma"]).to_numpy()
    assert deviations.std() == pytest.approx(1, abs=0.02)
    assert tree["observed_data"]["learned"].dims == ("observation",)


def test_seeds_decide_and_nothing_else(choices, capfd):
    first, again, other = (
        posterior_predictive(choices, seed, draws=40)["posterior_predictive"]["selection"]
        for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert not first.equals(other)
    prior, same = (prior_predictive(choices, 3, 20)["prior_predictive"] for _ in range(2))
    assert prior.equals(same)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("scale", "low", "high"), [(0.01, 0.0, 0.06), (20, 0.3, 0.6)])
def test_prior_predictive_choices_are_as_decided_as_the_prior(scale, low, high):
    narrow = spec("choice_weights").with_priors(
        slopes=f"Normal(0, {scale})", Intercept="Normal(0, 0.01)"
    )
    tree = prior_predictive(fit_choices(narrow), seed=2, draws=400)
    share = tree["prior_predictive"]["selection"].to_numpy()[0].mean(axis=0)
    assert share.mean() == pytest.approx(0.5, abs=0.03)
    # Of each choice, how far from a toss each draw of the prior decides it.
    drawn = tree["prior"]["slopes"].to_numpy()
    assert drawn.std() == pytest.approx(scale, rel=0.1)
    halves = tree["prior_predictive"]["selection"].to_numpy()[0, :, :40]
    agreement = np.abs(np.corrcoef(halves.T)[np.triu_indices(40, 1)]).mean()
    assert low <= agreement <= high


def test_flat_priors_draw_nothing(regression):
    with pytest.raises(ImproperPriorError, match="reported ~ Flat"):
        prior_predictive(regression, seed=1)


def test_draws_are_thinned_evenly_and_bounded(choices, monkeypatch):
    kept = thinned(choices, 40)
    assert kept.sizes["draw"] == 10
    assert (np.diff(kept["draw"]) >= 40).all()
    assert thinned(choices, 10**9).sizes["draw"] == 400
    with pytest.raises(InputError, match="draws = 3: must be at least 4"):
        thinned(choices, 3)
    monkeypatch.setattr(
        "introspect_bayes.regressions.predictive.LARGEST", 50 * len(choices.data.index)
    )
    assert log_densities(choices)["log_likelihood"].sizes["draw"] == 50 // 4


def test_a_posterior_that_lacks_a_parameter_is_refused(choices, regression):
    for fit, name in ((choices, "slopes"), (regression, "sigma")):
        posterior = thinned(fit, 40)
        known = posterior.drop_vars([name])
        if name == "slopes":
            known = known.drop_vars("Intercept")
        with pytest.raises(InputError, match=name):
            free_variables(fit, known)


def test_a_horseshoe_has_a_likelihood_but_no_log_prior():
    """Its local scales are not kept; what predicts choices are the slopes, which are."""
    sparse = fit_choices(spec("choice_weights").with_priors(slopes="Horseshoe(0.1, 2)"))
    tree = log_densities(sparse, draws=80)
    sign = np.where(sparse.data.selection == 1, 1, -1)
    expected = -np.logaddexp(0, -sign * utilities(sparse, tree["posterior"]))
    assert np.allclose(tree["log_likelihood"]["selection"], expected)
    assert "log_prior" not in tree
    replicated = posterior_predictive(sparse, 1, 800)["posterior_predictive"]["selection"]
    assert float(replicated.mean()) == pytest.approx(sparse.data.selection.mean(), abs=0.05)
    drawn = prior_predictive(sparse, 1, 400)["prior"]["slopes"]
    assert float(np.abs(drawn).median()) < 0.2


def test_other_numbers_of_a_prior_reach_the_densities(choices):
    """The model holds a prior's numbers as data: they must be the fit's own."""
    wide = replace(choices, spec=choices.spec.with_priors(slopes="Normal(0, 4)"))
    tree = log_densities(wide, draws=40)
    expected = stats.norm.logpdf(tree["posterior"]["slopes"], 0, 4)
    assert np.allclose(tree["log_prior"]["slopes"], expected)
