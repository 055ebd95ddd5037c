"""All checks of a small study, and which are made of which subject."""

from dataclasses import replace

import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import CHECKS, STATUSES, check_study, select_checks
from introspect_bayes.checks.checking import FITTED
from introspect_bayes.errors import InputError

pytestmark = pytest.mark.compiles

SETTINGS = Settings.default(seed=1, draws=300, warmup=300)


@pytest.fixture(scope="module")
def study(write_study):
    return ib.load_study(write_study(contexts=12))


@pytest.fixture(scope="module")
def analysis(study):
    return Analysis(study, SETTINGS)


@pytest.fixture(scope="module")
def checks(analysis):
    wanted = [name for name in CHECKS if name != "loo.comparison"]
    return list(check_study(analysis, wanted))


def test_every_check_is_made_and_says_something(checks):
    assert {check.name for check in checks} == set(CHECKS) - {"loo.comparison"}
    for check in checks:
        assert check.status in STATUSES
        assert check.message.endswith(".")
        assert check.message[0].isupper() or check.message[0].isdigit()
        assert check.as_dict()["subject"]
    made = [(check.name, check.subject) for check in checks if check.name != "data.replies"]
    assert len(set(made)) == len(made)


def test_each_fit_is_checked(checks):
    of_choices = {c.subject for c in checks if c.name == "choices.calibration"}
    assert of_choices == {
        "choice weights of tiny-model, instilled",
        "choice weights of tiny-model, native",
    }
    figures = ["e1.acc", "e1.base", "e2.acc", "e3.before", "e3.after"]
    of_reports = [c.subject for c in checks if c.name == "reports.density"]
    assert of_reports == [*(f"{f}.tiny-model" for f in figures), "e2.effect", "e3.effect"]
    assert {c.subject for c in checks if c.name == "convergence"} == {*of_choices, *of_reports}
    assert [c.subject for c in checks if c.name == "data.missing-reports"] == of_reports[:5]


def test_what_the_study_does_not_have_is_named(checks):
    (fits,) = [check for check in checks if check.name == FITTED]
    assert fits.status == "information"
    assert "native.acc.tiny-model" in fits.message
    assert "choice weights of tiny-model, off-the-shelf, native" in fits.message


def test_what_cannot_be_fitted_is_named_with_the_reason(study, analysis):
    reports = study.reports
    mine = (reports["stage"] == "off-the-shelf") & (reports["context_set"] == "instilled")
    same = replace(study, reports=reports.assign(reported=reports["reported"].mask(mine, 7)))
    other = Analysis(same, SETTINGS)
    other.use_weights_of(analysis)
    other._regressions = analysis._regressions
    found = {check.subject: check for check in check_study(other, [FITTED])}
    assert found["e1.base.tiny-model"].status == "information"
    assert "do not vary" in found["e1.base.tiny-model"].message


def test_checks_repeat_exactly(study, checks):
    again = list(check_study(Analysis(study, SETTINGS), ["choices"]))
    assert again == [check for check in checks if check.name.startswith("choices.")]


def test_too_few_draws_go_wrong_loudly(analysis, monkeypatch):
    for name in ("CHOICE_DRAWS", "REGRESSION_DRAWS"):
        monkeypatch.setattr(f"introspect_bayes.checks.examination.{name}", 100)
    found = list(check_study(analysis, ["reports.residuals", "choices.predicted"]))
    assert {check.status for check in found} == {"error"}
    assert all("draws are too few" in check.message for check in found)


def test_checks_are_chosen_by_name_or_beginning():
    assert select_checks(["choices.share", "loo"]) == [
        "choices.share",
        "loo.pareto-k",
        "loo.comparison",
    ]
    assert select_checks([]) == list(CHECKS)
    with pytest.raises(InputError, match="no check 'convergense'; did you mean convergence"):
        select_checks(["convergense"])


def test_names_are_refused_before_anything_is_fitted(analysis):
    with pytest.raises(InputError, match="no check"):
        check_study(analysis, ["lo"])


@pytest.mark.slow
def test_alternatives_are_compared_where_they_ship(analysis):
    found = {check.subject: check for check in check_study(analysis, ["loo.comparison"])}
    assert len(found) == 2 + 5
    for subject, check in found.items():
        assert ("choice_weights_pooled" in check.message) == subject.startswith("choice weights")
        assert ("report_accuracy_student" in check.message) == subject.startswith("e")
