from dataclasses import replace

import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import data_health
from introspect_bayes.checks.replies import anomalies, reply_checks

STAGES = ["introspection-trained", "off-the-shelf", "weight-trained"]


@pytest.fixture(scope="module")
def study(write_study):
    study = ib.load_study(write_study())
    # As if the four reports that each context has were all that was asked for.
    contexts = study.report_sets["contexts_asked"].map(len)
    return replace(study, report_sets=study.report_sets.assign(replies=4 * contexts))


def statuses(study, name):
    return {check.subject: check.status for check in reply_checks(study, name)}


@pytest.mark.parametrize("name", ["data.variation", "data.replies"])
def test_sound_replies_pass_for_each_stage(study, name):
    assert statuses(study, name) == {f"tiny-model, {stage}": "pass" for stage in STAGES}


def test_choices_of_one_letter_fail_for_that_stage_only(study):
    one_sided = replace(study, choices=study.choices.assign(selection="A"))
    found = list(reply_checks(one_sided, "data.variation"))
    failed = [check for check in found if check.status == "fail"]
    assert {check.subject for check in failed} == {"tiny-model, weight-trained"}
    assert any("100% of 360 choices are A" in check.message for check in failed)
    passed = {check.subject for check in found if check.status == "pass"}
    assert passed == {"tiny-model, off-the-shelf", "tiny-model, introspection-trained"}


def test_invalid_and_missing_replies_fail(study):
    asked = 3 * study.report_sets["replies"]
    sets = study.report_sets.assign(asked_known=True, replies=asked)
    unread = replace(study, report_sets=sets, unanswered={study.models["model"].iloc[0]: 12})
    found = [check for check in reply_checks(unread, "data.replies") if check.status == "fail"]
    assert any("reports cannot be used" in check.message for check in found)
    (waiting,) = [check for check in found if "no answer yet" in check.message]
    assert waiting.subject == "tiny-model"


def test_odd_reports_fail_only_if_they_change_the_correlation(study):
    analysis = Analysis(study, Settings.default(seed=1, draws=300))
    usual = next(row for row in data_health(analysis) if row.figure == "e1.acc")
    check = anomalies(usual, "e1.acc.tiny-model")
    assert (check.status, check.numbers["out_of_range"]) == ("pass", 0)
    reports = study.reports.copy()
    mine = (reports["stage"] == "weight-trained") & (reports["context_set"] == "instilled")
    reports.loc[reports[mine].index[0], "reported"] = 9000
    spoiled = Analysis(replace(study, reports=reports), analysis.settings)
    spoiled.use_weights_of(analysis)
    row = next(row for row in data_health(spoiled) if row.figure == "e1.acc")
    check = anomalies(row, "e1.acc.tiny-model")
    assert (check.status, check.numbers["out_of_range"]) == ("fail", 1)
    assert check.message.startswith("Report beyond ±100: 1 of 24, without which r is ")
    assert check.numbers["out_of_range.r_without"] != check.numbers["out_of_range.r"]
