"""What the checks find in the paper's data; the findings behind `introspect-bayes check`."""

import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.presentation.checks import conclusion_lines

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def analysis(paper_data):
    return Analysis(ib.load_study(paper_data), Settings.default())


@pytest.fixture(scope="module")
def checks(analysis):
    wanted = ["data", "convergence", "prior", "choices", "loo", "reports"]
    return {(check.name, check.subject): check for check in ib.check_study(analysis, wanted)}


def test_the_papers_facts_are_six_of_which_two_move_numbers(analysis, checks):
    conclusion = ib.conclude(analysis, list(checks.values()))
    found = {finding.name: finding for finding in conclusion.findings}
    assert {name for name, f in found.items() if f.kind == "numbers move"} == {
        "silence",
        "odd-reports",
    }
    harmless = {"size-of-weights", "position", "contexts-as-units", "bounds"}
    assert {name for name, f in found.items() if f.kind == "known and harmless"} == harmless
    (outlier, *_) = found["odd-reports"].changes
    assert outlier.id == "e3.before.mini"
    assert outlier.value == pytest.approx(0.398, abs=0.003)
    assert outlier.otherwise == pytest.approx(0.418, abs=0.003)
    assert len(list(conclusion_lines(conclusion))) <= 10


def failed(checks, name):
    return {s for (n, s), check in checks.items() if n == name and check.status == "fail"}


def test_every_fit_converged(checks):
    assert failed(checks, "convergence") == set()
    assert sum(name == "convergence" for name, _ in checks) == 16


def test_one_report_of_2388_moves_a_correlation(checks):
    assert failed(checks, "data.anomalies") == {"e3.before.mini"}
    numbers = checks["data.anomalies", "e3.before.mini"].numbers
    assert (numbers["out_of_range"], numbers["all_zero"]) == (1, 19)
    assert numbers["out_of_range.r"] == pytest.approx(0.398, abs=0.003)
    assert numbers["out_of_range.r_without"] == pytest.approx(0.418, abs=0.003)


def test_missing_reports_of_mini_are_many_but_of_no_kind_of_weights(checks):
    assert failed(checks, "data.replies") == {"mini, weight-trained"}
    assert failed(checks, "data.missing-reports") == set()
    counts = {
        figure: checks["data.missing-reports", f"{figure}.mini"].numbers["without_report"]
        for figure in ("e1.acc", "e1.base", "e3.before")
    }
    assert counts == {"e1.acc": 21, "e1.base": 4, "e3.before": 24}


def test_position_moves_native_choices(checks):
    both = {"choice weights of 4o, native", "choice weights of mini, native"}
    assert failed(checks, "data.position-bias") == both


def test_the_prior_of_the_weights_is_too_narrow(checks):
    """Normal(0, 1) holds log-odds back: choices are more predictable than the models say."""
    four = {f"choice weights of {m}, {s}" for m in ("4o", "mini") for s in ("instilled", "native")}
    for name in ("prior.predictive", "choices.calibration", "choices.predicted"):
        assert failed(checks, name) == four
    for subject in four:
        assert checks["choices.calibration", subject].numbers["slope"] > 1.7
        assert checks["prior.predictive", subject].numbers["explained_outside"] > 95
    papers = {
        m: checks["choices.predicted", f"choice weights of {m}, native"].numbers["papers"]
        for m in ("4o", "mini")
    }
    assert papers == pytest.approx({"4o": 0.845, "mini": 0.854}, abs=0.002)
    assert failed(checks, "choices.share") == set()


def test_the_prior_moves_weights_more_than_where_it_is_right(checks):
    weights = {s for n, s in checks if n == "prior.sensitivity" and s.startswith("choice")}
    assert failed(checks, "prior.sensitivity") == weights
    # Of brms's flat slopes, power-scaling cannot tell.
    flat = checks["prior.sensitivity", "e2.acc.4o"]
    assert (flat.status, flat.numbers["conflict"]) == ("information", 0)


def test_weights_of_a_learned_size_predict_held_out_choices_better(checks):
    """Of instilled contexts as well, of which leave-one-out cannot tell."""
    four = {f"choice weights of {m}, {s}" for m in ("4o", "mini") for s in ("instilled", "native")}
    assert failed(checks, "loo.comparison") == four
    for subject in four:
        numbers = checks["loo.comparison", subject].numbers
        assert numbers["choice_weights_pooled.elpd_diff"] > 450
        assert numbers["choice_weights_pooled.elpd_diff"] > 8 * numbers["choice_weights_pooled.se"]
        if subject.endswith("native"):
            assert numbers["choice_weights_no_intercept.elpd_diff"] < -100
    # No regression has a better alternative among those that ship.
    regressions = {s for n, s in checks if n == "loo.comparison" and s.startswith("e")}
    assert {checks["loo.comparison", s].status for s in regressions} == {"pass"}
    assert failed(checks, "loo.pareto-k") == set()


def test_rows_before_and_after_training_share_their_learned_weights(checks):
    assert failed(checks, "reports.residuals") == {"e2.effect", "e3.effect"}
    assert checks["reports.residuals", "e2.effect"].numbers["f_ratio"] > 3
    assert len(failed(checks, "reports.pile-up")) == 12
