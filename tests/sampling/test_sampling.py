import numpy as np
import pytest
import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.diagnostics import diagnose
from introspect_bayes.sampling.nuts import Sampler

pytestmark = pytest.mark.compiles


def posterior(draws):
    return xr.Dataset({"slope": (("chain", "draw"), draws)})


def test_good_chains_have_no_problems():
    draws = np.random.default_rng(0).normal(size=(4, 1000))
    assert diagnose(posterior(draws), 0).problems == ()


@pytest.mark.parametrize(
    ("spoil", "divergences", "complaint"),
    [
        (lambda d: d + np.arange(4)[:, None], 0, "R-hat"),
        (lambda d: np.repeat(d[:, :50], 20, axis=1), 0, "effective sample size"),
        (lambda d: d, 3, "3 divergent transitions"),
        (lambda d: d * np.array([[0.0], [1], [1], [1]]), 0, "R-hat"),
        (np.zeros_like, 0, "R-hat"),
    ],
)
def test_bad_chains_are_caught(spoil, divergences, complaint):
    draws = np.random.default_rng(0).normal(size=(4, 1000))
    problems = diagnose(posterior(spoil(draws)), divergences).problems
    assert any(complaint in problem for problem in problems)


def test_seeds_differ_by_fit_and_by_seed_only():
    assert Sampler(seed=1).seed_for("a") == Sampler(seed=1).seed_for("a")
    assert len({Sampler(seed=s).seed_for(n) for s in (1, 2) for n in "ab"}) == 4


def test_too_few_draws_are_refused():
    with pytest.raises(InputError, match="draws = 3: must be at least 4"):
        Sampler(draws=3)
