import arviz as az
import numpy as np
import pytest
from scipy import integrate, stats

from fits_data import simulated_choices
from introspect_bayes.choices import choice_sampling
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_model import build_model
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.choice_weights import scaled_weights
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import build_bambi_model
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec
from introspect_bayes.specs.prior import Prior

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=1000, warmup=500, seed=11)


def fitted(frame, attributes, sampler=SAMPLER, specification=None, engine="nuts"):
    columns = [f"d{k + 1}" for k in range(attributes)]
    data = ChoiceData.from_frame(frame, columns)
    return ChoiceWeightsSampler(sampler, engine).fit(
        specification or spec("choice_weights"), data, "test"
    )


def assert_same_posterior(ours, theirs):
    """Means and standard deviations agree within four Monte Carlo standard errors."""
    for statistic, method in ((np.mean, "mean"), (np.std, "sd")):
        error = np.hypot(
            float(az.mcse(ours, method=method, chain_axis=0, draw_axis=1)),
            float(az.mcse(theirs, method=method, chain_axis=0, draw_axis=1)),
        )
        assert abs(statistic(ours) - statistic(theirs)) < 4 * error


PRIORS = [
    "Normal(0, 1)",
    "Normal(0, 0.5)",
    "Normal(0, 2.5)",
    # Day by day: test_importance.py holds these against chains, and every fit here has a StudentT.
    pytest.param("StudentT(3, 0, 1)", marks=pytest.mark.slow),
    pytest.param("Laplace(0, 1)", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("prior", PRIORS)
def test_batched_posterior_is_that_of_single_bambi_fits(prior):
    frame = simulated_choices(contexts=3, attributes=2, trials=25)
    chosen = spec("choice_weights").with_priors(slopes=prior)
    fits = [fitted(frame, 2, specification=chosen, engine=engine) for engine in ("auto", "nuts")]
    rows = frame[frame["context"] == "context_1"]
    rows = rows.assign(selection=(rows["selection"] == "A").astype(int))
    idata = build_bambi_model(chosen, rows).fit(
        draws=1000, tune=500, random_seed=5, progressbar=False, inference_method="nutpie"
    )
    for fit in fits:
        posterior = fit.idata["posterior"].sel(context="context_1")
        for name, ours in (
            ("Intercept", posterior["Intercept"]),
            *((k, posterior["slopes"].sel(attribute=k)) for k in ("d1", "d2")),
        ):
            assert_same_posterior(ours.to_numpy(), idata["posterior"][name].to_numpy())


def test_posterior_matches_numerical_integration():
    """One attribute: the exact posterior by quadrature, independent of any sampler."""
    frame = simulated_choices(contexts=1, attributes=1, trials=30, seed=4)
    fit = fitted(frame, attributes=1)
    x = frame["d1"].to_numpy()
    sign = np.where(frame["selection"] == "A", 1.0, -1.0)
    slope, centred = np.linspace(-5, 5, 401), np.linspace(-6, 8, 401)
    b, a = np.meshgrid(slope, centred)
    log = stats.norm.logpdf(b) + stats.t.logpdf(a, 3, 0, 2.5)
    for value, s in zip(x, sign, strict=True):
        log -= np.logaddexp(0, -s * (a + (value - x.mean()) * b))
    weight = np.exp(log - log.max())

    def mean(values):
        inner = integrate.simpson(weight * values, x=slope, axis=1)
        norm = integrate.simpson(weight, x=slope, axis=1)
        return integrate.simpson(inner, x=centred) / integrate.simpson(norm, x=centred)

    posterior = fit.idata["posterior"]
    for draws, exact in (
        (posterior["slopes"].to_numpy()[..., 0, 0], mean(b)),
        (posterior["Intercept"].to_numpy()[..., 0], mean(a - x.mean() * b)),
    ):
        error = float(az.mcse(draws, chain_axis=0, draw_axis=1))
        assert abs(draws.mean() - exact) < 4 * error


def test_chunks_do_not_mix_contexts(monkeypatch):
    """More contexts than a chunk: each has the posterior that it has alone."""
    monkeypatch.setattr(choice_sampling, "CHUNK", 2)
    frame = simulated_choices(contexts=3, attributes=2, trials=12)
    together = fitted(frame, attributes=2)
    assert together.data.contexts == ("context_0", "context_1", "context_2")
    for name in ("context_0", "context_2"):
        alone = fitted(frame[frame["context"] == name], attributes=2)
        for k in ("d1", "d2"):
            ours = together.idata["posterior"]["slopes"].sel(context=name, attribute=k).to_numpy()
            assert_same_posterior(
                ours, alone.idata["posterior"]["slopes"].to_numpy()[..., 0, int(k[1]) - 1]
            )


def test_same_seed_same_draws_and_compiled_only_once(compilations):
    frame = simulated_choices(contexts=3, attributes=2, trials=10)
    data = ChoiceData.from_frame(frame, ["d1", "d2"])
    settings = Sampler(draws=50, warmup=50)
    first, second = (
        ChoiceWeightsSampler(settings, "nuts").fit(spec("choice_weights"), data, "same")
        for _ in range(2)
    )
    assert first.idata["posterior"].equals(second.idata["posterior"])
    assert len(compilations) == 1


def test_absent_attributes_are_left_out():
    frame = simulated_choices(contexts=2, attributes=3, trials=15).assign(d3=0.0)
    counts = {"context_0": 2, "context_1": 3}
    data = ChoiceData.from_frame(frame, ["d1", "d2", "d3"], counts)
    fit = ChoiceWeightsSampler(SAMPLER).fit(spec("choice_weights"), data, "absent")
    table = fit.hdi()
    assert table.groupby("context").size().to_dict() == counts
    assert (table.groupby("context")["weight"].apply(lambda w: w.abs().max()) == 100).all()


def test_improper_priors_need_choices_that_inform_them():
    counts = {"context_0": 1, "context_1": 2}
    data = ChoiceData.from_frame(simulated_choices(2, 2, 10).assign(d2=0.0), ["d1", "d2"], counts)
    flat = spec("choice_weights").with_priors(slopes=Prior("Flat", {}))
    with pytest.raises(InputError, match="no proper posterior"):
        ChoiceWeightsSampler(SAMPLER).fit(flat, data, "flat")


def test_position_bias_is_found():
    frame = simulated_choices(contexts=4, attributes=2, trials=80, bias=2.0)
    bias = fitted(frame, attributes=2).position_bias()
    assert (bias["hdi_low"] > 0).all()
    assert ((bias["hdi_low"] < 2) & (bias["hdi_high"] > 2)).sum() >= 3


def test_scaled_weights_keep_signs_and_survive_zeros():
    scaled = scaled_weights(np.array([[0.5, -2.0], [0.0, 0.0]]))
    assert scaled.tolist() == [[25, -100], [0, 0]]


def test_lean_likelihood_is_bernoullis():
    data = ChoiceData.from_frame(simulated_choices(3, 2, 20), ["d1", "d2"])
    plain, lean = (build_model(spec("choice_weights"), data, lean=form) for form in (False, True))
    random = np.random.default_rng(0)
    for size in (0.1, 1, 30, 500):
        point = {
            "centred_intercept": random.normal(0, size, 3),
            "slopes": random.normal(0, size, (3, 2)),
        }
        ours, theirs = (m.compile_logp()(point) for m in (lean, plain))
        assert ours == pytest.approx(theirs, rel=1e-10)


def test_lean_pooling_is_the_same_posterior():
    """As offsets: the same density, but for the size of the change of variables."""
    data = ChoiceData.from_frame(simulated_choices(3, 2, 20), ["d1", "d2"])
    pooled = spec("choice_weights_pooled")
    plain, lean = (build_model(pooled, data, lean=form) for form in (False, True))
    random = np.random.default_rng(0)
    for size in (0.1, 1, 30):
        offsets = {
            "centred_intercept": random.normal(size=3),
            "slopes": random.normal(size=(3, 2)),
        }
        scales = {"centred_intercept": size, "slopes": 2 * size}
        logs = {
            "intercept_scale_log__": np.log(size),
            "slopes_scale_log__": np.log(2 * size),
        }
        units = {n: scale / (1 + 4 * scale**2) ** 0.25 for n, scale in scales.items()}
        changed = sum(o.size * np.log(units[n]) for n, o in offsets.items())
        ours = lean.compile_logp()({f"{n}_offset": o for n, o in offsets.items()} | logs)
        theirs = plain.compile_logp()({n: o * units[n] for n, o in offsets.items()} | logs)
        assert ours == pytest.approx(theirs + changed, rel=1e-10)


def test_only_models_of_choices_are_accepted():
    data = ChoiceData.from_frame(simulated_choices(1, 1, 5), ["d1"])
    with pytest.raises(InputError, match="not a model of choices"):
        build_model(spec("report_accuracy"), data)
