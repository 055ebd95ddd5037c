"""One contract: whatever is fitted, it is sampled, kept, judged and summarized in the same way."""

import inspect
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fits_data import choices_of, correlated_rows, reported_rows, scored_rows
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.joint_model.accuracies import joint_data
from introspect_bayes.joint_model.fit import JointSampler
from introspect_bayes.privileged.correlations import CorrelationSampler
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling import intervals
from introspect_bayes.sampling.finished_fits import FinishedFits
from introspect_bayes.sampling.fit import HDI_COLUMNS, Fit
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification, spec
from joint_data import joint_study

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=100, warmup=100, chains=2, cores=2, seed=3)


def joint_rows(number):
    analysis = Analysis(joint_study({"e1.acc": 0.6}, [3, 2, 3], seed=number), Settings.default())
    return joint_data(analysis, "m-one", ["e1.acc"])


def of_one_kind_of_score():
    """The specification of scores without what a table of one size and one pair lacks."""
    return spec("explanation_scores").without("doublings").without("own_doublings").without("pair")


@dataclass(frozen=True)
class Kind:
    """A kind of fit: its data sets have one structure, so that each kind is compiled once."""

    sampler: type[ModelSampler]
    specification: Specification
    data: Callable[[int], Any]
    engine: str
    changed: dict[str, str]

    def fit(self, number=0, sampler=SAMPLER, specification=None, finished=None) -> Fit[Any]:
        fitter: Any = self.sampler(sampler, self.engine, finished)
        return fitter.fit(specification or self.specification, self.data(number), "every fit")


KINDS = {
    "choices": Kind(
        ChoiceWeightsSampler,
        spec("choice_weights"),
        choices_of,
        "auto",
        {"slopes": "Normal(0, 2)"},
    ),
    "choices by chains": Kind(
        ChoiceWeightsSampler,
        spec("choice_weights_pooled"),
        choices_of,
        "nuts",
        {"slopes_scale": "HalfNormal(2)"},
    ),
    "regression": Kind(
        RegressionSampler,
        spec("report_accuracy"),
        reported_rows,
        "auto",
        {"reported": "Normal(0, 2)"},
    ),
    "regression by context": Kind(
        RegressionSampler,
        spec("report_accuracy_by_context"),
        reported_rows,
        "auto",
        {"reported": "Normal(0, 2)"},
    ),
    "multilevel scores": Kind(
        RegressionSampler,
        of_one_kind_of_score(),
        scored_rows,
        "auto",
        {"own": "Normal(0, 2)"},
    ),
    "correlations": Kind(
        CorrelationSampler,
        spec("privileged_access"),
        correlated_rows,
        "importance",
        {"correlation": "LKJCorr(3)"},
    ),
    "joint": Kind(
        JointSampler,
        spec("joint_accuracy"),
        joint_rows,
        "auto",
        {"accuracy": "Normal(0, 2)"},
    ),
}


LONG_TO_COMPILE = ("choices by chains", "multilevel scores", "joint")
"""Kinds for which day by day the others speak: they share the code that this file is about."""


@pytest.fixture(
    params=[
        pytest.param(name, marks=pytest.mark.slow) if name in LONG_TO_COMPILE else name
        for name in KINDS
    ]
)
def kind(request):
    return KINDS[request.param]


@cache
def made(kind_name, number=0):
    """A fit of a kind, sampled once for all tests that only look at it."""
    return KINDS[kind_name].fit(number)


@pytest.fixture
def fit(kind):
    return made(next(name for name, each in KINDS.items() if each is kind))


def posterior(fit):
    return fit.idata["posterior"].to_dataset().drop_attrs()


def test_samplers_take_the_same_words_in_the_same_order(kind):
    words = list(inspect.signature(kind.sampler).parameters)
    assert words[:3] == ["sampler", "engine", "finished"]
    assert list(inspect.signature(kind.sampler.fit).parameters)[1:4] == ["spec", "data", "name"]
    with pytest.raises(InputError, match="no engine 'nut'; did you mean nuts"):
        kind.sampler(SAMPLER, "nut")


def test_importance_sampling_applies_or_is_refused(kind):
    if kind.specification.importance_applies:
        return
    with pytest.raises(InputError, match=r"importance sampling needs .*; take the engine nuts"):
        replace(kind, engine="importance").fit()


def test_the_same_seed_gives_the_same_draws(kind, fit):
    assert posterior(kind.fit()).identical(posterior(fit))
    assert not posterior(kind.fit(sampler=replace(SAMPLER, seed=4))).equals(posterior(fit))


def test_threads_give_what_each_data_set_gives_alone(kind, fit):
    alone = [posterior(fit), posterior(kind.fit(1))]
    jobs = [0, 1, 1, 0]
    with ThreadPoolExecutor(len(jobs)) as pool:
        together = list(pool.map(lambda number: posterior(kind.fit(number)), jobs))
    assert [found.identical(alone[n]) for n, found in zip(jobs, together, strict=True)] == [
        True
    ] * 4
    assert not alone[0].equals(alone[1])


def test_a_pickle_says_the_same(fit):
    assert fit.model is not None  # what cannot be pickled is built again
    again = pickle.loads(pickle.dumps(fit))  # noqa: S301 - our own
    assert again.idata.identical(fit.idata)
    assert again.diagnostics == fit.diagnostics
    pd.testing.assert_frame_equal(again.hdi(), fit.hdi())


def test_a_finished_fit_is_found_again_and_no_other(kind, fit, tmp_path, monkeypatch):
    finished, sampled = FinishedFits(tmp_path), []

    def sample(*_):
        sampled.append(kind)
        return fit.idata

    monkeypatch.setattr(kind.sampler, "_fit", sample)
    first = kind.fit(finished=finished)
    pd.testing.assert_frame_equal(first.hdi(), fit.hdi())
    for same in (SAMPLER, replace(SAMPLER, cores=1)):
        found = kind.fit(sampler=same, finished=finished)
        assert posterior(found).equals(posterior(fit))
        assert found.diagnostics == fit.diagnostics
        pd.testing.assert_frame_equal(found.hdi(), fit.hdi())
    assert len(sampled) == 1
    others = [
        {"sampler": replace(SAMPLER, seed=4)},
        {"sampler": replace(SAMPLER, draws=101)},
        {"number": 1},
        {"specification": kind.specification.with_priors(**kind.changed)},
    ]
    for number, other in enumerate(others):
        kind.fit(**other, finished=finished)
        assert len(sampled) == 2 + number


def test_diagnostics_judge_every_fit_by_the_same_limits(fit):
    assert fit.diagnostics.rhat >= 1.0
    assert 0 < fit.diagnostics.ess_bulk < np.inf
    stats = fit.idata["sample_stats"].to_dataset()
    by_chains = "diverging" in stats
    spoiled = {"diverging": True} if by_chains else {"pareto_k": 0.71}
    changed = {n: xr.full_like(stats[n], v, dtype=type(v)) for n, v in spoiled.items()}
    tree = fit.idata.copy()
    tree["sample_stats"] = xr.DataTree(stats.assign(changed))
    problems = replace(fit, source=tree).diagnostics.problems
    wanted = "200 divergent transitions" if by_chains else r"Pareto k 0.71 .*at most 0.7"
    assert any(wanted.split(" .*", maxsplit=1)[0] in problem for problem in problems)
    assert (fit.diagnostics.pareto_k is None) == by_chains


def test_hdis_have_one_schema_and_come_from_one_constant(fit, monkeypatch):
    table = fit.hdi()
    assert tuple(table.columns[: len(HDI_COLUMNS)]) == HDI_COLUMNS
    assert not table.duplicated(["parameter", "level"]).any()
    assert table[["mean", "sd", "hdi_low", "hdi_high"]].notna().all(axis=None)
    assert (table["hdi_low"] < table["hdi_high"]).all()
    monkeypatch.setattr(intervals, "HDI_PROB", 0.5)
    half = replace(fit).hdi()
    assert (half["hdi_high"] - half["hdi_low"] < table["hdi_high"] - table["hdi_low"]).all()
    row = table.iloc[0]
    drawn = fit.idata["posterior"][row["parameter"]].to_numpy()
    values = drawn.reshape(*drawn.shape[:2], -1)[..., 0]
    assert values.mean() == pytest.approx(row["mean"])
    inside = (values >= row["hdi_low"]) & (values <= row["hdi_high"])
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
