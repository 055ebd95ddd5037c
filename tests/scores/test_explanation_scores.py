"""Explanation scores: what a table can tell, and answers against known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.linear_predictor import linear_predictor
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.scores.answers import explanation_scores
from introspect_bayes.scores.rows import score_rows
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.scores.simulated import ScoreDesign, simulate_scores
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=2500, warmup=1000, seed=4)


def table(cells, sizes=(None,), items=3):
    rows = [
        {
            "explainer": e,
            "target": t,
            "task": "k",
            "item": str(i),
            "training_size": n,
            "score": i % 2,
        }
        for e, t in cells
        for n in sizes
        for i in range(items)
    ]
    return read_explanation_scores(pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["ab", "ba"], "no model explains itself"),
        (["aa", "bb"], "models explain only themselves"),
        (["aa", "ba"], "only one target"),
        (["aa", "ab"], "only one explainer"),
        (["aa", "ab", "bb"], "no different from the sum of explainers and targets"),
        (["aa", "ab", "ba", "bb"], None),
    ],
)
def test_what_cannot_be_told_is_said(cells, reason):
    rows = score_rows(table(cells))
    assert (reason is None) == (not rows.advantage_untold)
    if reason is not None:
        assert reason in rows.advantage_untold["k"]
        assert "own" in rows.dropped
        assert "own" not in rows.specification(spec("explanation_scores")).variables


def test_learning_needs_two_sizes_of_both():
    square = ["aa", "ab", "ba", "bb"]
    assert score_rows(table(square, (10, 20))).learning_untold == {}
    assert score_rows(table(square, (10,))).learning_untold == {"k": "only one training size"}
    mixed = pd.concat([table(["ab", "ba"], (10, 20)), table(["aa", "bb"], (10,))])
    reason = score_rows(mixed.reset_index(drop=True)).learning_untold["k"]
    assert reason == "only one training size where self explains"


def test_doublings_are_centred_logarithms():
    rows = score_rows(table(["aa", "ab", "ba", "bb"], (100, 400)))
    assert rows.size == pytest.approx(200)
    assert set(rows.data["doublings"].round(9)) == {-1.0, 1.0}


def test_two_models_are_told_from_more():
    square = ["aa", "ab", "ba", "bb"]
    assert score_rows(table(square)).told_by_two == ["k"]
    assert score_rows(table([*square, "ca", "cb"])).told_by_two == ["k"]
    assert score_rows(table([*square, "ca", "cb", "ac", "bc", "cc"])).told_by_two == []
    assert score_rows(table(["aa", "bb"])).told_by_two == []


@pytest.mark.parametrize("ends", [(-np.inf, np.inf), (-1.5, np.inf), (-1.5, 2.0)])
def test_simulated_shares_reach_the_ends_that_they_have(ends):
    design = ScoreDesign(tasks={"k": 0.0}, items=2000, sizes=(), kappa=6.0, cuts=ends)
    simulated = simulate_scores(design, seed=1)
    frame = pd.DataFrame(simulated.columns)
    reached = {end for end in (0.0, 1.0) if (frame["score"] == end).any()}
    assert reached == {end for end, cut in zip((0.0, 1.0), ends, strict=True) if np.isfinite(cut)}
    means = frame.groupby(frame["explainer"] == frame["target"])["score"].mean()
    pairs = ScoreDesign(**{**vars(design), "spread": dict.fromkeys(design.spread, 0.0)})
    alike = simulate_scores(pairs, seed=1)
    frame = pd.DataFrame(alike.columns)
    means = frame.groupby(frame["explainer"] == frame["target"])["score"].mean()
    assert means[True] - means[False] == pytest.approx(alike.truth["advantage.k"], abs=0.015)


def test_zeros_of_self_leave_the_means_alone():
    spread = dict.fromkeys(ScoreDesign().spread, 0.0)
    design = ScoreDesign(tasks={"k": 0.0}, items=2000, sizes=(), advantage=0.0, kappa=6.0,
                         spread=spread, own_zeros=0.25)  # fmt: skip
    frame = pd.DataFrame(simulate_scores(design, seed=1).columns)
    groups = frame.groupby(frame["explainer"] == frame["target"])["score"]
    assert groups.mean()[True] == pytest.approx(groups.mean()[False], abs=0.015)
    assert groups.apply(lambda s: (s == 0).mean())[True] == pytest.approx(0.25, abs=0.02)
    with pytest.raises(InputError, match="must rise"):
        ScoreDesign(cuts=(1.0, -1.0))


@pytest.fixture(scope="module")
def simulated():
    design = ScoreDesign(
        tasks={"features": 0.0},
        items=100,
        sizes=(),
        advantage=0.9,
        spread={**ScoreDesign().spread, "pair": 0.15, "item": 0.6, "task": 0.0},
    )
    return simulate_scores(design, seed=4)


@pytest.fixture(scope="module")
def found(simulated):
    frame = pd.DataFrame(simulated.columns)
    return explanation_scores(frame, sampler=SAMPLER, keep=False)


def test_a_known_advantage_is_recovered(simulated, found):
    (row,) = found.advantage().to_dict("records")
    truth = simulated.truth["advantage.features"]
    draws = found.draws["advantage.features"].to_numpy()
    assert abs(row["advantage"] - truth) < 3 * draws.std()
    assert row["hdi_low"] < row["advantage"] < row["hdi_high"]
    assert row["self"] - row["other"] == pytest.approx(row["advantage"])
    assert row["probability"] == pytest.approx((draws > 0).mean())
    said = any("themselves better than others do, by" in s for s in found.conclusions())
    assert said == (row["hdi_low"] > 0)
    assert found.diagnostics.problems == ()


def test_in_a_balanced_design_the_advantage_is_the_difference_of_means(simulated, found):
    """The closed form of a balanced table, but for the pull of the priors."""
    rows = found.rows.table
    means = rows.groupby("self")["score"].mean()
    (row,) = found.advantage().to_dict("records")
    draws = found.draws["advantage.features"].to_numpy()
    assert abs(row["advantage"] - (means[True] - means[False])) < draws.std()
    # The coefficient is larger than the logit difference of means, which items flatten.
    slope = float(found.idata["posterior"]["own"].mean())
    assert slope > 0.8 * (logit(means[True]) - logit(means[False]))


def test_the_linear_predictor_is_bambis(found):
    some = found.idata.isel(draw=slice(0, 50))
    predicted = found.model.predict(some, kind="response_params", inplace=False)
    theirs = predicted["posterior"]["p"].to_numpy().reshape(-1, len(found.rows.data))
    posterior = some["posterior"].to_dataset()
    ours = expit(linear_predictor(found.fit.spec, posterior, found.rows.data))
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_cells_agree_with_observed_means(found):
    cells = found.cells()
    assert len(cells) == 9
    assert (cells["mean"] - cells["observed"]).abs().max() < 0.08
    assert cells.loc[cells["explainer"] == cells["target"], "over_self"].isna().all()
    best = cells.groupby("target")["best"].sum()
    np.testing.assert_allclose(best, 1.0, atol=1e-9)


def test_scores_without_sizes_have_no_learning_curve(found):
    assert found.learning_curve().empty
    assert found.learning()["note"].tolist() == ["no training sizes"]
    assert "No learning curve: there are not several training sizes." in found.conclusions()


def test_the_checks_pass_where_the_model_is_right(found):
    from introspect_bayes.scores.checks import check_scores

    by_name = {check.name: check.status for check in check_scores(found, seed=1)}
    assert set(by_name) == {"convergence", "scores.cells", "scores.items", "prior.sensitivity"}
    assert "fail" not in by_name.values()
    assert "error" not in by_name.values()


def test_plots_show_what_the_tables_say(found):
    import matplotlib as mpl

    mpl.use("agg")
    from introspect_bayes.scores import plots as score_plots

    panel = score_plots.plot_advantage(found).axes[0]
    (mean,) = found.advantage()["advantage"]
    assert any(mean in line.get_xdata() for line in panel.get_lines())
    shown = [text.get_text() for text in score_plots.plot_cells(found).axes[0].texts]
    assert sorted(shown) == sorted(f"{v:.2f}"[1:] for v in found.cells()["mean"])
    with pytest.raises(InputError, match="no training sizes"):
        score_plots.plot_learning_curve(found)
    mpl.pyplot.close("all")


def test_a_specification_must_suit_the_scores(simulated):
    frame = pd.DataFrame(simulated.columns)
    with pytest.raises(InputError, match="scores are 0 or 1"):
        explanation_scores(frame, specification=spec("explanation_scores_beta"))
    with pytest.raises(InputError, match="not a model of scores"):
        explanation_scores(frame, specification=spec("report_accuracy"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kappa", "cuts"), [(None, (-np.inf, np.inf)), (8.0, (-np.inf, np.inf)), (8.0, (-2.0, 3.0))]
)
def test_the_full_model_recovers_advantage_and_learning(kappa, cuts):
    simulated = simulate_scores(ScoreDesign(kappa=kappa, cuts=cuts, items=8), seed=2)
    frame = pd.DataFrame(simulated.columns)
    full = explanation_scores(frame, keep=False)
    assert full.diagnostics.problems == ()
    assert full.alternatives.empty
    for name, draws in full.draws.items():
        assert abs(float(draws.mean()) - simulated.truth[name]) < 3 * float(draws.std()), name


@pytest.mark.slow
@pytest.mark.parametrize(("models", "items", "off"), [("ab", 15, 0.04), ("abc", 72, 0.025)])
def test_zeros_of_self_at_equal_means_are_no_advantage(models, items, off):
    """60 and 648 scores; a beta model of squeezed scores said .067 and .122."""
    sides = {"explainer": 0.25, "target": 0.25, "item": 0.3, "pair": 0.05}
    spread = {**dict.fromkeys(ScoreDesign().spread, 0.0), **sides}
    design = ScoreDesign(tuple(models), {"k": 0.0}, items, (), 0.0, spread=spread, kappa=8.0,
                         own_zeros=0.25)  # fmt: skip
    frame = pd.DataFrame(simulate_scores(design, seed=3).columns)
    found = explanation_scores(frame, keep=False)
    (row,) = found.advantage().to_dict("records")
    means = frame.groupby(frame["explainer"] == frame["target"])["score"].mean()
    assert row["hdi_low"] < 0 < row["hdi_high"]
    assert abs(row["advantage"] - (means[True] - means[False])) < off
    assert found.diagnostics.rhat < 1.02
    assert found.diagnostics.divergences < 10  # of 6,000 draws; any marks the figures, as it should
    assert len(found.alternatives) == (3 if len(models) == 2 else 0)
    assert any("only two models tell" in said for said in found.conclusions()) == (models == "ab")
