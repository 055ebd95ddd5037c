import numpy as np
import pandas as pd
import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import RegressionSampler, build_bambi_model
from introspect_bayes.sampling.compiled_models import forget_compiled
from introspect_bayes.sampling.intervals import estimate
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.sampling.shared_data import with_shared_data
from introspect_bayes.specs import Specification, spec
from introspect_bayes.specs.prior import Prior

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=2000, warmup=800, seed=3)


@pytest.fixture(scope="module", params=["importance", "nuts"])
def sampler(request):
    return RegressionSampler(SAMPLER, engine=request.param)


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


def test_new_data_of_another_length_needs_no_compilation(compilations):
    sampler = RegressionSampler(Sampler(draws=500, warmup=300), engine="nuts")
    # brms's default priors depend on the median, which differs.
    first = sampler.fit(spec("report_accuracy"), rows(41), "one")
    second = sampler.fit(spec("report_accuracy"), rows(67, seed=1, slope=-0.5) - 4, "two")
    assert len(compilations) == 1
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
    difference = estimate(fit.slope_difference("reported", "introspection_trained", "base_model"))
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


def by_model(pairs):
    return pd.concat(
        [
            rows(40, seed=i).assign(base_model=m, introspection_trained=t)
            for i, (m, t) in enumerate(pairs)
        ],
        ignore_index=True,
    )


def test_levels_are_those_of_the_data_and_only_their_number_needs_compiling(compilations):
    sampler = RegressionSampler(Sampler(draws=100, warmup=100), engine="nuts")
    for models, compiled in (("ab", 1), ("bc", 1), ("abc", 2)):
        data = by_model([(m, t) for m in models for t in (0, 1)])
        fit = sampler.fit(spec("introspection_training"), data, "levels")
        levels = fit.idata["posterior"]["base_model"].coords["base_model_dim"].to_numpy()
        assert list(levels) == list(models[1:])
        assert len(compilations) == compiled
    assert {"base_model[b]", "base_model[c]"} < set(fit.hdi()["parameter"])


@pytest.mark.parametrize(
    "priors",
    [
        {
            "Intercept": "Uniform(-{}, 2)",
            "reported": "Horseshoe(0.{}, 2)",
            "sigma": "Exponential({})",
        },
        pytest.param(
            {
                "Intercept": "StudentT({}, 0.5, 1)",
                "reported": "Laplace(0.{}, 2)",
                "sigma": "Gamma({}, 3)",
            },
            marks=pytest.mark.slow,  # day by day: the priors above
        ),
    ],
)
def test_other_prior_numbers_need_no_compilation_and_give_what_a_fresh_one_gives(
    priors, compilations
):
    data = rows(40)
    few, many = (
        spec("report_accuracy").with_priors(**{k: v.format(n) for k, v in priors.items()})
        for n in (1, 4)
    )
    settings = Sampler(draws=100, warmup=200, chains=2)
    sampler = RegressionSampler(settings, engine="nuts")
    before = sampler.fit(few, data, "same").idata["posterior"].to_dataset()
    exchanged = sampler.fit(many, data, "same").idata["posterior"].to_dataset()
    assert len(compilations) == 1
    forget_compiled()
    fresh = (
        RegressionSampler(settings, engine="nuts")
        .fit(many, data, "same")
        .idata["posterior"]
        .to_dataset()
    )
    assert len(compilations) == 2
    # Starting points included: a prior's numbers leave no trace in the next fit.
    assert exchanged.equals(fresh)
    assert not exchanged.equals(before)
    again = sampler.fit(few, data, "same").idata["posterior"].to_dataset()
    assert again.equals(before)
    assert len(compilations) == 2


def test_priors_of_the_same_kind_go_to_their_own_parameters(compilations):
    sampler = RegressionSampler(Sampler(draws=300, warmup=300), engine="nuts")
    plain = spec("report_accuracy")
    data = rows(80, shift=0)
    tight, wide = "Normal(0, 0.01)", "Normal(0, 10)"
    first = sampler.fit(plain.with_priors(Intercept=tight, reported=wide), data, "one")
    second = sampler.fit(plain.with_priors(Intercept=wide, reported=tight), data, "two")
    assert first.slope().mean > 0.3
    assert abs(second.slope().mean) < 0.1
    assert len(compilations) == 1


def test_importance_sampling_compiles_nothing_and_leaves_no_trace(compilations):
    forget_compiled()  # or an earlier test's chains may have compiled it
    sampler = RegressionSampler(Sampler(draws=300), engine="importance")
    plain, data = spec("report_accuracy"), rows(40)
    tight = plain.with_priors(reported="Normal(0, 0.01)")
    first = sampler.fit(tight, data, "same").idata["posterior"].to_dataset()
    sampler.fit(tight, rows(67, seed=1) - 4, "other")
    again = sampler.fit(tight, data, "same").idata["posterior"].to_dataset()
    assert again.equals(first)
    assert abs(float(first["reported"].mean())) < 0.05
    assert sampler.fit(plain, data, "same").slope().mean > 0.3
    assert compilations == []


def test_chains_take_over_where_importance_sampling_falls_short():
    """Three rows and a flat prior: the slope's posterior is a t with one degree of freedom."""
    data = rows(3, shift=0)
    settings = Sampler(draws=300, warmup=300)
    forced = RegressionSampler(settings, engine="importance").fit(
        spec("report_accuracy"), data, "few"
    )
    assert forced.engine == "importance"
    fit = RegressionSampler(settings).fit(spec("report_accuracy"), data, "few")
    assert fit.engine == "nuts"


@pytest.mark.parametrize(
    "learned", [[0.0, 1.0, 3.0, 4.0], [2.0, 2.0, 2.0, 2.0]], ids=["on a line", "constant"]
)
def test_degenerate_rows_end_in_diagnostics_not_in_errors(learned):
    data = pd.DataFrame({"reported": [0.0, 1.0, 3.0, 4.0], "learned": learned})
    fit = RegressionSampler(Sampler(draws=300), engine="importance").fit(
        spec("report_accuracy"), data, "degenerate"
    )
    assert np.isfinite(fit.idata["posterior"]["reported"]).all()
    assert fit.diagnostics.problems


def test_importance_sampling_refuses_what_it_cannot_do():
    grouped = spec("report_accuracy_by_context")
    sampler = RegressionSampler(SAMPLER, engine="importance")
    with pytest.raises(InputError, match="take the engine nuts or auto"):
        sampler.fit(grouped, rows(20).assign(context="a"), "no")


def test_a_hyperparameter_is_shared_and_in_the_posterior():
    """Given the coefficients, their scale has a density known up to its integral."""
    scaled = spec("report_accuracy").with_priors(
        Intercept="Normal(0, scale)", reported="Normal(0, scale)", scale="HalfNormal(1)"
    )
    data = rows(400, shift=2.0)
    fit = RegressionSampler(SAMPLER).fit(scaled, data, "hyperparameter")
    posterior = fit.idata["posterior"].to_dataset()
    centred = posterior["Intercept"] + posterior["reported"] * data["reported"].mean()
    squares = (centred**2 + posterior["reported"] ** 2).to_numpy().reshape(-1, 1)[::20]
    grid = (np.arange(1, 2000) + 0.5) / 400
    log_density = -(grid**2) / 2 - 2 * np.log(grid) - squares / (2 * grid**2)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    expected = (density / density.sum(axis=1, keepdims=True)) @ grid
    assert float(posterior["scale"].mean()) == pytest.approx(expected.mean(), abs=0.02)
    assert fit.diagnostics.problems == ()
    names = [variable.name for variable in fit.model.backend.model.free_RVs]
    assert sorted(names) == ["Intercept", "reported", "scale", "sigma"]
    assert "sigma: scale" in str(fit.model)


def test_one_base_model_drops_the_factor(sampler):
    parts = [
        rows(80, seed=t, slope=s).assign(base_model="only", introspection_trained=t)
        for t, s in enumerate((0.1, 0.7))
    ]
    fit = sampler.fit(spec("introspection_training"), pd.concat(parts, ignore_index=True), "one")
    assert "base_model" not in fit.spec.formula
    difference = estimate(fit.slope_difference("reported", "introspection_trained", "base_model"))
    assert difference.low > 0


def test_choices_are_not_a_regression(sampler):
    with pytest.raises(InputError, match="choice_weights: a model of choices"):
        sampler.fit(spec("choice_weights"), rows(20), "choices")


def test_no_intercept_means_uncentred_predictors(sampler):
    data = rows(60, seed=4)
    through_origin = Specification(
        "origin", "t", "s", "b", "learned ~ 0 + reported", "gaussian",
        {"reported": Prior("Flat", {}), "sigma": Prior("HalfNormal", {"sigma": 2})},
    )  # fmt: skip
    slope = sampler.fit(through_origin, data, "origin").slope()
    x, y = data["reported"], data["learned"]
    assert slope.mean == pytest.approx((x * y).sum() / (x**2).sum(), abs=5 * slope.mean_error)


def test_arrays_that_the_model_lacks_are_refused():
    built = build_bambi_model(spec("report_accuracy"), rows(20)).backend.model
    with pytest.raises(RuntimeError, match="'design' 0 times"):
        with_shared_data(built, {"design": np.zeros((3, 1))})
    response = rows(20)["learned"].to_numpy()
    with pytest.raises(RuntimeError, match="perhaps as another array"):
        with_shared_data(built, {"response": response, "again": response})
