import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.errors import InputError
from introspect_bayes.specs.distributions import DISCRETE, DISTRIBUTIONS
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.reading_priors import as_prior, read_prior
from prior_examples import EXAMPLES


def test_every_distribution_has_an_example():
    assert EXAMPLES.keys() | {"Horseshoe", "LKJCorr"} == DISTRIBUTIONS.keys()


@pytest.mark.parametrize("dist", EXAMPLES)
def test_text_and_pymc_state_the_same_prior(dist):
    import pymc as pm

    args = EXAMPLES[dist]
    written = f"{dist}({', '.join(f'{k}={v}' for k, v in args.items())})"
    assert read_prior(written) == Prior(dist, args)
    in_order = f"{dist}({', '.join(str(args[name]) for name in DISTRIBUTIONS[dist])})"
    assert read_prior(in_order) == Prior(dist, args)
    unnamed = getattr(pm, dist).dist(**args)
    assert as_prior(unnamed) == Prior(dist, args)
    # And it means the same, whatever the names of the arguments.
    again = getattr(pm, dist).dist(**as_prior(unnamed).numbers())
    assert pm.logp(unnamed, 0.37).eval() == pytest.approx(float(pm.logp(again, 0.37).eval()))


@pytest.mark.parametrize("dist", sorted(EXAMPLES.keys() - {"Flat", "HalfFlat"}))
def test_preliz_states_the_same_prior(dist):
    preliz = pytest.importorskip("preliz")
    if not hasattr(preliz, dist):
        pytest.skip(f"PreliZ has no {dist}")
    args = EXAMPLES[dist]
    assert as_prior(getattr(preliz, dist)(**args)) == Prior(dist, args)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Norml(0, 1)", "did you mean Normal"),
        ("Normal(0)", "lacks sigma"),
        ("Normal(0, 1, 2)", "takes 2 arguments"),
        ("Normal(0, sd=1)", "no argument 'sd'"),
        ("Normal(0, mu=1)", "given twice"),
        ("Normal(0, -1)", "must be positive"),
        ("Normal(0, 1e-300)", "too small to compute with"),
        ("Normal(1e200, 1)", "too large to compute with"),
        ("Normal(0, 0)", "must be positive"),
        ("Normal(0, inf)", "not a number"),
        ("Normal(0, 1e999)", "not a finite number"),
        ("Normal(0, True)", "not a number"),
        ("Normal(0, 2**3)", "not a number"),
        ("Normal(0, nan)", "not a number"),
        ("Normal(0, -scale)", "not a number"),
        ("Normal(*x)", "not a number"),
        ("Normal(**x)", "unreadable"),
        ("Poisson(3)", "discrete"),
        ("Horseshoe(0, 2)", "tau = 0 must be positive"),
        ("Horseshoe(0.1)", "lacks c"),
        ("Uniform(2, 1)", "lower must be less"),
        ("Uniform(1, 1)", "lower must be less"),
        ("0.5", "not a distribution"),
        ("", "not a distribution"),
        ("Normal(0, 1); import os", "not a distribution"),
        ("__import__('os').system('true')", "not a distribution"),
        ("exec('1')", "unknown distribution 'exec'"),
        ("lambda: 0", "not a distribution"),
        ("Normal(0, __import__('os'))", "not a number"),
    ],
)
def test_what_is_no_prior_is_refused_with_the_reason(text, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        read_prior(text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_is_ever_evaluated_or_trips_the_reader(text):
    with contextlib.suppress(InputError):
        assert isinstance(read_prior(text), Prior)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("Horseshoe(0.1, 2)", {"tau": 0.1, "c": 2}),
        ("Normal(0, scale)", {"mu": 0, "sigma": "scale"}),
        ("Normal(0, sigma='scale')", {"mu": 0, "sigma": "scale"}),
        ("Normal('median(response)', 1)", {"mu": "median(response)", "sigma": 1}),
        ("Normal(0, 'reported|context_sigma')", {"mu": 0, "sigma": "reported|context_sigma"}),
        ("Normal(-0.5, 1)", {"mu": -0.5, "sigma": 1}),
    ],
)
def test_what_a_prior_writes_is_read_again(text, args):
    prior = read_prior(text)
    assert prior == Prior(text.partition("(")[0], args)
    assert read_prior(str(prior)) == prior


def test_hyperparameters_are_told_from_numbers_and_statistics():
    prior = read_prior("StudentT(3, 'median(response)', scale)")
    assert prior.references == {"sigma": "scale"}
    assert prior.depends_on_response
    assert prior.numbers([1.0, 4.0, 5.0]) == {"nu": 3, "mu": 4}
    assert not read_prior("Normal(0, scale)").depends_on_response


def test_only_distributions_without_negative_values_are_positive():
    import pymc as pm

    for dist, args in EXAMPLES.items():
        prior = Prior(dist, args)
        below = float(pm.logp(getattr(pm, dist).dist(**args), -0.01).eval())
        assert prior.is_positive == (below == -np.inf), dist
    assert read_prior("Uniform(0, 1)").is_positive
    assert not read_prior("Uniform(low, 1)").is_positive


def test_other_objects_are_refused():
    import pymc as pm

    for given_ in (3, None, ["Normal"], pm.Poisson.dist(3), pm.Normal.dist([0, 1], 1)):
        with pytest.raises(InputError):
            as_prior(given_)
    assert "Poisson" in DISCRETE


def test_single_precision_does_not_show():
    import pymc as pm

    assert str(as_prior(pm.Normal.dist(np.float32(0.1), 0.7))) == "Normal(mu=0.1, sigma=0.7)"
