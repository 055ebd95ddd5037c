from dataclasses import replace

import numpy as np
import pytest

from checks_data import simulated_rows
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import Examination
from introspect_bayes.checks.alternatives import Alternatives
from introspect_bayes.checks.loo import clustered_error, comparison, comparison_table, pareto_k
from introspect_bayes.errors import InputError

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def outlier(examine_rows):
    """One row so far off that the posterior hangs on it."""
    rows = simulated_rows(contexts=10)
    rows.loc[0, ["reported", "learned"]] = [40.0, -400.0]
    return examine_rows(rows)


def test_sound_fits_pass(sound_choices, sound_reports):
    for of in (sound_choices, sound_reports):
        check = pareto_k(of)
        assert check.status == "pass"
        assert check.numbers["bad"] == 0
    # Three parameters, and about as many effective ones.
    assert pareto_k(sound_reports).numbers["effective_parameters"] == pytest.approx(3, abs=1)


def test_an_observation_that_the_posterior_hangs_on_fails(outlier):
    check = pareto_k(outlier)
    assert check.status == "fail"
    assert check.numbers["largest_k"] > 0.7
    assert f"of {check.numbers['observations']} observations" in check.message


def test_few_bad_observations_are_information(sound_reports):
    of = Examination(sound_reports.fit, "x", 1)
    ks = of.loo.pareto_k.copy()
    ks[0] = 0.9
    of.loo.pareto_k = ks
    check = pareto_k(of)
    assert (check.status, check.numbers["bad"]) == ("information", 1)


def test_leaving_out_the_intercept_predicts_worse_where_choices_are_biased(
    without_intercept, biased_choices
):
    check = comparison(biased_choices, {"choice_weights_no_intercept": without_intercept})
    assert check.status == "pass"
    assert check.numbers["choice_weights_no_intercept.elpd_diff"] < -20
    # The other way round, the model with an intercept is clearly better.
    assert comparison(without_intercept, {"choice_weights": biased_choices}).status == "fail"


def test_an_alternative_that_failed_diagnostics_never_counts_as_better(
    without_intercept, biased_choices
):
    tree = biased_choices.fit.idata.copy()
    stats = tree["sample_stats"].to_dataset()
    tree["sample_stats"] = stats.assign(pareto_k=stats["pareto_k"] + 2)
    doubtful = Examination(replace(biased_choices.fit, source=tree), "x", 1)
    check = comparison(without_intercept, {"choice_weights": doubtful})
    assert check.status == "information"
    assert "failed diagnostics" in check.message


def test_the_table_is_arviz_compare_with_the_first_as_reference(biased_choices, without_intercept):
    without = without_intercept
    table = comparison_table({"paper": biased_choices.loo, "without": without.loo})
    difference = without.loo.elpd - biased_choices.loo.elpd
    pointwise = without.loo.elpd_i.to_numpy() - biased_choices.loo.elpd_i.to_numpy()
    assert table.loc["paper", "elpd_diff"] == 0
    assert table.loc["without", "elpd_diff"] == pytest.approx(difference)
    # ArviZ divides by n.
    expected = pointwise.std() * np.sqrt(len(pointwise))
    assert table.loc["without", "dse"] == pytest.approx(expected, rel=0.01)


def test_fits_of_different_observations_are_not_compared(sound_choices, sound_reports):
    with pytest.raises(InputError, match="same observations"):
        comparison_table({"one": sound_choices.loo, "other": sound_reports.loo})


def test_alternatives_are_fitted_to_the_same_rows(examine_rows):
    """Contexts with slopes of their own: the by-context model predicts clearly better."""
    rows = simulated_rows(attributes=5, noise=0.3)
    slopes = np.random.default_rng(5).normal(0, 1.0, rows["context"].nunique())
    rows["learned"] += np.repeat(slopes, 5) * rows["reported"]
    settings = Settings.default(seed=1, draws=500, warmup=500)
    check = Alternatives(settings).compare(examine_rows(rows))
    assert check.numbers["report_accuracy_by_context.elpd_diff"] > 30
    assert check.numbers["report_accuracy_student.elpd_diff"] > 0
    assert check.status in {"fail", "information"}
    assert "report_accuracy_by_context" in check.message


def test_errors_are_those_of_the_contexts_sums():
    """Against many data sets whose terms go together within contexts."""
    random = np.random.default_rng(3)
    contexts = np.repeat(np.arange(30), 5)
    sums, errors = [], []
    for _ in range(400):
        terms = np.repeat(random.normal(size=30), 5) + random.normal(size=150) / 2
        sums.append(terms.sum())
        errors.append(clustered_error(terms, contexts))
    assert np.mean(errors) == pytest.approx(np.std(sums), rel=0.1)


def test_a_doubtful_or_small_reference_is_no_judge(without_intercept, biased_choices, examine_rows):
    tree = without_intercept.fit.idata.copy()
    stats = tree["sample_stats"].to_dataset()
    tree["sample_stats"] = stats.assign(pareto_k=stats["pareto_k"] + 2)
    doubtful = Examination(replace(without_intercept.fit, source=tree), "x", 1)
    check = comparison(doubtful, {"choice_weights": biased_choices})
    assert check.status == "information"
    assert "choice_weights_no_intercept itself is doubtful (failed diagnostics)" in check.message
    few = examine_rows(simulated_rows(contexts=8, attributes=5))
    check = comparison(few, {"report_accuracy": few})
    assert check.status == "information"
    assert "40 observations are too few" in check.message
    with pytest.raises(InputError, match="not of the same observations"):
        comparison(few, {"report_accuracy": examine_rows(simulated_rows(contexts=9))})
