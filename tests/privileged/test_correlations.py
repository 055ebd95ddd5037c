import numpy as np
import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.privileged.correlation_data import CorrelationData, Moments
from introspect_bayes.privileged.correlation_model import build_correlation_model, log_density
from introspect_bayes.privileged.correlations import (
    CorrelationSampler,
    constrained,
    unconstrained,
    unit_log_density,
)
from introspect_bayes.privileged.unit_adjustment import adjust_for_units, unit_derivatives
from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.finished_fits import FinishedFits
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SPEC = spec("privileged_access")
NAMES = ("weights of a", "weights of b", "reports of a", "reports of b")
TRUE = np.array([[1, 0.5, 0.7, 0.4], [0.5, 1, 0.3, 0.6], [0.7, 0.3, 1, 0.5], [0.4, 0.6, 0.5, 1]])


def normal_rows(count, seed=0, gaps=0.0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 4)) @ np.linalg.cholesky(TRUE).T
    rows[random.random(rows.shape) < gaps] = np.nan
    return CorrelationData(rows, NAMES, np.repeat(np.arange(-(-count // 5)), 5)[:count])


@pytest.fixture(scope="module")
def sampler():
    return CorrelationSampler(Sampler(draws=1500, warmup=500, seed=3))


@pytest.fixture(scope="module")
def complete():
    return normal_rows(500)


@pytest.fixture(scope="module")
def fit(sampler, complete):
    return sampler.fit(SPEC, complete, "complete")


def test_complete_rows_give_the_sample_correlations(fit, complete):
    """With 500 rows and a flat prior, means are Pearson's r less a little; deviations are his."""
    r = np.corrcoef(complete.values.T)
    upper = np.triu_indices(4, 1)
    draws = fit.draws("model_posterior")[..., upper[0], upper[1]].reshape(-1, 6)
    by_hand = (1 - r[upper] ** 2) / np.sqrt(500)
    assert draws.mean(axis=0) == pytest.approx(r[upper], abs=0.01)
    assert draws.std(axis=0) == pytest.approx(by_hand, rel=0.06)
    assert fit.diagnostics.problems == ()
    assert fit.idata["sample_stats"]["engine"].item() == "importance"


@pytest.mark.slow
def test_nuts_agrees_with_importance_sampling(fit, complete):
    chains = CorrelationSampler(Sampler(draws=1500, warmup=500, seed=4), engine="nuts")
    other = chains.fit(SPEC, complete, "complete")
    assert other.diagnostics.problems == ()
    assert other.idata["sample_stats"]["engine"].to_numpy().flat[0] == "nuts"
    for group in ("model_posterior", "posterior"):
        mine, theirs = (f.draws(group).reshape(-1, 16) for f in (fit, other))
        deviation = mine.std(axis=0)
        # Errors of two means of about 2,000 effective draws each, four of them allowed.
        assert np.abs(mine.mean(axis=0) - theirs.mean(axis=0)).max() < 4 * 0.032 * deviation.max()
        assert theirs.std(axis=0) == pytest.approx(deviation, rel=0.1, abs=1e-9)


def test_rows_with_gaps_have_the_density_of_pymcs_multivariate_normal():
    import pymc as pm

    data = normal_rows(60, seed=1, gaps=0.3)
    random = np.random.default_rng(2)
    location, scale = random.normal(size=4), random.uniform(0.5, 2, 4)
    given = (location, scale, TRUE)
    symbols = [*map(array_symbol, given)]
    moments = Moments(*map(array_symbol, data.moments))
    function = array_function([*symbols, *moments], log_density(moments, *symbols))
    found = function(*given, *data.moments)
    covariance = TRUE * np.outer(scale, scale)
    expected = np.zeros(12)
    for row, unit in zip(data.values, data.units, strict=True):
        seen = np.flatnonzero(~np.isnan(row))
        if len(seen):
            normal = pm.MvNormal.dist(location[seen], cov=covariance[np.ix_(seen, seen)])
            expected[unit] += pm.logp(normal, row[seen]).eval(mode="FAST_COMPILE")
    assert found == pytest.approx(expected)


def array_symbol(array):
    import pytensor.tensor as pt

    return pt.tensor(dtype="float64", shape=np.shape(array))


def test_a_missing_variable_is_told_by_the_others(sampler):
    """Reports missing where weights are low: complete rows mislead, all rows do not."""
    random = np.random.default_rng(5)
    weights = random.normal(size=4000)
    reports = 0.8 * weights + 0.6 * random.normal(size=4000)
    helper = weights + 0.3 * random.normal(size=4000)
    reports[weights + random.normal(size=4000) < 0] = np.nan
    data = CorrelationData(
        np.column_stack([weights, helper, reports]), ("w", "h", "r"), np.arange(4000)
    )
    draws = sampler.fit(SPEC, data, "gaps").draws("model_posterior")[..., 0, 2]
    told = ~np.isnan(reports)
    assert np.corrcoef(weights[told], reports[told])[0, 1] < 0.75
    assert abs(draws.mean() - 0.8) < 4 * draws.std()


def test_prior_of_correlations_is_lkj(sampler):
    """Without rows the posterior is the prior: 2 Beta(eta + 1, eta + 1) - 1 in a 4 x 4 matrix."""
    from scipy import stats

    nothing = CorrelationData(np.full((3, 4), np.nan), NAMES, np.arange(3))
    model = build_correlation_model(SPEC.with_priors(correlation="LKJCorr(2)"), nothing)
    import pymc as pm

    with model:
        drawn = pm.draw(model["correlation"], 4000, random_seed=1, mode="FAST_COMPILE")
    for row, column in ((1, 0), (3, 0), (3, 2)):
        beta = stats.beta(3, 3, loc=-1, scale=2)
        assert stats.kstest(drawn[:, row, column], beta.cdf).pvalue > 0.001
    assert np.linalg.eigvalsh(drawn).min() > 0


def test_prior_can_be_swapped_without_a_new_model(sampler, complete, fit):
    narrow = SPEC.with_priors(correlation="LKJCorr(500)")
    drawn = sampler.fit(narrow, complete, "complete").draws("model_posterior")[..., 0, 2]
    assert drawn.mean() < fit.draws("model_posterior")[..., 0, 2].mean() - 0.1


def test_fits_of_one_structure_name_their_own_variables(sampler, complete, fit):
    others = tuple(f"another's {name}" for name in NAMES)
    other = sampler.fit(SPEC, CorrelationData(complete.values, others, complete.units), "others")
    for made, names in ((fit, NAMES), (other, others)):
        for group in ("posterior", "model_posterior"):
            for dim in ("variable", "other_variable"):
                assert tuple(made.idata[group][dim].to_numpy()) == names


def test_hyperparameters_are_sampled(complete):
    pooled = SPEC.with_priors(location="Normal(0, location_scale)", location_scale="HalfNormal(1)")
    model = build_correlation_model(pooled, complete)
    names = [variable.name for variable in model.free_RVs]
    assert names == ["location_scale", "location", "scale", "correlation_partial"]


def test_another_family_is_refused(sampler, complete):
    with pytest.raises(InputError, match="needs the family 'correlation_matrix'"):
        sampler.fit(spec("report_accuracy"), complete, "x")


def test_finished_fits_are_found_again(tmp_path, complete):
    sampler = CorrelationSampler(Sampler(draws=500, seed=1), finished=FinishedFits(tmp_path))
    first, second = (sampler.fit(SPEC, complete, "x") for _ in range(2))
    assert np.array_equal(first.draws(), second.draws())
    shown = [f.estimates("r", lambda draws: draws[..., 0, 1:3]) for f in (first, second)]
    assert shown[0] == shown[1]
    others = CorrelationData(complete.values, NAMES, np.arange(500))
    assert not np.array_equal(sampler.fit(SPEC, others, "x").draws(), first.draws())


def test_unconstrained_parameters_lead_back(fit):
    posterior = fit.idata["posterior"]
    parts = [posterior[name].to_numpy()[0, :50] for name in ("location", "scale", "correlation")]
    again = constrained(unconstrained(*parts), 4)
    for mine, theirs in zip(again, parts, strict=True):
        assert mine == pytest.approx(theirs)


def test_gradients_of_all_units_vanish_at_the_summit(complete):
    """At the maximum likelihood estimates, known in closed form, the units' gradients cancel."""
    values = complete.values
    place = unconstrained(
        values.mean(axis=0)[None], values.std(axis=0)[None], np.corrcoef(values.T)[None]
    )[0]
    gradients, information = unit_derivatives(place, unit_log_density(complete))
    assert gradients.shape == (100, 14)
    assert np.abs(gradients.sum(axis=0)).max() < 1e-3 * np.abs(gradients).sum(axis=0).min()
    # Locations: the inverse covariance once for each of a context's five rows.
    expected = 5 * np.linalg.inv(np.cov(values.T, ddof=0))
    assert information[:, :4, :4] == pytest.approx(np.tile(expected, (100, 1, 1)), rel=1e-4)
    assert np.linalg.eigvalsh(information.sum(axis=0)).min() > 0


def test_units_that_tell_much_are_left_out_as_the_jackknife_leaves_them_out():
    """A normal mean of units of unequal size: what one step leaves is the mean of the others."""
    random = np.random.default_rng(11)
    sizes = np.array([150, *[10] * 19])
    means = random.normal(size=20)
    total, rows = (sizes * means).sum(), sizes.sum()
    without = (total - sizes * means) / (rows - sizes)
    draws = total / rows + random.normal(size=(20_000, 1)) / np.sqrt(rows)

    def density(points):
        return -sizes * (means[None] - points) ** 2 / 2

    jackknife = np.sqrt(19 / 20 * ((without - total / rows) ** 2).sum())
    student = 2.093 / 1.960  # 19 degrees of freedom
    adjusted = adjust_for_units(draws, density).std()
    assert adjusted == pytest.approx(student * jackknife, rel=0.02)
    gradients = sizes * (means - total / rows) / rows
    assert adjusted > 1.05 * student * np.sqrt(20 / 19 * (gradients**2).sum())  # no unit left out


def test_adjustment_of_a_mean_is_the_spread_of_units():
    """A normal mean of rows that come five times each: sqrt(5) times as uncertain."""
    random = np.random.default_rng(7)
    units = random.normal(size=200)
    values = np.repeat(units, 5)
    draws = values.mean() + random.normal(size=(20_000, 1)) / np.sqrt(len(values))

    def density(points):
        return -5 * (units[None] - points) ** 2 / 2

    adjusted = adjust_for_units(draws, density)
    assert adjusted.mean() == pytest.approx(draws.mean())
    wanted = units.std(ddof=1) / np.sqrt(200) * 1.972 / 1.960  # t with 199 degrees of freedom
    assert adjusted.std() == pytest.approx(wanted, rel=0.02)
    few = adjust_for_units(draws, lambda points: density(points)[:, :9])
    assert np.array_equal(few, draws)
