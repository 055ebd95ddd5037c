"""Whatever is fitted in threads gives, bit for bit, what it gives alone."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import joblib
import numpy as np
import pandas as pd
import pytest

from fits_data import choices_of, correlated_rows, reported_rows
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.choices import context_densities, weight_summaries
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.weight_summaries import summarize_weights
from introspect_bayes.joint_model.accuracies import joint_data
from introspect_bayes.joint_model.fit import JointSampler
from introspect_bayes.privileged.correlations import CorrelationSampler
from introspect_bayes.regressions.predictive import log_densities, posterior_predictive
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling import compiled_models
from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.compiled_models import compiled_once
from introspect_bayes.sampling.finished_fits import FinishedFits
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec
from joint_data import joint_study

pytestmark = pytest.mark.compiles

UNKEPT = Settings.default(keep=False)
SAMPLER = Sampler(draws=150, warmup=100, chains=2, cores=2, seed=3)
THREADS = 4
DATA_SETS = range(3)


def regression(number, finished=None, engine="auto", name="report_accuracy"):
    sampler = RegressionSampler(SAMPLER, engine, finished)
    return sampler.fit(spec(name), reported_rows(number), f"regression {number}")


def choice_weights(number, finished=None, engine="auto"):
    sampler = ChoiceWeightsSampler(SAMPLER, engine, finished)
    return sampler.fit(spec("choice_weights"), choices_of(number), f"choices {number}")


def correlations(number, finished=None, engine="importance"):
    sampler = CorrelationSampler(SAMPLER, engine, finished)
    return sampler.fit(spec("privileged_access"), correlated_rows(number), f"correlations {number}")


def joint(number):
    analysis = Analysis(joint_study({"e1.acc": 0.6}, [3, 2, 3, 3], seed=number), UNKEPT)
    data = joint_data(analysis, "m-one", ["e1.acc"])
    return JointSampler(SAMPLER).fit(spec("joint_accuracy"), data, f"joint {number}")


FITS = {
    "regression": regression,
    "choice weights": choice_weights,
    "correlations": correlations,
    "choice weights by chains": lambda number, kept=None: choice_weights(number, kept, "nuts"),
}


def posterior(fit):
    return fit.idata["posterior"].to_dataset().drop_attrs()


@pytest.fixture(scope="module")
def alone():
    """What each kind of fit gives to each data set, one after the other."""
    return {(k, n): posterior(make(n)) for k, make in FITS.items() for n in DATA_SETS}


def in_threads(work, jobs):
    """Do some jobs in threads that begin together; return their results."""
    together = Barrier(THREADS)

    def begin(number):
        if number < THREADS:
            together.wait()
        return work(*jobs[number])

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(len(jobs))))


def test_every_fit_gives_what_it_gives_alone(alone, monkeypatch):
    # Nothing is prepared or compiled yet, so that threads ask for the same at the same time.
    monkeypatch.setattr(compiled_models, "_compiled", {})
    for made in (context_densities._likelihood, context_densities._density):
        made.cache_clear()
    jobs = [(kind, number) for kind in FITS for _ in range(3) for number in DATA_SETS]
    made = in_threads(lambda kind, number: posterior(FITS[kind](number)), jobs)
    wrong = [job for job, found in zip(jobs, made, strict=True) if not found.identical(alone[job])]
    assert not wrong


def test_what_is_kept_is_what_each_fit_gives_alone(alone, tmp_path):
    kept = FinishedFits(tmp_path)
    quick = [kind for kind in FITS if "chains" not in kind]
    jobs = [(kind, number) for _ in range(4) for kind in quick for number in DATA_SETS]
    in_threads(lambda kind, number: FITS[kind](number, kept).diagnostics, jobs)
    assert len(list(tmp_path.glob("*.npz"))) == len(quick) * len(DATA_SETS)
    assert not list(tmp_path.glob("*.part"))
    for kind, number in dict.fromkeys(jobs):
        found = FITS[kind](number, kept)
        assert found.source.__class__.__name__ == "FinishedFit"
        assert "tree" not in vars(found.source)
        assert posterior(found).equals(alone[kind, number])


def test_threads_that_share_an_analysis_get_their_own_rows(alone):
    analysis = Analysis(joint_study({"e1.acc": 0.5}, [2], seed=1), UNKEPT)
    analysis._regressions = RegressionSampler(SAMPLER)
    expected = [
        posterior(RegressionSampler(SAMPLER).fit(spec("report_accuracy"), reported_rows(n), "same"))
        for n in DATA_SETS
    ]
    jobs = [(number,) for _ in range(6) for number in DATA_SETS]
    made = in_threads(lambda number: analysis.regress("same", reported_rows(number)), jobs)
    for (number,), fit in zip(jobs, made, strict=True):
        assert fit.data.equals(reported_rows(number))
        assert posterior(fit).identical(expected[number])


def test_predictions_from_one_fit_are_those_of_one_thread():
    fit = regression(1)

    def predicted():
        replicates = posterior_predictive(fit, 1, 40)["posterior_predictive"]["learned"]
        return replicates.to_numpy(), log_densities(fit, 40)["log_likelihood"]["learned"].to_numpy()

    expected = predicted()
    for made in in_threads(predicted, [()] * THREADS):
        np.testing.assert_array_equal(made, expected)


def test_parts_of_many_contexts_may_be_threads(monkeypatch):
    """As where Dask's workers have several."""
    monkeypatch.setattr(weight_summaries, "PART", 1)
    alone = summarize_weights(spec("choice_weights"), choices_of(2), replace(SAMPLER, cores=1))
    with joblib.parallel_config(backend="threading", n_jobs=THREADS):
        made = summarize_weights(spec("choice_weights"), choices_of(2), SAMPLER)
    pd.testing.assert_frame_equal(made.weights, alone.weights, check_exact=True)


def test_a_structure_is_compiled_once_for_all_threads():
    compiled = []

    def compile_model():
        compiled.append("model")
        return compiled_once(("threads", "another"), lambda: "needed by the first")

    jobs = [(("threads", "first"), compile_model)] * 8
    assert set(in_threads(compiled_once, jobs)) == {"needed by the first"}
    assert compiled == ["model"]


def test_an_array_function_has_no_shared_variables():
    import pytensor
    import pytensor.tensor as pt

    held = pytensor.shared(np.zeros(2), name="held")
    with pytest.raises(ValueError, match=r"as inputs, not \['held'\]"):
        array_function([], pt.exp(held))


def test_filters_of_warnings_are_as_before(alone):
    before = list(warnings.filters)
    in_threads(lambda kind, number: FITS[kind](number).diagnostics, list(alone) * 2)
    assert list(warnings.filters) == before


@pytest.mark.slow
def test_joint_and_multilevel_fits_give_what_they_give_alone(monkeypatch):
    kinds = {
        "regression": lambda number: regression(number, engine="nuts"),
        "joint": joint,
        "by context": lambda number: regression(number, name="report_accuracy_by_context"),
        "pooled": lambda number: ChoiceWeightsSampler(SAMPLER).fit(
            spec("choice_weights_pooled"), choices_of(number), f"pooled {number}"
        ),
        "correlations": lambda number: correlations(number, engine="nuts"),
    }
    alone = {(kind, n): posterior(make(n)) for kind, make in kinds.items() for n in DATA_SETS}
    monkeypatch.setattr(compiled_models, "_compiled", {})
    jobs = list(alone) * 3
    made = in_threads(lambda kind, number: posterior(kinds[kind](number)), jobs)
    wrong = [job for job, found in zip(jobs, made, strict=True) if not found.identical(alone[job])]
    assert not wrong
