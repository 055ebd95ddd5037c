"""What an advantage that two models tell rests on: reweighted where that suffices, else fitted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.scores import two_models
from introspect_bayes.scores.rows import score_rows
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.scores.sentences import two_model_sentences
from introspect_bayes.specs import spec

MODEL = spec("explanation_scores")
HALF_NORMAL_MEAN = np.sqrt(2 / np.pi)


def rows():
    cells = {"aa": 0.9, "ab": 0.4, "ba": 0.5, "bb": 0.6}
    frame = [
        {"explainer": e, "target": t, "task": "k", "item": str(i), "score": mean + shift}
        for (e, t), mean in cells.items()
        for i, shift in enumerate((-0.1, 0.1))
    ]
    return score_rows(read_explanation_scores(pd.DataFrame(frame)))


def fitted(scale, fits, seed=1):
    """A fit whose posterior of the scale of pairs is its prior; the scale is its advantage."""
    fits.append(scale)
    draws = np.abs(np.random.default_rng(seed).normal(0, scale, (4, 5000)))
    return SimpleNamespace(spec=MODEL, draws_of=lambda _: draws)


@pytest.fixture
def found(monkeypatch):
    fits = []
    monkeypatch.setattr(
        two_models, "advantage_draws", lambda fit, _: {"k": (fit.draws_of(""), 0.0)}
    )

    def fit(spec, _, name):
        assert "pairs ~" in name
        return fitted(spec.priors[two_models.PAIR_SCALE].args["sigma"], fits, seed=2)

    fitter = SimpleNamespace(sampler=Sampler(seed=1), fit=fit)
    table = two_models.other_pairs(fitted(0.5, fits), rows(), fitter)
    return table.set_index("how"), fits


def test_narrower_pairs_are_reweighted_and_wider_ones_fitted_anew(found):
    table, fits = found
    assert fits == [0.5, 1.0]
    assert table.loc["reweighted", "advantage"] == pytest.approx(0.1 * HALF_NORMAL_MEAN, abs=0.004)
    assert table.loc["fitted anew", "advantage"] == pytest.approx(HALF_NORMAL_MEAN, abs=0.02)
    assert table.loc["fitted anew", "hdi_high"] == pytest.approx(1.96, abs=0.06)


def test_what_adds_up_in_scores_needs_no_prior(found):
    """(aa + bb - ab - ba) / 2 of the cells' means."""
    assert found[0].loc["observed", "advantage"] == pytest.approx((0.9 + 0.6 - 0.4 - 0.5) / 2)


def test_the_sentence_names_prior_and_figures(found):
    table = found[0].reset_index()
    advantage = pd.DataFrame({"task": ["k"], "advantage": [0.4]})
    (said,) = two_model_sentences(table, advantage, MODEL.priors[two_models.PAIR_SCALE])
    assert "adding up in log-odds, and on the prior of what is particular to a pair" in said
    assert ".400 becomes .080, 95% HDI" in said
    assert said.endswith(".300 as observed, if explainers and targets add up in scores.")


def test_more_models_need_no_such_sentence():
    frame = rows().table.drop(columns="self")
    third = pd.concat([frame.assign(explainer="c"), frame.assign(target="c")])
    more = pd.concat([frame, third, frame[:2].assign(explainer="c", target="c")])
    told = score_rows(
        read_explanation_scores(more.drop_duplicates(["explainer", "target", "item"]))
    )
    assert two_models.other_pairs(None, told, None).empty
