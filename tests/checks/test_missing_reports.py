from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks.missing_reports import (
    invalid_shares,
    missing_reports,
    weight_features,
)
from introspect_bayes.errors import NotInStudy

MODEL = "tiny-model"
CONTEXTS = 40


@pytest.fixture(scope="module")
def analysis(write_study):
    study = ib.load_study(write_study(contexts=CONTEXTS, trials=60))
    # As if the four reports that each context has were all that was asked for.
    sets = study.report_sets.assign(reports_asked=4, asked_known=True, replies=4 * CONTEXTS)
    return Analysis(replace(study, report_sets=sets), Settings.default(seed=1, draws=300))


@pytest.fixture(scope="module")
def features(analysis):
    return weight_features(analysis.weights(MODEL, "instilled"))


def without(analysis, dropped):
    """The same analysis, some reports of contexts (name: how many) having been invalid."""
    reports = analysis.study.reports
    mine = (reports["stage"] == "weight-trained") & (reports["context_set"] == "instilled")
    lost = mine & (reports["report"] <= reports["context"].map(dropped).fillna(0))
    other = Analysis(replace(analysis.study, reports=reports[~lost]), analysis.settings)
    other.use_weights_of(analysis)
    return other


def check(analysis):
    return missing_reports(analysis, MODEL, "e1.acc", "e1.acc.tiny-model", 7)


def test_complete_reports_pass(analysis):
    assert check(analysis).message == "Every report is valid."


@pytest.mark.parametrize("feature", ["strength", "evenness", "balance"])
def test_reports_that_miss_contexts_of_a_kind_fail(analysis, features, feature):
    ordered = features[feature].sort_values()
    few, all_four = ordered.index[20:28], ordered.index[28:]
    found = check(without(analysis, dict.fromkeys(few, 2) | dict.fromkeys(all_four, 4)))
    assert found.status == "fail"
    assert found.numbers["rank_correlation"] > 0.5
    assert found.numbers["hdi_low"] > 0.2
    assert (found.numbers["with_invalid"], found.numbers["without_report"]) == (20, 12)
    words = {"strength": "stronger", "evenness": "more even", "balance": "more positive"}
    assert f"have {words[feature]} weights" in found.message


def test_the_other_direction_is_told_too(analysis, features):
    weak = features["strength"].sort_values().index[:15]
    found = check(without(analysis, dict.fromkeys(weak, 4)))
    assert found.numbers["rank_correlation"] < -0.5
    assert "have weaker weights" in found.message


def test_reports_missing_at_random_pass_however_clustered(analysis, features):
    """All reports of a context at once: still no relation, in 19 of 20 random choices and more."""
    random = np.random.default_rng(3)
    statuses = []
    for _ in range(20):
        chosen = random.choice(features.index, 15, replace=False)
        statuses.append(check(without(analysis, dict.fromkeys(chosen, 4))).status)
    assert statuses.count("fail") <= 1


def test_few_contexts_or_no_difference_between_them_cannot_tell(analysis, features):
    for dropped in (dict.fromkeys(features.index[:3], 4), dict.fromkeys(features.index, 2)):
        found = check(without(analysis, dropped))
        assert found.status == "information"
        assert "cannot tell" in found.message


def test_a_study_without_such_reports_has_nothing_to_check(analysis):
    with pytest.raises(NotInStudy):
        missing_reports(analysis, MODEL, "native.acc", "native.acc.tiny-model", 1)


def test_failures_are_counted_where_the_study_kept_them(analysis):
    """In study folders the replies that came are known, whatever was asked."""
    where = {"base_model": MODEL, "stage": "weight-trained", "context_set": "instilled"}
    names = [f"context_{number}" for number in range(3)]
    rows = [
        {"context": names[0], "task": "report", "count": 4},
        {"context": names[1], "task": "decision", "count": 9},
        {"context": "never_valid", "task": "report", "count": 2},
    ]
    failures = pd.DataFrame([row | where for row in rows])
    study = replace(analysis.study, failures=failures)
    shares = invalid_shares(Analysis(study, analysis.settings), MODEL, "e1.acc")
    assert shares[names[0]] == 0.5
    assert shares[names[1]] == shares[names[2]] == 0
    assert shares["never_valid"] == 1


def test_features_are_those_of_the_weights(analysis, features):
    fit = analysis.weights(MODEL, "instilled")
    slopes = fit.idata["posterior"]["slopes"].mean(("chain", "draw")).to_numpy()
    assert features["strength"].to_numpy() == pytest.approx(np.linalg.norm(slopes, axis=1))
    assert features["evenness"].between(0, 1).all()
    assert features["balance"].between(-1, 1).all()
    negative = (slopes < 0).all(axis=1)
    assert (features["balance"][negative] == -1).all()
