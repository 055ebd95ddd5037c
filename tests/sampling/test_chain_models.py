"""What is compiled in less time samples what nutpie's own way does."""

import numpy as np
import nutpie
import pymc as pm
import pytest

from introspect_bayes.sampling.chain_models import compile_for_chains
from introspect_bayes.sampling.nuts import Sampler, run_nuts
from introspect_bayes.sampling.shared_data import exchanged

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=100, warmup=100, seed=3)
NAMES = ["size", "twice"]


@pytest.fixture(scope="module")
def compiled():
    """Both ways; shared data are of two types and of no dimension to three, some for one use."""
    random = np.random.default_rng(5)
    with pm.Model() as model:
        size = pm.Normal("size", pm.Data("centre", 0.5), pm.Data("spread", [1.0, 2.0]))
        group = pm.Data("group", random.integers(0, 2, (4, 3)))
        weights = pm.Data("weights", random.uniform(size=(2, 4, 3)))
        mean = (weights * size[group]).sum(axis=0)
        pm.Normal("seen", mean, 1, observed=pm.Data("known", random.normal(size=(4, 3))))
        pm.Deterministic("twice", size * pm.Data("two", 2.0))
    return compile_for_chains(model, NAMES), nutpie.compile_pymc_model(model, var_names=NAMES)


@pytest.mark.parametrize("changed", [{}, {"centre": np.array(3.0), "two": np.array(4.0)}])
def test_draws_are_those_of_nutpies_own_compilation(compiled, changed):
    ours, theirs = (run_nuts(exchanged(c, changed), SAMPLER, "size").posterior for c in compiled)
    for name in NAMES:
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_a_model_without_shared_data_is_compiled_too():
    with pm.Model() as model:
        pm.Normal("size", 2, 1)
    draws = run_nuts(compile_for_chains(model, ["size"]), SAMPLER, "size").posterior["size"]
    assert float(draws.mean()) == pytest.approx(2, abs=0.5)
