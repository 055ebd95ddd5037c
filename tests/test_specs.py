import inspect

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.distributions import DISTRIBUTIONS
from introspect_bayes.errors import InputError
from introspect_bayes.fits import build_bambi_model
from introspect_bayes.specs import Prior, read_specification, spec

SOURCE = """
title = "t"
source = "s"
brms = "b"
formula = "y ~ x"
family = "gaussian"
[priors]
Intercept = { dist = "Normal", mu = 0, sigma = 1 }
x = { dist = "Normal", mu = 0, sigma = 1 }
sigma = { dist = "HalfNormal", sigma = 1 }
"""


def test_shipped_priors_are_those_of_brms():
    weights = spec("choice_weights").priors
    assert str(weights["slopes"]) == "Normal(mu=0, sigma=1)"
    assert str(weights["Intercept"]) == "StudentT(nu=3, mu=0, sigma=2.5)"
    for name in ("report_accuracy", "introspection_training"):
        specification = spec(name)
        others = set(specification.parameters) - {"Intercept", "sigma"}
        assert {specification.priors[p].dist for p in others} == {"Flat"}
        assert specification.priors["sigma"].dist == "HalfStudentT"
        standardized = np.random.default_rng(0).normal(size=500)
        assert specification.priors["sigma"].numbers(standardized) == {"nu": 3, "sigma": 2.5}


def test_response_statistics_round_like_brms():
    response = np.array([0.0, 10.0, 20.26, 30.0, 45.0])
    numbers = spec("report_accuracy").priors["Intercept"].numbers(response)
    # R: round(median(y), 1) = 20.3; round(mad(y), 1) = round(1.4826 * 10.26, 1) = 15.2
    assert numbers == {"nu": 3, "mu": 20.3, "sigma": 15.2}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("x = {", "z = {", r"names 'z', which the model lacks.*known: Intercept, x, sigma"),
        ('sigma = { dist = "HalfNormal", sigma = 1 }', "", "lacks sigma"),
        ("Normal", "Norml", "unknown distribution 'Norml'; did you mean Normal"),
        ("mu = 0, sigma", "mu = 0, sigm", "no argument 'sigm'; did you mean sigma"),
        ("mu = 0, ", "", "Normal lacks mu"),
        ("mu = 0, sigma = 1", "mu = 0, sigma = -1", "sigma = -1 must be positive"),
        ("mu = 0, sigma = 1", 'mu = "mean(y)", sigma = 1', "'mean.y.' is neither a number"),
        ("mu = 0, sigma = 1", "mu = nan, sigma = 1", "not a finite number"),
        ('family = "gaussian"', 'family = "gausian"', "unknown family.*did you mean gaussian"),
        ('formula = "y ~ x"', 'formula = "y = x"', "needs one '~'"),
        ('title = "t"', "", "lacks title"),
        ('title = "t"', 'titel = "t"', "unknown key 'titel'; did you mean title"),
        ('title = "t"', "title = ", "model.toml: "),
        ("x = {", 'x = "Normal(0, 1)" #', "write a table such as"),
    ],
)
def test_gaps_and_misspellings_are_errors(tmp_path, old, new, complaint):
    path = tmp_path / "model.toml"
    path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as raised:
        read_specification(path)
    assert str(raised.value).startswith("model.toml: ")


def test_a_correct_file_is_read(tmp_path):
    (tmp_path / "model.toml").write_text(SOURCE, encoding="utf-8")
    assert read_specification(tmp_path / "model.toml").parameters == ("Intercept", "x", "sigma")


def test_unknown_name_lists_those_that_ship():
    with pytest.raises(InputError, match=r"did you mean choice_weights.*report_accuracy"):
        spec("choice_weight")


def test_with_priors_returns_a_new_specification_and_rejects_unknown_names():
    old = spec("report_accuracy")
    new = old.with_priors(reported=Prior("Normal", {"mu": 0, "sigma": 0.5}))
    assert new.priors["reported"].dist == "Normal"
    assert old.priors["reported"].dist == "Flat"
    with pytest.raises(InputError, match=r"'raported'.*did you mean reported"):
        old.with_priors(raported=Prior("Flat", {}))


def test_choices_have_no_median():
    scaled = Prior("Normal", {"mu": "median(response)", "sigma": 1})
    with pytest.raises(InputError, match="a choice has no median"):
        spec("choice_weights").with_priors(slopes=scaled)


def test_parameters_are_exactly_those_of_bambi():
    frame = pd.DataFrame(
        {
            "learned": np.arange(12.0),
            "reported": np.arange(12.0) % 5,
            "introspection_trained": [0, 1] * 6,
            "base_model": ["a", "a", "b", "b", "c", "c"] * 2,
        }
    )
    for specification in (
        spec("report_accuracy"),
        spec("introspection_training"),
        spec("introspection_training").without("base_model"),
    ):
        built = build_bambi_model(specification, frame)
        names = {variable.name for variable in built.backend.model.free_RVs}
        assert names == set(specification.parameters)


def test_distributions_and_arguments_are_those_of_pymc():
    import pymc as pm

    for name, arguments in DISTRIBUTIONS.items():
        accepted = inspect.signature(getattr(pm, name).dist).parameters
        assert set(arguments) <= set(accepted), name
        getattr(pm, name).dist(**dict.fromkeys(arguments, 1.5))
