"""Two studies, small and fast, and the materials of their reports."""

from dataclasses import replace

import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.scenarios import scenarios_from
from introspect_bayes.analysis.sensitivity import prior_sensitivity
from introspect_bayes.document import build, gather
from report_data import MADE

PAPERS_MODEL = "gpt-4o-2024-08-06"


def quick_analysis(study):
    return ib.Analysis(study, ib.Settings.default(seed=5, draws=200, warmup=200))


@pytest.fixture(scope="session")
def paper_like(write_study):
    """Materials of a simulated study of the paper's design, one prior exchanged."""
    folder = write_study(base_models=[PAPERS_MODEL], contexts=8, trials=60)
    analysis = quick_analysis(ib.load_study(folder))
    made = gather(analysis)
    scenarios = scenarios_from(
        analysis.settings.specs, ["report_accuracy.reported=Normal(0, 0.05)"]
    )
    moved = prior_sensitivity(analysis, scenarios, ["e1.acc"])
    return replace(made, sensitivity=moved)


@pytest.fixture(scope="session")
def paper_like_report(paper_like):
    return build(paper_like, made=MADE)


@pytest.fixture(scope="session")
def small_model():
    """Materials of the study of a small model that ships."""
    return gather(quick_analysis(ib.load_study("smollm2")))


@pytest.fixture(scope="session")
def small_model_report(small_model):
    return build(small_model, made=MADE)


@pytest.fixture(params=["paper_like_report", "small_model_report"])
def report(request):
    return request.getfixturevalue(request.param)
