"""How figures move with the priors, against closed forms and against single fits."""

import numpy as np
import nutpie
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.reproduce import reproduce
from introspect_bayes.analysis.scenarios import Scenario, scaled, scenarios_from, usual_scenarios
from introspect_bayes.analysis.sensitivity import prior_sensitivity
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.errors import InputError
from introspect_bayes.specs import chosen_specifications
from introspect_bayes.specs.reading_priors import read_prior

pytestmark = pytest.mark.compiles

SPECS = chosen_specifications()


@pytest.fixture(scope="module")
def analysis(write_study):
    return Analysis(ib.load_study(write_study()), Settings.default(seed=3, draws=400, warmup=400))


@pytest.fixture(scope="module")
def found(analysis):
    scenarios = [
        *scenarios_from(SPECS, ["choice_weights.slopes=Laplace(0, 1)"]),
        *scenarios_from(SPECS, scales=["choice_weights.slopes=0.1,10"]),
        *[s for s in usual_scenarios(SPECS) if s.name in {"skeptic", "enthusiast"}],
    ]
    return prior_sensitivity(analysis, scenarios, ["e1.acc", "e2.acc", "e2.effect"])


def test_own_priors_come_first_and_give_the_usual_figures(analysis, found):
    usual = found.frame[found.frame["scenario"] == "own priors"].set_index("id")
    for figure in reproduce(analysis, ["e1.acc", "e2.acc", "e2.effect"], published=False):
        row = usual.loc[figure.id]
        assert row["estimate"] == pytest.approx(figure.result.estimate)
        assert (row["hdi_low"], row["hdi_high"]) == figure.result.hdi


def test_each_scenario_is_the_fit_with_these_priors(analysis, found):
    """A scenario within the sweep equals an analysis of its own with the same priors."""
    specs = {**SPECS, "choice_weights": SPECS["choice_weights"].with_priors(slopes="Laplace(0, 1)")}
    alone = Analysis(analysis.study, Settings.default(seed=3, draws=400, warmup=400, specs=specs))
    (figure,) = reproduce(alone, ["e2.acc"], published=False)
    rows = found.frame[found.frame["id"] == figure.id].set_index("scenario")
    row = rows.loc["slopes ~ Laplace(0, 1)"]
    assert row["estimate"] == pytest.approx(figure.result.estimate, abs=1e-6)
    assert row["hdi_low"] == pytest.approx(figure.result.hdi[0], abs=1e-6)


def test_skeptics_and_enthusiasts_pull_to_their_sides(found):
    estimates = found.frame.pivot(index="id", columns="scenario", values="estimate")
    assert (estimates["skeptic"] < estimates["own priors"]).all()
    accuracies = estimates[estimates.index.str.contains("acc")]
    before, after = (abs(accuracies[name] - 0.7) for name in ("own priors", "enthusiast"))
    assert (after < before).all()


def test_a_skeptics_slope_is_that_of_numerical_integration(analysis):
    skeptic = Scenario("near 0", {("report_accuracy", "reported"): read_prior("Normal(0, 0.2)")})
    found = prior_sensitivity(analysis, [skeptic], ["e1.acc"])
    rows = analysis.rows(analysis.study.base_models[0], "e1.acc")
    x = rows["reported"] - rows["reported"].mean()
    y = rows["learned"] - rows["learned"].mean()
    slope, sigma = np.meshgrid(np.linspace(-1, 2, 601), np.linspace(0.05, 3, 600), indexing="ij")
    squares = (y**2).sum() - 2 * slope * (x * y).sum() + slope**2 * (x**2).sum()
    # The intercept, whose prior is much wider than its posterior, takes one row.
    log = -(len(x) - 1) * np.log(sigma) - squares / (2 * sigma**2) - slope**2 / (2 * 0.2**2)
    log -= 2 * np.log1p((sigma / 2.5) ** 2 / 3)
    weight = np.exp(log - log.max())
    expected = float((weight * slope).sum() / weight.sum())
    row = found.frame[found.frame["scenario"] == "near 0"].iloc[0]
    assert row["estimate"] == pytest.approx(expected, abs=4 * row["error"] + 0.005)


def test_other_numbers_compile_nothing(analysis, found, monkeypatch):
    compiled = []
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda *a, **_: compiled.append(a))
    scenarios = [
        *scenarios_from(
            SPECS, scales=["choice_weights.slopes=0.5,2", "choice_weights.Intercept=2"]
        ),
        Scenario(
            "other skeptic",
            {
                ("report_accuracy", "reported"): read_prior("Normal(0.1, 0.3)"),
            },
        ),
    ]
    prior_sensitivity(analysis, scenarios, ["e1.acc", "e2.effect"])
    assert not compiled


def test_weights_are_shared_where_their_priors_stay(analysis):
    skeptic = next(s for s in usual_scenarios(SPECS) if s.name == "skeptic")
    other = analysis.with_specifications(skeptic.apply(SPECS))
    model = analysis.study.base_models[0]
    assert other.weights(model, "instilled") is analysis.weights(model, "instilled")
    assert other.accuracy(model, "e1.acc") is not analysis.accuracy(model, "e1.acc")


def test_summary_names_what_moves_most(found):
    summary = found.summary().set_index("id")
    rows = found.frame.set_index(["id", "scenario"])["estimate"]
    for name, row in summary.iterrows():
        moved = (rows[name] - rows[name]["own priors"]).abs()
        assert row["move"] == moved.max()
        assert row["by"] == moved.idxmax()
        assert row["least"] <= row["estimate"] <= row["most"]


def test_draws_are_those_of_every_figure_with_an_interval(found):
    ids = set(found.frame["id"])
    for tree in found.draws.values():
        assert set(tree["posterior"].data_vars) == ids
        assert set(tree["posterior"].dims) == {"chain", "draw"}


def test_usual_scenarios_fit_the_papers_specifications():
    scenarios = usual_scenarios(SPECS)
    assert len(scenarios) >= 10
    for scenario in scenarios:
        changed = scenario.apply(SPECS)
        assert changed != SPECS
        for (name, parameter), prior in scenario.priors.items():
            assert changed[name].priors[parameter] == prior


@pytest.mark.parametrize(
    ("prior", "factor", "expected"),
    [
        ("StudentT(3, 0, 2.5)", 10, "StudentT(nu=3, mu=0, sigma=25.0)"),
        ("Horseshoe(1, 2)", 0.5, "Horseshoe(tau=0.5, c=1.0)"),
    ],
)
def test_scaling_keeps_shape_and_place(prior, factor, expected):
    assert str(scaled(read_prior(prior), factor)) == expected


@pytest.mark.parametrize(
    ("priors", "scales", "message"),
    [
        (["choice_weight.slopes=Normal(0, 1)"], [], "did you mean choice_weights"),
        (["choice_weights.slope=Normal(0, 1)"], [], "slopes"),
        ([], ["choice_weights.slopes=0.1,-1"], "write positive numbers"),
        ([], ["choice_weights.slopes=wide"], "write positive numbers"),
        ([], ["choice_weights.slope=2"], "did you mean slopes"),
        ([], ["report_accuracy.reported=2"], "no scale"),
        ([], ["report_accuracy.sigma=2"], "not a number"),
    ],
)
def test_bad_scenarios_are_named(priors, scales, message):
    with pytest.raises(InputError, match=message):
        scenarios_from(SPECS, priors, scales)


def test_short_names_stay_apart():
    settings = [
        "report_accuracy.reported=Normal(0, 1)",
        "introspection_training.reported=Normal(0, 1)",
    ]
    names = [scenario.name for scenario in scenarios_from(SPECS, settings)]
    assert names == [f"{s.partition('=')[0]} ~ Normal(0, 1)" for s in settings]


def test_two_scenarios_of_one_name_are_refused(analysis):
    twice = scenarios_from(SPECS, scales=["choice_weights.slopes=2,2"])
    with pytest.raises(InputError, match="same name"):
        prior_sensitivity(analysis, twice)
