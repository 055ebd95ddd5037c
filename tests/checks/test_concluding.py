"""Every flaw of a simulated study is found as what it is; the benchmark says how often."""

import sys
from pathlib import Path

import pytest

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import check_study, conclude
from introspect_bayes.checks.concluding import FINDINGS
from introspect_bayes.checks.evidence import FALSE_ALARMS, Evidence
from introspect_bayes.checks.outcome import Check

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from flawed_studies import FLAWS, simulated

SETTINGS = Settings.default(seed=1, draws=300, warmup=300, keep=False)
STOPS = {"files", "unanswered", "one-sided", "no-weights"}
OF_REGRESSIONS = {"contexts-as-units", "another-regression"}


SLOW = {"no-weights", "size-of-weights", "odd-rows"}


def concluded(study, names):
    analysis = Analysis(study, SETTINGS)
    return conclude(analysis, list(check_study(analysis, names)))


def require_found(flaw):
    make, names = FLAWS[flaw]
    conclusion = concluded(make(1), names)
    (found,) = [finding for finding in conclusion.findings if finding.name == flaw]
    assert found.name in FINDINGS
    assert (found.kind == "stop") == (flaw in STOPS)
    if found.kind != "stop":
        assert "e3.before.simulated" in {change.id for change in found.changes}
    assert (conclusion.kind == "stop") == any(f.kind == "stop" for f in conclusion.findings)


@pytest.mark.parametrize("flaw", sorted(FLAWS.keys() - OF_REGRESSIONS - SLOW))
def test_each_flaw_is_found(flaw):
    require_found(flaw)


@pytest.mark.slow
@pytest.mark.parametrize("flaw", sorted(SLOW))
def test_each_flaw_of_weights_is_found(flaw):
    require_found(flaw)


def test_a_flawless_study_has_none():
    conclusion = concluded(simulated(3, contexts=12), ["data"])
    assert [finding.name for finding in conclusion.findings] == []
    assert conclusion.text == "Nothing was found that stops you or moves an accuracy."
    assert "convergence" in conclusion.unseen[0]


def test_all_tests_of_a_study_share_one_error_rate():
    analysis = Analysis(simulated(3, contexts=12), SETTINGS)
    tests = [Check("data.position-bias", "s", "pass", "M.", {"p": 0.5})] * 8
    assert Evidence(analysis, tests).level == FALSE_ALARMS / 8


def test_what_went_wrong_stops():
    analysis = Analysis(simulated(3, contexts=12), SETTINGS)
    check = Check("loo.pareto-k", "e1.acc.m", "error", "Went wrong: take more draws.")
    conclusion = conclude(analysis, [check])
    assert (conclusion.kind, conclusion.findings[0].name) == ("stop", "went-wrong")
    assert "take more draws" in conclusion.findings[0].message


@pytest.mark.slow
@pytest.mark.parametrize("flaw", sorted(OF_REGRESSIONS))
def test_contexts_that_differ_are_found(flaw):
    make, names = FLAWS[flaw]
    assert flaw in {finding.name for finding in concluded(make(1), names).findings}
