"""The joint model's density against what the equations say, computed independently."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import bernoulli, multivariate_t, norm

from introspect_bayes.errors import InputError
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.fit import JointSampler, moments_of_rho
from introspect_bayes.joint_model.model import build_joint_model
from introspect_bayes.joint_model.ranks import joint_design
from introspect_bayes.joint_model.sampling_model import LATENT_DIMS, latent_variables, sampling_data
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SPEC = spec("joint_accuracy")
FIGURES, SETS = 2, 3


@pytest.fixture(scope="module")
def data():
    """Three contexts of 2, 3 and 4 attributes, the second without reports before training."""
    random = np.random.default_rng(3)
    design = joint_design(1)
    choices = design.choices.take(np.arange(3))
    choices = replace(choices, selection=random.integers(0, 2, len(choices.index)))
    counts = np.array([[4.0, 0.0, 2.0], [4.0, 4.0, 1.0]])
    shape = (FIGURES, 3, 4)
    there = counts[..., None] * choices.present
    means = random.normal(size=shape) * (there > 0)
    squares = random.gamma(2, 0.1, shape) * (there > 0)
    index = design.set_index[:, :3]
    single = design.reports[:, :3]
    sets = design.report_sets
    return JointData(choices, design.figures, sets, index, counts, means, squares, single)


def random_point(seed):
    """Return the parameters by name and the offsets by name."""
    random = np.random.default_rng(seed)
    names = {
        "position_bias": random.normal(),
        "position_bias_scale": random.uniform(0.3, 1.5),
        "log_consistency": random.normal(0.5, 0.5),
        "consistency_scale_signed": random.normal(0, 0.4),
        "used_mean": random.normal(0, 0.4),
        "accuracy": random.normal(0, 0.7, FIGURES),
        "accuracy_scale_signed": random.normal(0, 0.4, FIGURES),
        "report_mean": random.normal(0, 0.3, SETS),
        "report_scale": random.uniform(0.2, 1, SETS),
        "report_scale_spread_signed": random.normal(0, 0.4, SETS),
        "report_noise": random.uniform(0.1, 0.8, SETS),
        "report_df": random.uniform(1, 8, SETS),
    }
    shapes = {"context": 3, "attribute": 4, "figure": FIGURES}
    offsets = {n: random.normal(size=[shapes[d] for d in dims]) for n, dims in LATENT_DIMS.items()}
    return names, offsets


def kernel(names, offsets, held):
    from introspect_bayes.joint_model.kernel import joint_density

    vector = np.concatenate([np.atleast_1d(value) for value in names.values()])
    arrays = [value for name, value in held.items() if "." not in name]
    return joint_density(vector, flat(offsets), *arrays)


def flat(offsets):
    return np.concatenate([offset.ravel() for offset in offsets.values()])


def latents(names, offsets, held):
    draws = {
        name: (("chain", "draw", *[f"{name}_{i}" for i in range(np.ndim(value))]),
               np.asarray(value, dtype=float)[None, None])
        for name, value in {**names, "offsets": flat(offsets)}.items()
    }  # fmt: skip
    return {n: v[0, 0] for n, v in latent_variables(xr.Dataset(draws), held).items()}


def log_density(names, found, data):
    """Return the log density of latent variables and data, as the equations have it."""
    total = norm.logpdf(
        np.log(found["consistency"]),
        names["log_consistency"],
        abs(names["consistency_scale_signed"]),
    ).sum()
    total += norm.logpdf(
        found["Intercept"], names["position_bias"], names["position_bias_scale"]
    ).sum()
    total += norm.logpdf(found["used"], names["used_mean"], 1).sum()
    choices = data.choices
    for row, context in enumerate(choices.index):
        slopes = found["consistency"][context] * found["used"][context]
        log_odds = found["Intercept"][context] + choices.differences[row] @ slopes
        total += bernoulli.logpmf(choices.selection[row], 1 / (1 + np.exp(-log_odds)))
    for f in range(FIGURES):
        z = np.arctanh(found["rho"][f])
        total += norm.logpdf(z, names["accuracy"][f], abs(names["accuracy_scale_signed"][f])).sum()
        for c in range(3):
            rho = found["rho"][f, c]
            centre = rho * (found["used"][c] - names["used_mean"])
            reported = found["reported"][f, c]
            scale = found["report_scale_of_context"][f, c]
            s = data.set_index[f, c]
            total += norm.logpdf(
                np.log(scale),
                np.log(names["report_scale"][s]),
                abs(names["report_scale_spread_signed"][s]),
            )
            total += norm.logpdf(reported, centre, np.sqrt(1 - rho**2)).sum()
            for k in np.nonzero(data.cell_counts[f, c])[0]:
                n = int(data.counts[f, c])
                # Reports with these sufficient statistics: their joint density is the same.
                spread = np.zeros(n)
                if n > 1:
                    spread[:2] = np.sqrt(data.squares[f, c, k] / 2) * np.array([1, -1])
                latent = names["report_mean"][s] + scale * reported[k]
                one = n == 1  # of one report the rounding is all the scatter; no report has it
                total += 0 if one else multivariate_t.logpdf(
                    data.means[f, c, k] + spread,
                    np.full(n, latent),
                    names["report_noise"][s] ** 2 * np.eye(n),
                    df=names["report_df"][s],
                )  # fmt: skip
    return total


def log_jacobian(names, offsets, held):
    """Return log |d latents / d offsets|, by differences."""
    centre = flat(offsets)
    cuts = np.cumsum([o.size for o in offsets.values()])[:-1]

    def mapped(values):
        parts = np.split(values, cuts)
        again = {n: p.reshape(o.shape) for (n, o), p in zip(offsets.items(), parts, strict=True)}
        found = latents(names, again, held)
        found = {**found, "consistency": np.log(found["consistency"])}
        found["rho"] = np.arctanh(found["rho"])
        found["report_scale_of_context"] = np.log(found["report_scale_of_context"])
        return np.concatenate([v.ravel() for v in found.values()])

    step = 1e-5 * np.eye(len(centre))
    jacobian = [(mapped(centre + row) - mapped(centre - row)) / 2e-5 for row in step]
    return np.linalg.slogdet(np.array(jacobian))[1]


def test_density_is_that_of_the_equations(data):
    # One report has no scatter; where there is none, any will do.
    squares = np.where(data.counts[..., None] == 1, 0, data.squares)
    data = replace(data, squares=squares, counts=np.where(data.counts == 1, 0.0, data.counts))
    held = sampling_data(SPEC, data)
    differences = []
    for seed in range(6):
        names, offsets = random_point(seed)
        expected = log_density(names, latents(names, offsets, held), data)
        # Offsets have the density of the latents (log consistency and z among them) they stand for.
        expected += log_jacobian(names, offsets, held)
        differences.append(float(kernel(names, offsets, held)[0]) - expected)
    # Up to one constant of the data.
    np.testing.assert_allclose(differences, differences[0], atol=1e-5)


def test_derivatives_are_those_of_the_density(data):
    held = sampling_data(SPEC, data)
    names, offsets = random_point(7)
    found = kernel(names, offsets, held)
    place = 0
    for name, value in names.items():
        for index in np.ndindex(np.shape(value)):
            ends = []
            for step in (1e-6, -1e-6):
                moved = np.array(value, dtype=float)
                moved[index] += step
                ends.append(float(kernel(names | {name: moved}, offsets, held)[0]))
            slope = (ends[0] - ends[1]) / 2e-6
            assert found[1][place] == pytest.approx(slope, rel=1e-5, abs=1e-5), name
            place += 1
    place = 0
    for name, value in offsets.items():
        for index in np.ndindex(value.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = value.copy()
                moved[index] += step
                ends.append(float(kernel(names, offsets | {name: moved}, held)[0]))
            slope = (ends[0] - ends[1]) / 2e-6
            assert found[2][place] == pytest.approx(slope, rel=1e-5, abs=1e-5), name
            place += 1


def test_the_model_as_written_has_every_variable_and_prior(data):
    model = build_joint_model(SPEC, data)
    names = {variable.name for variable in model.free_RVs}
    assert names == {
        *SPEC.parameters, "Intercept", "consistency_log", "used", "fisher_z", "reported",
        "report_scale_log", "noise_variance",
    }  # fmt: skip
    assert {v.name for v in model.observed_RVs} == {
        "selection", "mean_report", "squared_deviations"
    }  # fmt: skip


def test_mean_correlation_is_that_of_simulation():
    random = np.random.default_rng(2)
    for location, scale in ((0.3, 0.2), (1.2, 0.6), (-0.5, 1.0)):
        drawn = np.tanh(random.normal(location, scale, 200_000))
        mean, deviation = moments_of_rho(np.array(location), np.array(scale))
        assert mean == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 447)
        assert deviation == pytest.approx(drawn.std(), abs=0.004)


def test_other_families_and_improper_priors_are_refused(data):
    sampler = JointSampler(Sampler(draws=4, warmup=1, chains=2))
    with pytest.raises(InputError, match="family 'gaussian' is no joint model"):
        sampler.fit(spec("report_accuracy"), data, "x")
    with pytest.raises(InputError, match=r"joint_accuracy.accuracy ~ Flat.*proper prior"):
        sampler.fit(SPEC.with_priors(accuracy="Flat"), data, "x")
    with pytest.raises(InputError, match="report_df must be positive"):
        SPEC.with_priors(report_df="Normal(0, 1)")
