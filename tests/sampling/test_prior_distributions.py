import numpy as np
import nutpie
import pandas as pd
import pymc as pm
import pytensor
import pytest
from scipy.integrate import quad
from scipy.stats import beta, kstest, norm

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import build_bambi_model
from introspect_bayes.sampling.nuts import Sampler, run_nuts
from introspect_bayes.sampling.prior_distributions import correlation_cholesky, prior_variable
from introspect_bayes.specs import spec
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.reading_priors import read_prior
from prior_examples import EXAMPLES

pytestmark = pytest.mark.compiles


def below(bound, tau, c):
    """Probability that a regularized horseshoe is below a bound: its local scale integrated out."""

    def given_local(angle):  # tan of a uniform angle is half-Cauchy
        scale = tau * np.tan(angle)
        return norm.cdf(bound * np.sqrt(c**2 + scale**2) / (c * scale)) * 2 / np.pi

    return quad(given_local, 0, np.pi / 2)[0]


@pytest.mark.parametrize(("tau", "c"), [(0.1, 2.0), (1.0, 0.5)])
def test_horseshoe_has_the_distribution_of_its_formula(tau, c):
    prior = Prior("Horseshoe", {"tau": tau, "c": c})
    with pm.Model():
        slopes = prior_variable(prior, "slopes", prior.numbers(), shape=(50_000,))
    draws = pm.draw(slopes, random_seed=11)
    for bound in (-2 * c, -c / 2, -tau, -tau / 10, tau / 10, tau, c, 2 * c):
        exact = below(bound, tau, c)
        error = np.sqrt(exact * (1 - exact) / draws.size)
        assert (draws < bound).mean() == pytest.approx(exact, abs=4 * error + 1e-6), bound
    # The slab keeps even the largest about as near as a Normal(0, c) would.
    assert np.abs(draws).max() < 6 * c


@pytest.mark.parametrize("dist", EXAMPLES)
def test_numbers_may_be_shared_and_are_exchanged(dist):
    args = EXAMPLES[dist]
    with pm.Model() as fixed:
        prior_variable(Prior(dist, args), "x", args)
    held = {
        name: pytensor.shared(np.float64(value * 1.5), name=name) for name, value in args.items()
    }
    with pm.Model() as exchanged:
        prior_variable(Prior(dist, args), "x", held)
    for name, value in args.items():
        held[name].set_value(np.float64(value))
    for x in (-0.3, 0.4, 1.1):
        point = {next(iter(fixed.initial_point())): np.float64(x)}
        assert exchanged.compile_logp()(point) == pytest.approx(float(fixed.compile_logp()(point)))


def test_dims_and_hyperparameters():
    prior = read_prior("Horseshoe(tau, 2)")
    with pm.Model(coords={"context": ["a", "b"], "attribute": [1, 2, 3]}) as model:
        tau = prior_variable(read_prior("HalfCauchy(0.5)"), "tau", {"beta": 0.5})
        numbers = {**prior.numbers(), "tau": tau}
        slopes = prior_variable(prior, "slopes", numbers, dims=("context", "attribute"))
    assert slopes.eval().shape == (2, 3)
    assert model.named_vars_to_dims["slopes"] == ("context", "attribute")
    assert {v.name for v in model.free_RVs} == {"tau", "slopes_local", "slopes_z"}


def test_a_missing_argument_gets_no_default():
    prior = read_prior("Normal(0, scale)")
    with pm.Model(), pytest.raises(InputError, match=r"slopes ~ .* no value for sigma"):
        prior_variable(prior, "slopes", prior.numbers())


def test_specifications_take_a_horseshoe():
    sparse = spec("choice_weights").with_priors(slopes="Horseshoe(0.1, 2)")
    assert str(sparse.priors["slopes"]) == "Horseshoe(tau=0.1, c=2)"


def test_bambi_draws_from_our_horseshoe_and_not_from_its_own():
    sparse = spec("report_accuracy").with_priors(
        Intercept="Normal(0, 1)", reported="Horseshoe(0.1, 2)", sigma="HalfNormal(1)"
    )
    rows = pd.DataFrame({"learned": [0.1, 0.9, 0.4], "reported": [0.0, 1.0, 0.5]})
    model = build_bambi_model(sparse, rows)
    assert "reported ~ Horseshoe(tau: 0.1, c: 2.0)" in str(model)
    draws = pm.draw(model.backend.model["reported"], draws=20_000, random_seed=3)
    for bound in (-0.1, 0.05, 0.5):
        exact = below(bound, 0.1, 2.0)
        assert (draws < bound).mean() == pytest.approx(exact, abs=4 * np.sqrt(0.25 / draws.size))


def test_correlations_have_the_lkj_distribution():
    # Marginally, (r + 1) / 2 ~ Beta(eta - 1 + n / 2, same): Lewandowski et al. 2009, section 3.2.
    eta, size = 3.0, 3
    prior = Prior("LKJCorr", {"eta": eta})
    with pm.Model(coords={"row": list("abc"), "column": list("abc")}) as model:
        factor = correlation_cholesky(prior, "r", prior.numbers(), ("row", "column"))
        pm.Deterministic("factor", factor)
    compiled = nutpie.compile_pymc_model(model)
    posterior = run_nuts(compiled, Sampler(draws=1000, warmup=400), "r").posterior
    matrices = posterior["r"].to_numpy()
    np.testing.assert_allclose(np.diagonal(matrices, axis1=-2, axis2=-1), 1)
    factors = posterior["factor"].to_numpy()
    np.testing.assert_allclose(factors @ factors.swapaxes(-1, -2), matrices, atol=1e-12)
    marginal = beta(eta - 1 + size / 2, eta - 1 + size / 2, loc=-1, scale=2)
    for row, column in ((0, 1), (0, 2), (1, 2)):
        independent = matrices[:, ::4, row, column].ravel()
        assert kstest(independent, marginal.cdf).pvalue > 0.001


def test_only_lkj_is_a_prior_of_correlation_matrices():
    lkj, normal = Prior("LKJCorr", {"eta": 1}), Prior("Normal", {"mu": 0, "sigma": 1})
    with pm.Model(coords={"row": [0, 1], "column": [0, 1]}):
        with pytest.raises(InputError, match="correlation_cholesky adds one"):
            prior_variable(lkj, "r", lkj.numbers())
        with pytest.raises(InputError, match="needs LKJCorr"):
            correlation_cholesky(normal, "r", normal.numbers(), ("row", "column"))
