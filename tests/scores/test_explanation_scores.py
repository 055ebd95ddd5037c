"""Explanation scores: what a table can tell, and answers against known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.linear_predictor import linear_predictor
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.scores.answers import explanation_scores
from introspect_bayes.scores.rows import score_rows, squeezed, stretched
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


def test_squeezing_is_undone_by_stretching():
    scores = np.array([0.0, 0.2, 0.7, 1.0])
    assert (squeezed(scores) > 0).all()
    assert (squeezed(scores) < 1).all()
    np.testing.assert_allclose(stretched(squeezed(scores), 4), scores)


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
@pytest.mark.parametrize("kappa", [None, 8.0])
def test_the_full_model_recovers_advantage_and_learning(kappa):
    simulated = simulate_scores(ScoreDesign(kappa=kappa), seed=2)
    frame = pd.DataFrame(simulated.columns)
    full = explanation_scores(frame, keep=False)
    assert full.diagnostics.problems == ()
    for name, draws in full.draws.items():
        assert abs(float(draws.mean()) - simulated.truth[name]) < 3 * float(draws.std()), name
