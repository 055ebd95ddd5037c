import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.regressions.regression import build_bambi_model
from introspect_bayes.specs import (
    ANALYSED,
    EQUATION_FAMILIES,
    changed_priors,
    chosen_specifications,
    read_formula,
    read_specification,
    spec,
)
from introspect_bayes.specs.distributions import DISTRIBUTIONS
from introspect_bayes.specs.prior import Prior

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


HIERARCHY = """
title = "t"
source = "s"
brms = "b"
formula = "y ~ x + (0 + x | g)"
family = "t"
[priors]
Intercept = { dist = "Normal", mu = "centre", sigma = "width" }
x = { dist = "Normal", mu = 0, sigma = 1 }
"x|g" = { dist = "Normal", mu = 0, sigma = "x|g_sigma" }
sigma = { dist = "HalfNormal", sigma = 1 }
nu = { dist = "Gamma", alpha = 2, beta = 0.1 }
width = { dist = "HalfNormal", sigma = "widest" }
widest = { dist = "HalfNormal", sigma = 1 }
centre = { dist = "Normal", mu = 0, sigma = 1 }
"x|g_sigma" = { dist = "HalfNormal", sigma = 1 }
"""


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


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('sigma = "width"', "sigma = 1", r"names 'width', which the model lacks.*known: Intercept"),
        ('sigma = "width"', 'sigma = "widht"', "'widht' is neither .* nor an entry of .*width"),
        ('sigma = "width"', 'sigma = "sigma"', "'sigma' is a parameter of the model"),
        ('sigma = "width"', 'sigma = "centre"', "'centre' must be positive.*HalfNormal"),
        ('widest = { dist = "HalfNormal", sigma = 1',
         'widest = { dist = "HalfNormal", sigma = "width"',
         "in a circle: Intercept -> width -> widest -> width"),
        ('sigma = "x|g_sigma"', "sigma = 1", "x.g ~ .* needs a hyperparameter, such as sigma"),
        ('sigma = "x|g_sigma"', 'sigma = "width"', "call sigma 'x.g_sigma', as Bambi does"),
        ('mu = 0, sigma = "x|g_sigma"', 'mu = 1, sigma = "x|g_sigma"', "mu must be 0"),
        ('sigma = { dist = "HalfNormal"', 'sigma = { mu = 0, dist = "Normal"', "sigma must be pos"),
        ('nu = { dist = "Gamma", alpha = 2, beta = 0.1 }', "", "lacks nu"),
        ("(0 + x | g)", "(0 + x || g)", "is not a term; write"),
        ("(0 + x | g)", "s(x)", "is not a term"),
        ("(0 + x | g)", "", "'' is not a term"),
        ("x + (0 + x | g)", "x + (0 + d1 + ... + dK | g)", "pool d1 .* by a hyperparameter"),
    ],
)  # fmt: skip
def test_hyperparameters_and_groups_are_checked(tmp_path, old, new, complaint):
    path = tmp_path / "model.toml"
    assert old in HIERARCHY
    path.write_text(HIERARCHY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as raised:
        read_specification(path)
    assert str(raised.value).startswith("model.toml: ")


EQUATIONS = """
title = "t"
source = "s"
family = "correlation_matrix"
equations = "z = location + scale L e"
[priors]
correlation = { dist = "LKJCorr", eta = 2 }
location = { dist = "Normal", mu = 0, sigma = 1 }
scale = { dist = "HalfNormal", sigma = 1 }
"""


def test_a_model_without_a_formula_has_equations_and_all_its_priors(tmp_path):
    (tmp_path / "model.toml").write_text(EQUATIONS, encoding="utf-8")
    model = read_specification(tmp_path / "model.toml")
    assert model.parameters == ("correlation", "location", "scale")
    assert (model.formula, model.brms) == ("", "")
    assert (
        str(model.with_priors(correlation="LKJCorr(4)").priors["correlation"]) == "LKJCorr(eta=4)"
    )
    pooled = model.with_priors(location="Normal(0, width)", width="HalfNormal(1)")
    assert pooled.hyperparameters == ("width",)
    with pytest.raises(InputError, match=r"'corelation'.*did you mean correlation"):
        model.with_priors(corelation="LKJCorr(4)")
    for of_a_formula in ("response", "terms", "has_intercept", "variables", "groups"):
        with pytest.raises(InputError, match="has equations, and no formula"):
            getattr(model, of_a_formula)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("z = location", "", "write its equations"),
        ('equations = "z = location + scale L e"', "", "write its equations"),
        ("title", 'formula = "y ~ x"\ntitle', "has no formula"),
        ("title", 'dropped_when_constant = ["g"]\ntitle', "drops no terms"),
        ('"correlation_matrix"', '"correlation_matrices"', "lacks brms, formula"),
        ('scale = { dist = "HalfNormal", sigma = 1 }', "", "lacks scale"),
        ('"HalfNormal", sigma', '"Normal", mu = 0, sigma', "scale must be positive"),
        ('"LKJCorr", eta = 2', '"LKJCorr"', "LKJCorr lacks eta"),
        ('"LKJCorr", eta = 2', '"Normal", mu = 0, sigma = 1', "take LKJCorr"),
        ('"Normal", mu = 0, sigma = 1', '"LKJCorr", eta = 2', "location is no correlation"),
        ("mu = 0", 'mu = "median(response)"', "has no single response"),
    ],
)
def test_models_without_a_formula_are_checked(tmp_path, old, new, complaint):
    path = tmp_path / "model.toml"
    assert old in EQUATIONS
    text = EQUATIONS.replace(old + " + scale L e" if old == "z = location" else old, new, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as raised:
        read_specification(path)
    assert str(raised.value).startswith("model.toml: ")


def test_a_formula_and_equations_exclude_each_other(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text(SOURCE.replace("title", 'equations = "y = x"\ntitle', 1), encoding="utf-8")
    with pytest.raises(InputError, match="has a formula; drop the equations"):
        read_specification(path)
    with pytest.raises(InputError, match="no correlation; take"):
        spec("choice_weights").with_priors(slopes="LKJCorr(1)")


def test_hyperparameters_come_last_and_in_order_of_need(tmp_path):
    (tmp_path / "model.toml").write_text(HIERARCHY, encoding="utf-8")
    model = read_specification(tmp_path / "model.toml")
    assert model.model_parameters == ("Intercept", "x", "x|g", "sigma", "nu")
    assert model.hyperparameters == ("centre", "widest", "width", "x|g_sigma")
    assert model.parameters == model.model_parameters + model.hyperparameters
    assert model.variables == ("x", "g")
    without = model.without("g")
    assert without.formula == "y ~ x"
    assert without.parameters == ("Intercept", "x", "sigma", "nu", "centre", "widest", "width")


@pytest.mark.parametrize(
    ("text", "intercept", "common", "grouped"),
    [
        ("y ~ 1", True, (), ()),
        ("y ~ 0 + a", False, ("a",), ()),
        ("y ~ a*b + c", True, ("a", "b", "c", "a:b"), ()),
        ("y ~ a:b + a", True, ("a", "a:b"), ()),
        ("y ~ 0 + d1 + ... + dK", False, ("slopes",), ()),
        ("y ~ (1 | g)", True, (), ("1|g",)),
        ("y ~ 0 + (a | g)", False, (), ("1|g", "a|g")),
        ("y ~ a + (0 + a + b | g) + (0 + a | g)", True, ("a",), ("a|g", "b|g")),
        ("y ~ a + (0 + a:b | g)", True, ("a",), ("a:b|g",)),
    ],
)
def test_formulas_are_read_and_written(text, intercept, common, grouped):
    formula = read_formula(text)
    assert (formula.intercept, formula.common, formula.grouped) == (intercept, common, grouped)
    assert read_formula(str(formula)) == formula


def test_pooling_is_put_in_and_taken_out_again():
    plain = spec("choice_weights")
    pooled = plain.with_priors(slopes="Normal(0, scale)", scale="HalfNormal(1)")
    assert pooled.parameters == ("Intercept", "slopes", "scale")
    wider = pooled.with_priors(scale="HalfNormal(3)")
    assert wider.priors["scale"].args == {"sigma": 3}
    assert pooled.with_priors(slopes="Normal(0, 1)") == plain
    with pytest.raises(InputError, match="names 'scale', which the model lacks"):
        pooled.with_priors(slopes="Normal(0, 1)", scale="HalfNormal(3)")
    with pytest.raises(InputError, match="'scale' is neither"):
        plain.with_priors(slopes="Normal(0, scale)")


def test_a_prior_and_its_hyperparameter_come_from_the_command_line_in_any_order():
    pair = ["choice_weights.slopes=Normal(0, scale)", "choice_weights.scale=HalfNormal(1)"]
    for priors in (pair, pair[::-1]):
        chosen = chosen_specifications(priors)
        assert chosen["choice_weights"].hyperparameters == ("scale",)
    assert changed_priors(chosen) == [
        "choice_weights.slopes ~ Normal(mu=0, sigma=scale) instead of Normal(mu=0, sigma=1)",
        "choice_weights.scale ~ HalfNormal(sigma=1), which the paper does not have",
    ]


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
            "context": ["p", "q", "r"] * 4,
        }
    )
    for specification in (
        spec("report_accuracy"),
        spec("introspection_training"),
        spec("introspection_training").without("base_model"),
        spec("report_accuracy_student"),
        spec("report_accuracy_by_context"),
    ):
        built = build_bambi_model(specification, frame)
        names = {variable.name for variable in built.backend.model.free_RVs}
        # Bambi samples group-specific terms as offsets times their scale.
        names = {name.removesuffix("_offset") for name in names}
        assert names == set(specification.parameters)


def test_distributions_and_arguments_are_those_of_pymc():
    import pymc as pm

    for name, arguments in DISTRIBUTIONS.items():
        if name == "Horseshoe":  # ours: tests/sampling/test_prior_distributions.py
            continue
        accepted = inspect.signature(getattr(pm, name).dist).parameters
        assert set(arguments) <= set(accepted), name
        size = {"n": 3} if name == "LKJCorr" else {}
        getattr(pm, name).dist(**dict.fromkeys(arguments, 1.5), **size)


def test_every_shipped_specification_names_its_source_and_reads():
    names = sorted(path.stem for path in shipped_folder("models").glob("*.toml"))
    assert names == [
        "choice_weights",
        "choice_weights_no_intercept",
        "choice_weights_pooled",
        "explanation_scores",
        "explanation_scores_beta",
        "introspection_training",
        "joint_accuracy",
        "privileged_access",
        "report_accuracy",
        "report_accuracy_by_context",
        "report_accuracy_student",
    ]
    assert set(ANALYSED) < set(names)
    for name in names:
        specification = spec(name)
        if specification.family in EQUATION_FAMILIES:
            assert "introspect-bayes" in specification.source
            continue
        source = "Li et al. 2025" if "scores" in name else "Plunkett et al. 2025, Appendix C"
        assert source in specification.source
        assert specification.brms.startswith("brm(")


def test_the_variations_differ_from_the_papers_models_as_they_say():
    assert spec("choice_weights_no_intercept").parameters == ("slopes",)
    pooled = spec("choice_weights_pooled")
    assert pooled.parameters == ("Intercept", "slopes", "intercept_scale", "slopes_scale")
    assert pooled.formula == spec("choice_weights").formula
    assert pooled.by == ("model",)
    usual = spec("report_accuracy")
    student = spec("report_accuracy_student")
    assert {**usual.priors, "nu": student.priors["nu"]} == student.priors
    by_context = spec("report_accuracy_by_context")
    assert by_context.parameters == (
        "Intercept", "reported", "reported|context", "sigma", "reported|context_sigma"
    )  # fmt: skip
    assert by_context.without("context").priors == usual.priors


def test_a_hyperparameter_of_another_argument_makes_another_structure():
    """Else the compiled model of one would be sampled for the other."""
    scaled, placed, narrow = (
        spec("choice_weights").with_priors(slopes=slopes, scale=scale)
        for slopes, scale in (
            ("Normal(0, scale)", "HalfNormal(1)"),
            ("Normal(scale, 1)", "HalfNormal(1)"),
            ("Normal(0, scale)", "HalfNormal(0.1)"),
        )
    )
    assert scaled.structure == narrow.structure != placed.structure


def test_importance_sampling_applies_to_a_few_parameters():
    for name in ("choice_weights", "report_accuracy", "privileged_access"):
        assert spec(name).importance_applies, name
    for name in ("choice_weights_pooled", "report_accuracy_by_context", "joint_accuracy"):
        assert not spec(name).importance_applies, name
    horseshoe = spec("choice_weights").with_priors(slopes="Horseshoe(0.2, 2.5)")
    assert horseshoe.horseshoes == ("slopes",)
    assert not horseshoe.importance_applies


def test_parameters_of_a_family_vary_as_the_formula_says():
    shares = spec("explanation_scores_beta")
    assert {"zero", "one", "zero_own", "one_own"} <= set(shares.parameters)
    assert shares.terms_of_formula.parts == (("zero", ("own",)), ("one", ("own",)))
    assert str(shares.terms_of_formula).endswith("; zero ~ own; one ~ own")
    alone = shares.without("own")
    assert alone.terms_of_formula.parts == ()
    assert "zero_own" not in alone.priors
    assert "zero" in alone.priors
    assert "own" not in alone.variables


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("; zeroes ~ own", r"has no zeroes.*did you mean"),
        ("; zero ~ 0", "zero needs terms"),
        ("; zero", "needs one '~' in each part"),
    ],
)
def test_a_part_of_a_formula_that_is_none_is_refused(part, complaint):
    shares = spec("explanation_scores_beta")
    with pytest.raises(InputError, match=complaint):
        replace(shares, formula=shares.formula.partition(";")[0] + part)
