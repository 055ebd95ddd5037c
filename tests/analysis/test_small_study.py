"""Whole analyses of small simulated studies."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis import figure_sums
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.exclusion import exclusion_table
from introspect_bayes.analysis.experiments import mean_reports
from introspect_bayes.analysis.reproduce import reproduce
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import data_health
from introspect_bayes.errors import CannotCompute
from introspect_bayes.presentation import tables

pytestmark = pytest.mark.compiles

PAPER_MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18")


@pytest.fixture(scope="module")
def study(write_study):
    return ib.load_study(write_study(base_models=("m-one", "m-two"), trials=60, contexts=10))


@pytest.fixture(scope="module")
def analysis(study):
    return Analysis(study, Settings.default(seed=5, draws=600, warmup=400))


@pytest.fixture(scope="module")
def figures(analysis):
    return {figure.id: figure for figure in reproduce(analysis)}


def test_known_introspection_is_recovered(figures):
    """Reports that equal the targets but for noise: training helps, the control knows less."""
    trained = figures["e2.acc.m-one"].result
    control = figures["e1.base.m-one"].result
    assert trained.hdi[0] > control.hdi[1]
    assert figures["e3.effect"].result.estimate > 0
    assert figures["e1.agree.m-one"].result.estimate > 0.7
    assert figures["d.target.e2.m-one"].result.estimate > 0.95


def test_correlation_figures_are_pearsons_r_with_an_hdi_around_it(analysis, figures):
    rows = analysis.rows("m-one", "e3.after")
    result = figures["e3.after.m-one"].result
    assert result.estimate == pytest.approx(rows["learned"].corr(rows["reported"]))
    assert result.hdi[0] < result.estimate < result.hdi[1]


def test_figures_do_not_depend_on_which_others_are_asked(study, figures):
    again = Analysis(study, Settings.default(seed=5, draws=600, warmup=400))
    (only,) = reproduce(again, ["e3.before.m-two"])
    assert only.result == figures["e3.before.m-two"].result


def test_a_replication_is_not_judged_as_a_reanalysis(write_study):
    """Files under the paper's names that are not the authors': no verdict of reproduction."""
    other = ib.load_study(write_study(base_models=PAPER_MODELS))
    quick = Analysis(other, Settings.default(seed=5, draws=600, warmup=400))
    verdicts = {f.id: f.verdict for f in reproduce(quick, ["e1.agree", "invalid", "e2.acc.4o"])}
    assert set(verdicts.values()) == {"not comparable"}


def test_missing_reports_count_as_zeros_only_where_they_were_asked(write_study):
    folder = write_study(contexts=8)
    (folder / "tiny-model_itrained_first_4_of_8_50ex_weight_reports.csv").unlink()
    path = folder / "tiny-model_itrained_last_4_of_8_50ex_weight_reports.csv"
    lines = [line for line in path.read_text().splitlines() if ",context_0," not in line]
    path.write_text("\n".join(lines), encoding="utf-8")
    half = Analysis(ib.load_study(folder), Settings.default(seed=1, draws=400, warmup=300))
    row = next(row for row in data_health(half) if row.figure == "e2.acc")
    missing = row.anomalies["no_report"]
    assert (missing.count, missing.of) == (1, 4)
    asked = half.learned("tiny-model", "instilled")
    asked = asked[asked["context"].isin([f"context_{i}" for i in range(4)])]
    means = mean_reports(half.study.reports[half.study.reports["stage"] == "introspection-trained"])
    means = means[means["context"].isin(asked["context"])]
    filled = asked.merge(means, how="left", on=["context", "position"])["mean_report"].fillna(0)
    assert missing.r_without == pytest.approx(np.corrcoef(asked["learned"], filled)[0, 1])


def test_exclusion_under_every_reading(analysis):
    changes = exclusion_table(analysis)
    assert set(changes["reading"]) == {"learned", "reported", "either", "both", "raw report"}
    by_reading = changes.groupby("reading")["n"].sum()
    # Each context has at least one largest weight and one largest report.
    assert by_reading["either"] < by_reading["learned"] < by_reading["both"]


def test_health_counts_what_was_planted(write_study, edit_line):
    folder = write_study(contexts=8)
    path = folder / "tiny-model_instilled_weight_reports.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines]
    cells[0][3:6] = ["0", "0", "0"]
    cells[1][3] = "999"
    kept = [",".join(row) for row in cells if row[2] != "context_5"]
    path.write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")
    choices = folder / "tiny-model_instilled_selections.csv"
    for line in range(2, 32):  # context_0: always A
        edit_line(choices, line, lambda s: s.replace("context_0,B", "context_0,A"))
    asked = ib.load_study(folder, reports_asked=10)
    small = Analysis(asked, Settings.default(seed=1, draws=400, warmup=300))
    rows = {row.figure: row for row in data_health(small)}
    found = {name: a.count for name, a in rows["e1.acc"].anomalies.items()}
    assert found["all_zero"] == found["out_of_range"] == found["no_report"] == 1
    assert found["unbalanced"] >= 1
    assert found["position_bias"] >= 1
    assert rows["e1.acc"].invalid_share == pytest.approx(1 - 28 / 80)
    assert rows["e1.acc"].anomalies["out_of_range"].r_without is not None
    assert rows["e2.acc"].anomalies["out_of_range"].r_without is None
    assert tables.health_table(rows.values()).row_count == 5
    occurring = sum(a.count > 0 for row in rows.values() for a in row.anomalies.values())
    assert tables.anomalies_table(rows.values()).row_count == occurring


def test_missing_parts_say_why(write_study):
    folder = write_study()
    (folder / "instilled_weights.csv").unlink()
    (folder / "tiny-model_instilled_latent_selections.csv").unlink()
    for path in folder.glob("*itrained*"):
        path.unlink()
    small = Analysis(ib.load_study(folder), Settings.default(seed=1, draws=400, warmup=300))
    notes = {figure.id: figure.note for figure in reproduce(small)}
    assert "no target weights" in notes["d.target.e1.tiny-model"]
    assert (
        "no choices of tiny-model, weight-trained, in native contexts"
        in notes["e3.before.tiny-model"]
    )
    assert "no reports of tiny-model, introspection-trained" in notes["e2.acc.tiny-model"]
    assert "before and after training" in notes["e2.effect"]


def test_constant_reports_cannot_be_correlated(write_study):
    folder = write_study()
    path = folder / "tiny-model_weight_reports.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines]
    same = [",".join([*row[:3], "50", "50", "50", *row[6:]]) for row in cells]
    path.write_text("\n".join([header, *same]) + "\n", encoding="utf-8")
    small = Analysis(ib.load_study(folder), Settings.default(seed=1, draws=400, warmup=300))
    with pytest.raises(CannotCompute, match="do not vary"):
        small.rows("tiny-model", "e1.base")


def test_fit_in_one_line_with_other_priors(study):
    weights = ib.fit("choice_weights", study, seed=5)
    tight = ib.spec("report_accuracy").with_priors(
        reported=ib.Prior("Normal", {"mu": 0, "sigma": 0.01})
    )
    shrunk = ib.fit(tight, study, weights=weights)
    usual = ib.fit("report_accuracy", study, weights=weights)
    assert abs(shrunk["e2.acc.m-one"].slope().mean) < 0.1 < usual["e2.acc.m-one"].slope().mean
    table = usual.hdi()
    assert {"fit", "parameter", "mean", "hdi_low", "hdi_high"} <= set(table)
    assert weights["m-one.native"].model.named_vars.keys() >= {"Intercept", "slopes", "selection"}
    assert usual["e2.acc.m-one"].model.formula is not None
    with pytest.raises(ib.InputError, match="another study"):
        ib.fit("report_accuracy", ib.load_study(study.source), weights=weights)


def test_fits_can_be_pickled_and_fitted_on(study):
    weights = ib.fit("choice_weights", study, seed=5)
    names = ("report_accuracy", "introspection_training")
    fits = [weights, *(ib.fit(name, study, weights=weights) for name in names)]
    for part in fits:
        next(iter(part.values())).model  # noqa: B018 - what cannot be pickled is built again
    again = pickle.loads(pickle.dumps(fits))  # noqa: S301 - our own
    for made, expected in zip(again, fits, strict=True):
        assert list(made) == list(expected)
        assert made.skipped == expected.skipped
        pd.testing.assert_frame_equal(made.hdi(), expected.hdi())
    on = ib.fit("report_accuracy", again[0].analysis.study, weights=again[0])
    pd.testing.assert_frame_equal(on.hdi(), fits[1].hdi())


def test_better_specifications_take_their_places(write_study):
    study = ib.load_study(write_study())
    pooled = ib.fit("choice_weights_pooled", study)
    assert "slopes_scale" in pooled["tiny-model.instilled"].idata["posterior"]
    robust = ib.fit("report_accuracy_student", study, weights=pooled)
    assert "nu" in robust["e1.acc.tiny-model"].idata["posterior"]
    strange = replace(
        ib.spec("report_accuracy"),
        formula="learned ~ sleep",
        priors={
            **{k: v for k, v in ib.spec("report_accuracy").priors.items() if k != "reported"},
            "sleep": ib.Prior("Flat", {}),
        },
    )
    with pytest.raises(ib.InputError, match="no analysis has rows for 'learned ~ sleep'"):
        ib.fit(strange, study)


def test_every_figure_with_an_hdi_has_an_interval_with_contexts_as_units(figures):
    for name, figure in figures.items():
        result = figure.result
        if result is None:
            continue
        written = figure.as_dict()
        assert written["hdi_contexts_missing"] == result.hdi_contexts_missing
        if result.hdi_contexts is None:
            assert result.hdi is None, name
            assert written["hdi_contexts"] is None
            assert result.hdi_contexts_missing
        else:
            low, high = written["hdi_contexts"]
            inside = low < result.estimate < high
            # Of a share of none or all, one end is the share itself.
            assert inside or (result.hdi is None and result.estimate in {0.0, 1.0}), name
            assert low <= result.estimate <= high, name
    assert figures["e1.agree.m-one"].result.hdi_contexts is not None
    assert "adds up over contexts" in figures["d.pct100"].result.hdi_contexts_missing


def test_the_interval_with_contexts_as_units_is_around_what_least_squares_gives(analysis, figures):
    for kind, model in (("e1.acc", "m-one"), ("e3.after", "m-two"), ("e2.effect", "")):
        value = figure_sums.SUMS[kind](analysis, model).value()
        name = f"{kind}.{model}" if model else kind
        assert figures[name].result.estimate == pytest.approx(value, abs=0.01)
