"""Student-t residuals and slopes by context: known truth, and densities computed otherwise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from introspect_bayes.regressions.regression import RegressionSampler, build_bambi_model
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec
from introspect_bayes.specs.prior import Prior

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=1500, warmup=800, seed=5)


@pytest.fixture(scope="module")
def sampler():
    return RegressionSampler(SAMPLER)


def heavy_tailed(n, seed, slope=0.5, scale=0.4, nu=3.0):
    random = np.random.default_rng(seed)
    reported = random.normal(0.3, 1, n)
    residuals = scale * stats.t(nu).rvs(n, random_state=random)
    return pd.DataFrame({"reported": reported, "learned": 0.2 + slope * reported + residuals})


def test_student_regression_recovers_its_parameters(sampler):
    fit = sampler.fit(spec("report_accuracy_student"), heavy_tailed(600, seed=1), "t")
    posterior = fit.idata["posterior"]
    truth = {"Intercept": 0.2, "reported": 0.5, "sigma": 0.4, "nu": 3.0}
    assert set(posterior.data_vars) == truth.keys()
    for name, value in truth.items():
        draws = posterior[name].to_numpy()
        assert abs(draws.mean() - value) < 3 * draws.std(), name
    assert fit.diagnostics.problems == ()
    assert list(fit.hdi()["parameter"]) == list(fit.spec.parameters)


def test_student_regression_withstands_an_outlier_that_sways_the_normal_one(sampler):
    data = heavy_tailed(80, seed=2, nu=50)
    clean = sampler.fit(spec("report_accuracy"), data, "clean").slope().mean
    data.loc[data["reported"].idxmax(), "learned"] = -12.0
    normal = sampler.fit(spec("report_accuracy"), data, "normal").slope().mean
    robust = sampler.fit(spec("report_accuracy_student"), data, "robust").slope().mean
    assert abs(normal - clean) > 0.2
    assert abs(robust - clean) < 0.05


def test_student_density_is_that_of_scipy():
    """Up to a constant: differences of log densities between points, transformations included."""
    data = heavy_tailed(50, seed=3)
    model = build_bambi_model(spec("report_accuracy_student"), data).backend.model
    log_density = model.compile_logp()
    centred = data["reported"] - data["reported"].mean()
    median = round(float(data["learned"].median()), 1)

    def expected(intercept, slope, sigma, nu):
        located = intercept + slope * centred
        return (
            stats.t.logpdf(data["learned"], nu, located, sigma).sum()
            + stats.t.logpdf(intercept, 3, median, 2.5)
            + stats.t.logpdf(sigma, 3, 0, 2.5)
            + stats.gamma.logpdf(nu, 2, scale=10)
            + np.log(sigma * nu)  # both are sampled as logarithms
        )

    points = [(0.0, 0.0, 1.0, 10.0), (0.3, 0.7, 0.3, 2.5), (-0.2, 0.4, 0.6, 40.0)]
    found = [
        float(
            log_density(
                {
                    "Intercept": np.array(a),
                    "reported": np.array(b),
                    "sigma_log__": np.log(s),
                    "nu_log__": np.log(n),
                }
            )
        )
        for a, b, s, n in points
    ]
    assert np.diff(found) == pytest.approx(np.diff([expected(*point) for point in points]))


def grouped(contexts, seed, rows=8, slope=0.5, spread=0.4, sigma=0.5):
    random = np.random.default_rng(seed)
    own = slope + spread * random.normal(size=len(contexts))
    context = np.repeat(np.arange(len(contexts)), rows)
    reported = random.normal(0.4, 1, len(context))
    learned = 0.1 + own[context] * reported + sigma * random.normal(size=len(context))
    names = np.array(contexts)[context]
    data = pd.DataFrame({"context": names, "reported": reported, "learned": learned})
    return data.sample(frac=1, random_state=seed, ignore_index=True), own


def by_context_with_numbers():
    return spec("report_accuracy_by_context").with_priors(
        **{"Intercept": "Normal(0, 3)", "reported": "Normal(0, 2)", "sigma": "HalfNormal(1)",
           "reported|context_sigma": "HalfNormal(1)"}
    )  # fmt: skip


def integrated(data):
    """Posterior means with all coefficients integrated out: they are normal given the scales."""
    names, index = np.unique(data["context"], return_inverse=True)
    x, y = data["reported"].to_numpy(), data["learned"].to_numpy()
    own = np.zeros((len(x), len(names)))
    own[np.arange(len(x)), index] = x
    design = np.column_stack([np.ones_like(x), x - x.mean(), own])
    weights, means, scales = [], [], []
    for log_spread in np.linspace(-5, 1.2, 60):
        prior = design * np.r_[9.0, 4.0, np.full(len(names), np.exp(2 * log_spread))]
        for log_sigma in np.linspace(-1.5, 0.2, 40):
            factor = np.linalg.cholesky(prior @ design.T + np.exp(2 * log_sigma) * np.eye(len(y)))
            white = np.linalg.solve(factor, y)
            log_scales = np.array([log_spread, log_sigma])
            scales.append(np.exp(log_scales))
            half_normal = (log_scales - scales[-1] ** 2 / 2).sum()
            weights.append(half_normal - np.log(np.diag(factor)).sum() - white @ white / 2)
            means.append(prior.T @ np.linalg.solve(factor.T, white))
    probability = np.exp(np.array(weights) - max(weights))
    probability /= probability.sum()
    coefficients = probability @ np.array(means)
    spread, sigma = probability @ np.array(scales)
    deviations = dict(zip(names, coefficients[2:], strict=True))
    return coefficients[1], deviations, spread, sigma


def test_slopes_by_context_are_those_of_integration(sampler):
    data, _ = grouped([f"context {k}" for k in (3, 1, 12, 2, 7, 11)], seed=6)
    fit = sampler.fit(by_context_with_numbers(), data, "integrated")
    slope, deviations, spread, sigma = integrated(data)
    posterior = fit.idata["posterior"].to_dataset()

    def close(draws, value):
        # Fewer independent draws than draws: 600 is a cautious count.
        assert float(draws.mean()) == pytest.approx(value, abs=4 * float(draws.std()) / 600**0.5)

    close(posterior["reported"], slope)
    close(posterior["reported|context_sigma"], spread)
    close(posterior["sigma"], sigma)
    for name, value in deviations.items():
        close(posterior["reported|context"].sel(context__factor_dim=name), value)
    own = fit.slope_by("context").set_index("context")["mean"]
    assert own["context 12"] == pytest.approx(slope + deviations["context 12"], abs=0.03)


def test_by_context_recovers_what_was_simulated(sampler):
    names = [f"c{k}" for k in range(60)]
    data, own = grouped(names, seed=7)
    fit = sampler.fit(spec("report_accuracy_by_context"), data, "recovery")
    posterior = fit.idata["posterior"].to_dataset()
    truth = {"reported": 0.5, "reported|context_sigma": 0.4, "sigma": 0.5, "Intercept": 0.1}
    for name, value in truth.items():
        assert abs(float(posterior[name].mean()) - value) < 3 * float(posterior[name].std()), name
    table = fit.slope_by("context").set_index("context").loc[names]
    inside = (table["hdi_low"] < own) & (own < table["hdi_high"])
    assert stats.binomtest(int(inside.sum()), 60, 0.95).pvalue > 0.01
    assert fit.diagnostics.problems == ()
    labels = set(fit.hdi()["parameter"])
    assert {"reported", "reported|context[c7]", "reported|context_sigma"} < labels
    # What the posterior holds is what Bambi needs to predict.
    predicted = fit.model.predict(fit.idata.copy(), data=data.head(3), inplace=False)
    assert predicted["posterior"]["mu"].shape[-1] == 3


@pytest.mark.slow  # day by day: test_regression.py, of other levels and of new data
def test_other_contexts_need_no_compilation_unless_their_number_changes(compilations):
    sampler = RegressionSampler(Sampler(draws=200, warmup=200, chains=2))
    for contexts, rows, compiled in (("pqrst", 6, 1), ("zyxwv", 9, 1), ("pqr", 6, 2)):
        data, _ = grouped(list(contexts), seed=8, rows=rows)
        fit = sampler.fit(spec("report_accuracy_by_context"), data, "contexts")
        assert list(fit.slope_by("context")["context"]) == sorted(contexts)
        assert len(compilations) == compiled


def test_varying_intercepts_and_other_distributions_are_sampled():
    slopes = spec("report_accuracy_by_context")
    priors = {
        **slopes.priors,
        "1|context": Prior("StudentT", {"nu": 4, "mu": 0, "sigma": "1|context_sigma"}),
        "1|context_sigma": slopes.priors["reported|context_sigma"],
    }
    formula = "learned ~ reported + (1 + reported | context)"
    model = replace(slopes, formula=formula, priors=priors)
    data, _ = grouped([f"c{k}" for k in range(12)], seed=9)
    data["learned"] += data["context"].map({f"c{k}": 3.0 * (k % 2) for k in range(12)})
    fit = RegressionSampler(Sampler(draws=400, warmup=400)).fit(model, data, "both")
    intercepts = fit.idata["posterior"]["1|context"].mean(("chain", "draw"))
    even = intercepts.sel(context__factor_dim=[f"c{k}" for k in range(0, 12, 2)])
    odd = intercepts.sel(context__factor_dim=[f"c{k}" for k in range(1, 12, 2)])
    assert float(odd.mean() - even.mean()) == pytest.approx(3.0, abs=0.5)
