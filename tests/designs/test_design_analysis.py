"""Design analyses against closed forms, and against what the other commands say."""

import json
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import introspect_bayes as ib
from introspect_bayes.cli.main import main
from introspect_bayes.designs import Design, DesignAnalysis, Goals
from introspect_bayes.designs.design import TRAINED, UNTRAINED, bill
from introspect_bayes.designs.terminal import conclusions, designs_table

pytestmark = pytest.mark.compiles

NOISELESS = ib.AssumedModel(ib.AssumedReports(0.5, noise=0, spread=25), consistency=40)


@pytest.fixture(scope="module")
def found():
    return ib.plan_study(
        NOISELESS,
        contexts=[10, 40],
        choices=30,
        reports=1,
        goals=Goals(width=0.4, exclude_zero=0.8, rope=0.1, difference=0.9),
        prices=ib.Prices(2.5, 10),
        studies=10,
        processes=1,
        seed=3,
    )


def closed_form(estimate: pd.Series, rows: int) -> np.ndarray:
    """Width of the interval of a slope of standardized on standardized values."""
    return 2 * stats.t.ppf(0.975, rows - 2) * np.sqrt((1 - estimate**2) / (rows - 2))


def test_widths_are_those_of_the_closed_form(found):
    outcomes = found.outcomes
    widths = outcomes["high"] - outcomes["low"]
    rows = 5 * outcomes["contexts"]
    ratio = widths / closed_form(outcomes["estimate"], rows)
    # The ends of an HDI from 16,000 draws scatter by some 2% of its width, of 20 of them less.
    assert abs(ratio.mean() - 1) < 0.01
    assert ratio.std() < 0.03


def test_widths_fall_with_the_square_root_of_contexts(found):
    table = found.table().set_index("contexts")
    width, error = table["width"], table["width_error"]
    rows = 5 * np.array([10, 40])
    expected = math.sqrt((rows[1] - 2) / (rows[0] - 2))
    ratio = width[10] / width[40]
    spread = ratio * math.hypot(error[10] / width[10], error[40] / width[40])
    assert abs(ratio - expected) < 4 * spread


def test_errors_and_probabilities_come_from_the_outcomes(found):
    table = found.table().set_index("contexts")
    for contexts, mine in found.outcomes.groupby("contexts"):
        row = table.loc[contexts]
        widths = mine["high"] - mine["low"]
        assert row["width_error"] == pytest.approx(widths.std() / math.sqrt(len(mine)))
        assert row["exclude_zero"] == ((mine["low"] > 0) | (mine["high"] < 0)).mean()
        assert row["outside_rope"] == ((mine["low"] > 0.1) | (mine["high"] < -0.1)).mean()
        assert row["exclude_difference"] == ((mine["low"] > 0.9) | (mine["high"] < 0.9)).mean()
        assert row["inside_rope"] == 0
        assert row["inside_rope_error"] > 0
    assert (table["doubtful"] == 0).all()
    assert (table["failed"] == 0).all()


def test_the_cheapest_design_that_meets_the_goals_is_marked(found):
    table = found.table()
    assert table["cost"].is_monotonic_increasing
    assert table["cheapest"].tolist() == [False, True]
    best = found.cheapest()
    assert best["contexts"] == 40
    assert best["width"] <= 0.4 < table["width"][0]
    assert best["certainty"] > 0.9
    assert table["certainty"][0] < 0.01
    assert found.cheapest(certainty=0.9999999) is None
    said = " ".join(conclusions(found))
    assert "40 contexts, in each 30 choices and 1 report" in said
    assert designs_table(found).row_count == 2


def test_a_plot_has_a_panel_for_each_measure(found, tmp_path):
    figure = found.plot()
    assert len(figure.axes) == 5
    line = figure.axes[0].containers[0].lines[0]
    assert line.get_xdata() == pytest.approx(found.table()["cost"])
    figure.savefig(tmp_path / "designs.svg")
    plt.close(figure)


def test_numbers_depend_on_the_seed_and_not_on_the_processes():
    model = ib.AssumedModel(ib.AssumedReports(0.4), after=ib.AssumedReports(0.7))
    how = {"contexts": 4, "choices": 20, "reports": 1, "studies": 10}
    one, two = (ib.plan_study(model, processes=n, seed=1, **how) for n in (1, 2))
    pd.testing.assert_frame_equal(one.outcomes, two.outcomes)
    assert one.figure == "effect"
    other = ib.plan_study(model, processes=1, seed=2, **how)
    assert not one.outcomes["estimate"].equals(other.outcomes["estimate"])


def test_a_design_is_simulated_alike_alone_and_within_a_larger_one():
    model = ib.AssumedModel(ib.AssumedReports(0.4, invalid_rate=0.3))
    how = {"choices": 20, "studies": 10, "processes": 1}
    alone = ib.plan_study(model, contexts=5, reports=2, **how).outcomes
    among = ib.plan_study(model, contexts=[5, 8], reports=[2, 3], **how).outcomes
    same = among[(among["contexts"] == 5) & (among["reports"] == 2)].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


def test_studies_without_a_valid_report_count_as_failed():
    model = ib.AssumedModel(ib.AssumedReports(0.9, silent=1.0))
    goals = Goals(width=2.0, exclude_zero=0.1)
    found = ib.plan_study(
        model, contexts=3, choices=20, reports=1, studies=10, goals=goals, processes=1
    )
    row = found.table().iloc[0]
    assert row["failed"] == 10
    assert row["exclude_zero"] == 0
    assert row["verdict"] == "missed"
    assert row["certainty"] < 0.3
    assert any("allow no HDI" in sentence for sentence in conclusions(found))


@pytest.mark.parametrize(("failing", "verdict"), [(0, "met"), (1, "met"), (2, "doubtful")])
def test_a_goal_is_not_met_by_numbers_that_cannot_be_trusted(failing, verdict):
    """Of 20 studies one may fail its diagnostics, for nothing is perfect."""
    design = Design(10, 20, 2)
    outcomes = pd.DataFrame({"study": range(20), "estimate": 0.5, "low": 0.4, "high": 0.6})
    outcomes = outcomes.assign(
        **dict(zip(("contexts", "choices", "reports"), (10, 20, 2), strict=True))
    )
    problems = ["R-hat 1.20"] * failing + [""] * (20 - failing)
    found = DesignAnalysis(
        (NOISELESS,),
        Goals(exclude_zero=0.5),
        outcomes.assign(problems=problems, reason=""),
        {design: bill(design, UNTRAINED)},
        seed=1,
    )
    row = found.table().iloc[0]
    assert (row["verdict"], row["doubtful"]) == (verdict, failing)
    assert row["cheapest"] == (found.cheapest() is not None) == (verdict == "met")
    assert (found.cheapest(0.9) is not None) == (verdict == "met")
    said = " ".join(conclusions(found))
    assert ("cannot be trusted" in said) == (verdict == "doubtful")
    assert ("R-hat 1.20" in said) == (failing > 0)


def test_the_cost_is_that_of_a_dry_run(tmp_path):
    study, file = str(tmp_path / "study"), str(tmp_path / "cost.json")
    assert main(
        ["prepare", study, "--instilled", "0", "--native", "12", "--native-choices", "9",
         "--reports", "4"]
    ) == 0  # fmt: skip
    assert main(
        ["collect", study, "--model", "model", "--dry-run", "--json", file,
         "--price-prompt", "2.5", "--price-reply", "10"]
    ) == 0  # fmt: skip
    said = json.loads((tmp_path / "cost.json").read_text())
    mine = bill(Design(12, 9, 4), UNTRAINED, prices=ib.Prices(2.5, 10))
    assert mine.requests == said["to_ask"] == 12 * 13
    assert mine.cost == said["cost"]
    assert round(mine.prompt_tokens) == said["prompt_tokens"]
    assert round(mine.reply_tokens) == said["reply_tokens"]
    trained = bill(Design(12, 9, 4), TRAINED, base_models=2)
    assert trained.requests == 2 * 12 * (9 + 4 + 4)
    assert trained.cost is None


@pytest.mark.slow
def test_without_accuracy_the_hdi_excludes_zero_in_one_study_of_twenty():
    model = ib.AssumedModel(ib.AssumedReports(0.0))
    found = ib.plan_study(model, contexts=12, choices=20, reports=2, studies=600, seed=5)
    excluded = round(float(found.table()["exclude_zero"][0]) * 600)
    assert stats.binomtest(excluded, 600, 0.05).pvalue > 0.001


@pytest.mark.slow
def test_the_probability_to_exclude_zero_is_the_power_of_a_correlation():
    model = ib.AssumedModel(ib.AssumedReports(0.33, noise=0, spread=25), consistency=40)
    found = ib.plan_study(model, contexts=10, choices=60, reports=1, studies=400, seed=6)
    row = found.table().iloc[0]
    shift = np.arctanh(row["estimate"]) * math.sqrt(50 - 3)
    power = stats.norm.sf(1.96 - shift)
    # Weights that are scaled to ±100 are alike in size, so that the interval errs to the safe side.
    assert abs(row["exclude_zero"] - power) < 3 * row["exclude_zero_error"] + 0.03
