from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.fits import RegressionSampler, Sampler, build_bambi_model
from introspect_bayes.fits.regression import with_shared_data
from introspect_bayes.specs import Prior, spec

SAMPLER = Sampler(draws=2000, warmup=800, seed=3)


@pytest.fixture(scope="module")
def sampler():
    return RegressionSampler(SAMPLER)


def rows(n, seed=0, slope=0.6, shift=0.7):
    random = np.random.default_rng(seed)
    reported = random.normal(shift, 1, n)
    return pd.DataFrame(
        {"reported": reported, "learned": slope * reported + random.normal(0, 1, n)}
    )


def test_flat_slope_has_the_least_squares_posterior(sampler):
    """With a flat prior the slope is a shifted t: mean and HDI known in closed form."""
    data = rows(60)
    fit = sampler.fit(spec("report_accuracy"), data, "closed form")
    x, y = data["reported"] - data["reported"].mean(), data["learned"]
    b = (x * y).sum() / (x**2).sum()
    residual = y - y.mean() - b * x
    se = np.sqrt((residual**2).sum() / (len(data) - 2) / (x**2).sum())
    slope = fit.slope()
    assert slope.mean == pytest.approx(b, abs=4 * slope.mean_error)
    # The weak prior of sigma moves the width by under 2%.
    assert slope.high - slope.low == pytest.approx(2 * 2.002 * se, rel=0.06)


def test_posterior_is_that_of_bambi_itself(sampler):
    data = rows(50, seed=2)
    fit = sampler.fit(spec("report_accuracy"), data, "against Bambi")
    theirs = build_bambi_model(spec("report_accuracy"), data).fit(
        draws=2000, tune=800, random_seed=9, progressbar=False, inference_method="nutpie"
    )
    for name in ("Intercept", "reported", "sigma"):
        ours, other = fit.idata["posterior"][name], theirs["posterior"][name]
        error = float(ours.std()) / np.sqrt(2000)
        assert abs(float(ours.mean() - other.mean())) < 5 * error
        assert float(ours.std()) == pytest.approx(float(other.std()), rel=0.08)


def test_new_data_of_another_length_needs_no_compilation():
    sampler = RegressionSampler(Sampler(draws=500, warmup=300))
    centred = [rows(41), rows(67, seed=1, slope=-0.5)]
    for data in centred:  # brms's default priors depend on the median: here the same
        data["learned"] -= data["learned"].median()
    first = sampler.fit(spec("report_accuracy"), centred[0], "one")
    second = sampler.fit(spec("report_accuracy"), centred[1], "two")
    assert len(sampler._compiled) == 1
    assert first.slope().low > 0 > second.slope().high


def test_effect_is_averaged_with_equal_weights_over_unequal_groups(sampler):
    slopes = {"a": (0.2, 0.5), "b": (0.1, 0.9)}
    sizes = {"a": 900, "b": 150}
    parts = [
        rows(sizes[model], seed=7 * t + ord(model), slope=slope, shift=0).assign(
            base_model=model, introspection_trained=t
        )
        for model, pair in slopes.items()
        for t, slope in enumerate(pair)
    ]
    data = pd.concat(parts, ignore_index=True)
    fit = sampler.fit(spec("introspection_training"), data, "effect")
    difference = fit.slope_difference("reported", "introspection_trained", "base_model")
    by_model = [
        np.polyfit(p["reported"], p["learned"], 1)[0]
        * (1 if p["introspection_trained"].iloc[0] else -1)
        for p in parts
    ]
    assert difference.mean == pytest.approx(
        sum(by_model) / 2, abs=5 * difference.mean_error + 0.005
    )
    assert fit.diagnostics.problems == ()
    assert set(fit.hdi()["parameter"]) == set(spec("introspection_training").parameters)


def test_every_coefficient_is_the_least_squares_one(sampler):
    """Predictors far from zero, interactions and intercept included: flat priors, so OLS."""
    parts = [
        rows(200, seed=11 * t + ord(model), slope=s, shift=2.0).assign(
            base_model=model, introspection_trained=t
        )
        for (model, t), s in {("a", 0): 0.1, ("a", 1): 0.6, ("b", 0): 0.3, ("b", 1): 0.2}.items()
    ]
    data = pd.concat(parts, ignore_index=True)
    fit = sampler.fit(spec("introspection_training"), data, "coefficients")
    r, t, m = data["reported"], data["introspection_trained"], (data["base_model"] == "b")
    columns = {
        "Intercept": np.ones(len(data)),
        "reported": r,
        "introspection_trained": t,
        "base_model": m,
        "reported:introspection_trained": r * t,
        "reported:base_model": r * m,
        "introspection_trained:base_model": t * m,
        "reported:introspection_trained:base_model": r * t * m,
    }
    design = np.column_stack([np.asarray(c, dtype=float) for c in columns.values()])
    exact = np.linalg.lstsq(design, data["learned"], rcond=None)[0]
    table = fit.hdi().set_index("parameter")
    for name, value in zip(columns, exact, strict=True):
        sd = (table.loc[name, "hdi_high"] - table.loc[name, "hdi_low"]) / 3.92
        assert table.loc[name, "mean"] == pytest.approx(value, abs=0.1 * sd), name


def test_compiled_fits_are_reused_only_for_the_same_priors_and_levels():
    sampler = RegressionSampler(Sampler(draws=300, warmup=300))
    tight, wide = (Prior("Normal", {"mu": 0, "sigma": s}) for s in (0.01, 10))
    plain = spec("report_accuracy")
    sigma = plain.priors["sigma"]
    first = replace(plain, priors={"Intercept": tight, "reported": wide, "sigma": sigma})
    second = replace(plain, priors={"reported": tight, "Intercept": wide, "sigma": sigma})
    data = rows(80, shift=0)
    assert sampler.fit(first, data, "one").slope().mean > 0.3
    assert abs(sampler.fit(second, data, "two").slope().mean) < 0.1
    parts = [
        rows(40, seed=i).assign(base_model=m, introspection_trained=t)
        for i, (m, t) in enumerate([("a", 0), ("a", 1), ("b", 0), ("b", 1)])
    ]
    data = pd.concat(parts, ignore_index=True)
    renamed = data.assign(base_model=data["base_model"].map({"a": "b", "b": "c"}))
    for frame, level in ((data, "b"), (renamed, "c")):
        fit = sampler.fit(spec("introspection_training"), frame, "levels")
        assert fit.idata["posterior"]["base_model"].coords["base_model_dim"].to_numpy() == [level]


def test_one_base_model_drops_the_factor(sampler):
    parts = [
        rows(80, seed=t, slope=s).assign(base_model="only", introspection_trained=t)
        for t, s in enumerate((0.1, 0.7))
    ]
    fit = sampler.fit(spec("introspection_training"), pd.concat(parts, ignore_index=True), "one")
    assert "base_model" not in fit.spec.formula
    difference = fit.slope_difference("reported", "introspection_trained", "base_model")
    assert difference.low > 0


def test_arrays_that_the_model_lacks_are_refused():
    built = build_bambi_model(spec("report_accuracy"), rows(20)).backend.model
    with pytest.raises(RuntimeError, match="'design' 0 times"):
        with_shared_data(built, {"design": np.zeros((3, 1))})
