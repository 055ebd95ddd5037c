"""What a joint fit tells beside its posterior: figures without noise, and the predictive check."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

from introspect_bayes.analysis.context_sums import accuracy_sums
from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.joint_model.paper_scale import noise_free_figures, paper_slope
from introspect_bayes.joint_model.predictive import (
    STATISTICS,
    modes_of_weights,
    predictive_draws,
    predictive_rows,
)
from introspect_bayes.joint_model.ranks import joint_design
from introspect_bayes.joint_model.replicates import (
    latent_reports,
    replicated_choices,
    replicated_reports,
)
from introspect_bayes.specs import spec

FIGURES, SETS = 2, 3


@pytest.fixture(scope="module")
def design():
    """Fifteen contexts of two to four attributes, some without reports before training."""
    made = joint_design(5)
    there = np.arange(4) < made.counts[..., None]
    single = np.where(there[..., None] & made.choices.present[:, None], 0.0, np.nan)
    return replace(made, reports=single)


def draws_of(design, samples, seed, **changed):
    """Return draws, all alike, of a model that knows its weights moderately well."""
    random = np.random.default_rng(seed)
    used = random.normal(size=design.cells.shape[1:])
    shape = design.cells.shape
    told = {
        "Intercept": np.zeros(shape[1]), "consistency": np.full(shape[1], 3.0), "used": used,
        "report_mean": np.full(SETS, 0.1), "report_scale_of_context": np.full(shape[:2], 0.4),
        "reported": 0.8 * used + random.normal(0, 0.6, shape),
        "report_noise": np.full(SETS, 0.2), "report_df": np.full(SETS, 1e6),
    } | changed  # fmt: skip
    dims = {1: ("context",), 2: ("context", "attribute"), 3: ("figure", "context", "attribute")}
    of_sets = ("report_mean", "report_noise", "report_df")
    by_name = dict.fromkeys(of_sets, ("report_set",))
    by_name["report_scale_of_context"] = ("figure", "context")
    return xr.Dataset(
        {name: (("sample", *by_name.get(name, dims[value.ndim])),
                np.repeat(value[None], samples, axis=0)) for name, value in told.items()}
    )  # fmt: skip


def test_the_papers_slope_is_that_of_the_analysis(design):
    random = np.random.default_rng(4)
    weights, reports = random.normal(size=(2, 1, *design.cells.shape[1:]))
    scaled = weights * design.choices.present
    scaled = scaled / np.abs(scaled).max(axis=2, keepdims=True)
    names = np.array(design.choices.contexts)
    for figure in range(FIGURES):
        c, k = np.nonzero(design.cells[figure])
        rows = pd.DataFrame({"context": names[c], "report_set": design.set_index[figure, c],
            "weight": scaled[0, c, k], "mean_report": reports[0, c, k]})  # fmt: skip
        c, k = np.nonzero(design.choices.present)
        everything = pd.DataFrame({"context": names[c], "weight": scaled[0, c, k]})
        expected = accuracy_sums(rows, rows, everything).value()
        assert paper_slope(design, figure, weights, reports)[0] == pytest.approx(expected)


def test_contexts_count_as_a_sample_of_many(design):
    draws = draws_of(design, 4000, 6)
    used, told = draws["used"].to_numpy(), latent_reports(design, draws)
    found = noise_free_figures(design, used, told, seed=1)
    told = np.clip(told[:1], -1, 1)
    for figure in range(FIGURES):
        whole = paper_slope(design, figure, used[:1], told[:, figure])[0]
        assert found[:, figure].mean() == pytest.approx(whole, abs=0.05)
        assert 0.02 < found[:, figure].std() < 0.3
    again = noise_free_figures(design, used, latent_reports(design, draws), seed=1)
    np.testing.assert_array_equal(found, again)


def test_replicated_reports_follow_their_distribution(design):
    changed = {"reported": np.full(design.cells.shape, 1.75)}
    draws = draws_of(design, 4000, 1, **changed)  # a latent report of .8
    drawn = replicated_reports(design, draws, np.random.default_rng(1))
    assert (np.isfinite(drawn[0]) == np.isfinite(design.reports)).all()
    own = drawn[:, 0][:, np.isfinite(design.reports[0])]
    assert (own == 1).mean() == pytest.approx(norm.sf(0.995, 0.8, 0.2), abs=0.005)
    assert np.median(own) == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(own * 100, np.round(own * 100), atol=1e-9)
    # The longest tails lead to the ends of the scale, not to infinity.
    wild = draws_of(design, 50, 1, report_df=np.full(SETS, 0.05))
    drawn = replicated_reports(design, wild, np.random.default_rng(1))
    assert np.nanmax(np.abs(drawn)) == 1
    choices = replicated_choices(design, draws, np.random.default_rng(2))
    index = design.choices.index
    slopes = draws["used"].to_numpy()[0] * 3
    chance = 1 / (1 + np.exp(-(slopes[index] * design.choices.differences).sum(axis=1)))
    np.testing.assert_allclose(choices.mean(axis=0), chance, atol=0.04)


def test_modes_are_those_of_the_papers_model(design):
    random = np.random.default_rng(3)
    selections = random.integers(0, 2, (3, len(design.choices.index)))
    together = modes_of_weights(design, selections)
    for selection, found in zip(selections, together, strict=True):
        data = replace(design.choices, selection=selection)
        modes, _ = find_modes(ContextDensities(spec("choice_weights"), data))
        np.testing.assert_allclose(found, modes[:, 1:], atol=1e-6)


def test_the_predictive_check_passes_its_own_data_and_finds_a_wrong_model(design):
    draws = draws_of(design, 200, 8)
    one, random = draws.isel(sample=slice(0, 1)), np.random.default_rng(9)
    choices = replace(design.choices, selection=replicated_choices(design, one, random)[0])
    data = replace(design, choices=choices, reports=replicated_reports(design, one, random)[0])
    coords = {"figure": list(design.figures), "statistic": list(STATISTICS)}

    def rows(told):
        return predictive_rows(xr.Dataset(predictive_draws(data, told, seed=1), coords))

    right = rows(draws)
    assert len(right) == FIGURES * len(STATISTICS)
    assert not right["missed"].any()
    assert right["inside"].sum() >= 9
    wrong = rows(draws_of(design, 200, 8, report_df=np.full(SETS, 0.3)))
    assert {"ends", "plug_in"} & set(wrong.loc[wrong["missed"], "statistic"])
