"""The sampled form of multilevel regressions: the same posterior as Bambi's model has."""

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from scipy.optimize import approx_fprime

from introspect_bayes.regressions.multilevel_information import Layout, information
from introspect_bayes.regressions.multilevel_kernel import placed, pulled_back
from introspect_bayes.regressions.multilevel_model import (
    _log_likelihood,
    build_multilevel_model,
    multilevel_applies,
    multilevel_arrays,
)
from introspect_bayes.sampling.bambi_models import build_bambi_model
from introspect_bayes.sampling.ordered_beta import cuts, drawn, log_density_of_arrays
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles


@pytest.fixture
def held():
    random = np.random.default_rng(0)
    rows = random.normal(size=(30, 9))
    return (
        np.array([1.5, 0.7]),
        np.repeat([0, 1], [3, 4]),
        rows.T @ rows / 5,
        random.normal(size=9) * 3,
        random.normal(size=(6, 9)),
        random.uniform(1, 5, 6),
        random.normal(size=6) * 2,
    )


def test_derivatives_are_those_of_the_values(held):
    random = np.random.default_rng(1)
    point, by_effects, by_density = random.normal(size=18), random.normal(size=15), np.array([0.8])

    def value(vector):
        effects, density = placed(vector[:3], vector[3:], *held)
        return effects @ by_effects + density @ by_density

    ours = np.concatenate(pulled_back(point[:3], point[3:], *held, by_effects, by_density))
    np.testing.assert_allclose(ours, approx_fprime(point, value, 1e-7), rtol=1e-4, atol=1e-4)


def test_the_density_is_that_of_the_change_of_variables(held):
    """Levels in units of their scales, times what the transformation stretches."""
    random = np.random.default_rng(2)
    scales, offsets = random.normal(size=3), random.normal(size=15)
    widths = np.concatenate([held[0], scales[np.repeat([0, 1, 2], [3, 4, 6])]])

    def units(vector):
        return placed(scales, vector, *held)[0] / widths

    columns = [(units(offsets + e) - units(offsets - e)) / 2 for e in np.eye(15)]  # it is linear
    stretched = np.linalg.slogdet(np.stack(columns))[1]
    expected = stretched - (units(offsets)[2:] ** 2).sum() / 2
    assert placed(scales, offsets, *held)[1][0] == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["explanation_scores", "explanation_scores_beta"])
def test_the_density_differs_from_bambis_by_what_the_variables_differ(name):
    random = np.random.default_rng(3)
    chosen = spec(name).without("doublings").without("own_doublings").without("pair")
    rows = pd.DataFrame({g: random.choice(list("abc"), 40) for g in ("task", "explainer")})
    rows["target"], rows["item"] = random.choice(list("de"), 40), np.arange(40) % 7
    rows["item"] = rows["item"].astype(str)
    rows["own"], rows["score"] = random.integers(0, 2, 40), random.uniform(size=40)
    if chosen.family == "bernoulli":
        rows["score"] = rows["score"].round()
    else:
        rows.loc[:5, "score"] = [0.0, 1.0] * 3
    bambi = build_bambi_model(chosen, rows)
    arrays = multilevel_arrays(chosen, rows, bambi)
    ours = build_multilevel_model(chosen, rows, bambi, arrays)
    theirs = bambi.backend.model
    terms = list(chosen.terms_of_formula.grouped)
    asked = ours.replace_rvs_by_values([ours[p] for p in chosen.parameters])
    values = ours.compile_fn(asked, inputs=ours.value_vars, on_unused_input="ignore")
    our_density, their_density = ours.compile_logp(), theirs.compile_logp()
    differences = []
    for _ in range(3):
        point = {v.name: random.normal(size=ours.initial_point()[v.name].shape)
                 for v in ours.value_vars}  # fmt: skip
        found = dict(zip(chosen.parameters, values(point), strict=True))
        free = {"Intercept": found["Intercept"], "own": found["own"]}
        if "kappa" in found:
            free["kappa_log__"] = np.log(found["kappa"])
            free |= {name: found[name] for name in ("zero", "one", "zero_own", "one_own")}
        log_scales = 0.0
        for term in terms:
            free[f"{term}_offset"] = found[term] / found[f"{term}_sigma"]
            free[f"{term}_sigma_log__"] = np.log(found[f"{term}_sigma"])
            log_scales += np.log(found[f"{term}_sigma"])
        scales = [point[f"{term}_sigma_signed"] for term in _by_size(bambi, terms)]
        names = ("common_scales", "information", "pull", "cross", "last_information", "last_pull")
        common, *rest = (arrays[n] for n in names)
        sizes = tuple(_sizes(bambi, t) for t in _by_size(bambi, terms))
        term_of = Layout(2, sizes).shared_terms
        _, density = placed(np.array(scales), point["offsets"], common, term_of, *rest)
        levels = sum((free[f"{term}_offset"] ** 2).sum() for term in terms)
        volume = density[0] + levels / 2  # the Jacobian of the offsets of `placed`
        differences.append(our_density(point) - volume - their_density(free)
                           + log_scales)  # fmt: skip
    np.testing.assert_allclose(differences, differences[0], rtol=1e-8)


def test_shares_have_the_likelihood_that_their_ends_vary_in():
    """The ends of self and other apart, by the columns that the formula names."""
    chosen = spec("explanation_scores_beta")
    seen, own = np.array([0.2, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    held = {"response": pt.as_tensor(seen), "column own": pt.as_tensor(own)}
    family = {"kappa": 7.0, "zero": -3.0, "one": -2.0, "zero_own": 4.0, "one_own": 1.0}
    given = {name: pt.as_tensor(np.float64(value)) for name, value in family.items()}
    log_odds = np.array([-1.0, 0.4, 0.7])
    ours = _log_likelihood(chosen, held, pt.as_tensor(log_odds), given).eval()
    low, high = cuts(family, chosen.terms_of_formula.parts, {"own": own})
    every = np.broadcast_arrays(seen[None], log_odds, np.float64(7), low, high)
    np.testing.assert_allclose(ours, log_density_of_arrays()(*every)[0])


@pytest.mark.parametrize("ends", [(), (0.0,), (0.0, 1.0)])
def test_what_data_say_is_found_whatever_their_ends(ends):
    """Log-odds that are known come back, whether or not scores reach the ends."""
    random = np.random.default_rng(6)
    truth = random.normal(0, 1, 40)
    which = np.repeat(np.arange(40), 60)
    low, high = (-2.0 if 0.0 in ends else -40.0), (2.0 if 1.0 in ends else 40.0)
    arrays = {
        "columns": np.column_stack([np.ones(len(which)), np.eye(2)[which % 2], np.eye(40)[which]]),
        "response": drawn(truth[which], 8.0, low, high, rng=random),
        "side": np.zeros(len(which), dtype=int),
    }
    made = information(Layout(1, (2, 40)), arrays, np.array([1.5]), "ordered_beta")
    found = np.linalg.solve(made["information"] + np.diag([0.4, 1, 1]), made["pull"])
    last = (made["last_pull"] - made["cross"] @ found) / (made["last_information"] + 1)
    estimated = arrays["columns"] @ np.concatenate([found, last])
    assert np.corrcoef(estimated, truth[which])[0, 1] > 0.95


def _sizes(model, term):
    return len(model.backend.model.coords[f"{term.partition('|')[2]}__factor_dim"])


def _by_size(model, terms):
    return sorted(terms, key=lambda term: _sizes(model, term))


def test_other_models_keep_their_form():
    assert multilevel_applies(spec("explanation_scores"))
    assert multilevel_applies(spec("explanation_scores_beta"))
    assert not multilevel_applies(spec("report_accuracy_by_context"))
    assert not multilevel_applies(spec("choice_weights"))
