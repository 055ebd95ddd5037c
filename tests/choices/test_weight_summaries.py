"""Part by part, over processes or a cluster: the numbers of all at once."""

import joblib
import numpy as np
import pandas as pd
import pytest

from fits_data import simulated_choices
from introspect_bayes.choices import weight_summaries
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.weight_summaries import summarize_weights
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

SAMPLER = Sampler(draws=1000, warmup=250, chains=2, cores=2, seed=3)


@pytest.fixture(scope="module")
def data():
    frame = simulated_choices(contexts=7, attributes=3, trials=20)
    counts = {name: 2 if name == "context_4" else 3 for name in frame["context"]}
    frame.loc[frame["context"] == "context_4", "d3"] = 0.0
    # One context, whose every choice is the same, is sampled along its intercept.
    frame.loc[frame["context"] == "context_5", "selection"] = "A"
    return ChoiceData.from_frame(frame, ["d1", "d2", "d3"], counts)


@pytest.fixture
def at_once(data):
    return ChoiceWeightsSampler(SAMPLER).fit(spec("choice_weights"), data, "choice_weights")


def assert_same(found, fit):
    for ours, theirs in ((found.weights, fit.hdi()), (found.position_bias, fit.position_bias())):
        # Rounding differs with the size of a part, and may exchange a draw for the next one.
        pd.testing.assert_frame_equal(ours, theirs, atol=0.1, rtol=0)
        moved = (ours[["mean", "sd"]] - theirs[["mean", "sd"]]).abs()
        assert (moved < 1e-3).all(axis=None)
    assert found.contexts_by_engine == fit.contexts_by_engine == {"importance": 7}
    assert found.diagnostics.problems == fit.diagnostics.problems
    assert found.diagnostics.pareto_k == pytest.approx(fit.diagnostics.pareto_k, abs=1e-6)


@pytest.mark.compiles
@pytest.mark.parametrize("place", ["processes", "threads", "dask"])
def test_numbers_are_the_same_wherever_contexts_are_sampled(data, at_once, monkeypatch, place):
    monkeypatch.setattr(weight_summaries, "PART", 2)
    finished = []
    if place == "processes":
        found = summarize_weights(spec("choice_weights"), data, SAMPLER, advance=finished.append)
    elif place == "threads":
        with joblib.parallel_config(backend="threading", n_jobs=1):
            found = summarize_weights(
                spec("choice_weights"), data, SAMPLER, advance=finished.append
            )
    else:
        dask = pytest.importorskip("distributed", reason="needs `uv run --extra dask pytest`")
        with (
            dask.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
            dask.Client(cluster),
            joblib.parallel_config(backend="dask"),
        ):
            found = summarize_weights(
                spec("choice_weights"), data, SAMPLER, advance=finished.append
            )
    assert finished == [2, 2, 2, 1]
    assert_same(found, at_once)


@pytest.mark.compiles
def test_a_single_part_needs_no_other_process(data, at_once):
    assert_same(summarize_weights(spec("choice_weights"), data, SAMPLER), at_once)


def test_without_intercept_there_is_no_position_bias(data):
    found = summarize_weights(spec("choice_weights_no_intercept"), data, SAMPLER)
    assert found.position_bias.empty
    assert len(found.weights) == 6 * 3 + 2
    assert np.isfinite(found.weights[["mean", "sd", "hdi_low", "hdi_high"]]).all(axis=None)


def test_contexts_that_share_parameters_cannot_be_sampled_apart(data):
    with pytest.raises(InputError, match="contexts share intercept_scale, slopes_scale"):
        summarize_weights(spec("choice_weights_pooled"), data, SAMPLER)
