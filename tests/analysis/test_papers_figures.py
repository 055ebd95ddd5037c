"""The paper's own data: every figure against brms on the same raw data."""

import numpy as np
import pandas as pd
import pytest

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.published import published_figures
from introspect_bayes.analysis.reproduce import reproduce
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import data_health
from introspect_bayes.study import load_study

pytestmark = pytest.mark.compiles

MINI, FULL = "gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"


@pytest.fixture(scope="module")
def analysis(paper_data):
    return Analysis(load_study(paper_data), Settings.default(seed=2025))


@pytest.fixture(scope="module")
def figures(analysis):
    return {figure.id: figure for figure in reproduce(analysis)}


def assert_close_to_brms(figures):
    for name, published in published_figures().items():
        result = figures[name].result
        if published.brms is not None:
            assert result.estimate == pytest.approx(published.brms, abs=0.01), name
        if published.brms_hdi is not None:
            assert result.hdi == pytest.approx(published.brms_hdi, abs=0.015), name
        assert figures[name].problems == (), name


def test_every_figure_is_that_of_brms(figures):
    assert list(figures) == list(published_figures())
    assert_close_to_brms(figures)


def test_verdicts(figures):
    verdicts = {name: figure.verdict for name, figure in figures.items()}
    differing = {name: v for name, v in verdicts.items() if v != "reproduced"}
    assert differing == {
        "e3.fit.mini": "not reproduced",
        "d.learned.e2.4o": "no public data",
        "d.learned.e2.mini": "no public data",
        "d.excl100": "not reproduced",
    }


@pytest.mark.parametrize(
    ("name", "rows"),
    [("e1.acc.4o", 500), ("e1.acc.mini", 395), ("e1.base.mini", 480), ("e3.before.mini", 380)],
)
def test_rows_used(figures, name, rows):
    assert figures[name].result.n == rows


@pytest.mark.parametrize("base_model", [FULL, MINI])
@pytest.mark.parametrize(("context_set", "ending"), [("instilled", ""), ("native", "_latent")])
def test_scaled_weights_are_the_authors_own(analysis, paper_data, base_model, context_set, ending):
    theirs = pd.read_csv(paper_data / f"{base_model}{ending}_regression_results.csv")
    long = theirs.melt("scenario", var_name="column", value_name="theirs")
    long["position"] = long["column"].str.removeprefix("b_attr").astype(int)
    ours = analysis.learned(base_model, context_set)
    both = ours.merge(long, left_on=["context", "position"], right_on=["scenario", "position"])
    difference = (both["weight"] - both["theirs"]).abs()
    assert len(both) == 500
    assert difference.max() <= 3
    assert difference.mean() < 0.6


def test_exclusion_of_learned_extremes_lowers_the_correlations(analysis):
    from introspect_bayes.analysis.exclusion import exclusion_table

    changes = exclusion_table(analysis)
    learned = changes[changes["reading"] == "learned"].set_index(["figure", "base_model"])
    protocol = {
        ("e1.acc", FULL): 0.46,
        ("e2.acc", FULL): 0.65,
        ("e3.after", FULL): 0.63,
        ("e1.acc", MINI): 0.41,
        ("e2.acc", MINI): 0.66,
        ("e3.after", MINI): 0.57,
    }
    for key, expected in protocol.items():
        # Which weight is the largest may differ from run to run where two are nearly equal.
        assert learned.loc[key, "r_without"] == pytest.approx(expected, abs=0.03), key


def test_anomalies_of_the_public_data(analysis):
    rows = {(row.figure, row.base_model): row for row in data_health(analysis)}
    count = {key: {n: a.count for n, a in row.anomalies.items()} for key, row in rows.items()}
    assert count["e3.before", MINI]["out_of_range"] == 1
    assert count["e1.base", MINI]["out_of_range"] == 1
    assert count["e1.acc", MINI]["all_zero"] == 15
    assert count["e3.before", MINI]["all_zero"] == 19
    assert count["e1.acc", FULL]["all_zero"] == 1
    assert count["e1.acc", MINI]["no_report"] == 21
    assert count["e3.before", MINI]["no_report"] == 24
    without_clay = rows["e3.before", MINI].anomalies["out_of_range"].r_without
    assert without_clay == pytest.approx(0.418, abs=0.002)
    assert rows["e3.before", MINI].r == pytest.approx(0.398, abs=0.002)


def test_one_base_model_and_few_valid_reports(paper_data, tmp_path):
    """A replicator's folder: one model, and reports of which nine in ten are invalid."""
    for path in paper_data.glob("*.csv"):
        if not path.name.startswith(FULL):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    reports = tmp_path / f"{MINI}_instilled_latent_weight_reports.csv"
    kept = np.random.default_rng(0).random(590) < 0.17
    header, *lines = reports.read_text(encoding="utf-8").splitlines()
    lines = [line for line, keep in zip(lines, kept, strict=True) if keep]
    reports.write_text("\n".join([header, *lines]), encoding="utf-8")
    settings = Settings.default(seed=1, draws=400, warmup=300)
    analysis = Analysis(load_study(tmp_path), settings)
    only = ["e3.before", "e3.effect"]
    found = {figure.id: figure for figure in reproduce(analysis, only)}
    assert found["e3.before.4o"].verdict == "cannot be computed"
    assert 30 < found["e3.before.mini"].result.n < 380
    assert found["e3.effect"].verdict == "not comparable"
    assert found["e3.effect"].result.note == f"averaged over {MINI}"


def test_failed_diagnostics_earn_no_verdict(paper_data):
    sloppy = Analysis(load_study(paper_data), Settings.default(seed=5, draws=5, warmup=5))
    found = list(reproduce(sloppy, ["d.pct100", "d.excl100", "e3.fit.4o"]))
    assert {figure.verdict for figure in found} == {"not judged"}
    assert all(figure.problems for figure in found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_is_that_of_brms_under_any_seed(paper_data, seed):
    other = Analysis(load_study(paper_data), Settings.default(seed=seed))
    assert_close_to_brms({figure.id: figure for figure in reproduce(other)})


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        # Not the [.27, .52] of a jackknife that holds the standard deviations fixed.
        ("e3.before.mini", 0.288, 0.497),
        ("e1.acc.4o", 0.479, 0.600),
        ("e2.acc.mini", 0.709, 0.792),
        ("e2.effect", 0.172, 0.276),
        ("e3.effect", 0.209, 0.343),
    ],
)
def test_intervals_with_contexts_as_units(figures, name, low, high):
    assert figures[name].result.hdi_contexts == pytest.approx((low, high), abs=0.005)
    assert figures[name].result.hdi_contexts_missing == ""


def test_they_agree_with_a_bootstrap_of_contexts(analysis, figures):
    rows = analysis.rows(MINI, "e3.before")[["context", "learned", "reported"]]
    parts = [part for _, part in rows.groupby("context")]
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(800):
        some = pd.concat([parts[number] for number in random.integers(len(parts), size=len(parts))])
        drawn.append(some["learned"].corr(some["reported"]))
    ends = figures["e3.before.mini"].result.hdi_contexts
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx(ends, abs=0.025)
