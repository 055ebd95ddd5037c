"""What a report says is what the analysis found."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.published import published_figures
from introspect_bayes.document import SECTIONS, SLOW, Wanted, build
from introspect_bayes.document.sections.reports import accuracies_frame
from introspect_bayes.joint_model.section import draw_pairs
from introspect_bayes.presentation.drawings import drawn_data
from introspect_bayes.presentation.tables import interval, number

pytestmark = pytest.mark.compiles

FEW = Wanted(frozenset({"sensitivity"}))


def block(report, name):
    return next(b for b in (*report.tables, *report.figures) if b.name == name)


def test_every_section_is_there_and_says_something(report):
    assert [section.name for section in report.sections] == list(SECTIONS)
    assert all(section.blocks for section in report.sections)


def test_names_are_used_once(report):
    names = [each.name for each in (*report.tables, *report.figures)]
    assert len(names) == len(set(names))


def test_figures_say_in_words_and_numbers_what_they_show(report):
    for figure in report.figures:
        assert len(figure.alternative) > 60
        assert any(letter.isdigit() for letter in figure.alternative), figure.name
        assert len(figure.data), figure.name


def test_headline_is_the_analysis_in_full_precision(paper_like, paper_like_report):
    table = block(paper_like_report, "headline")
    data = table.data.set_index("id")
    shown = {row[0]: row for row in table.rows}
    for name, kind, model in (
        ("e1.acc.4o", "e1.acc", "gpt-4o-2024-08-06"),
        ("e2.acc.4o", "e2.acc", "gpt-4o-2024-08-06"),
        ("e3.effect", "e3.effect", ""),
    ):
        result = FIGURES[kind].compute(paper_like.analysis, model)
        found = data.loc[name]
        assert (found["estimate"], found["hdi_low"], found["hdi_high"]) == pytest.approx(
            (result.estimate, *result.hdi), rel=0
        )
        assert f"{number(result.estimate)} {interval(result.hdi)}" in shown[name][3]
    # The study has the paper's models but other data: its figures stand there, judged by nobody.
    assert data.loc["e1.acc.4o", "paper"] == published_figures()["e1.acc.4o"].estimate


def test_known_truth_stands_beside_the_estimates_of_a_simulation(small_model):
    known = replace(small_model, truth={"native.acc.smollm2-135m-instruct": 0.25})
    made = build(known, Wanted(frozenset({"headline"})))
    table = block(made, "headline")
    assert table.headers[-2:] == ("truth", "in HDI")
    assert table.rows[0][-2] == ".25"


def test_points_of_the_scatter_plots_are_the_rows_of_the_regressions(paper_like, paper_like_report):
    data = block(paper_like_report, "figure-2-reports").data
    for (figure, base_model), mine in data.groupby(["comparison", "base_model"]):
        rows = paper_like.analysis.rows(base_model, figure)
        assert mine["weight"].tolist() == rows["weight"].tolist()
        assert mine["mean_report"].tolist() == rows["mean_report"].tolist()
    assert set(data["comparison"]) == {"e1.acc", "e2.acc"}


def test_accuracies_are_those_drawn(paper_like, paper_like_report):
    figure = ib.plot_accuracy(paper_like.analysis, published=True)
    marks = {
        round(float(line.get_xdata()[0]), 9)
        for panel in figure.axes
        for line in panel.lines
        if len(line.get_xdata()) == 1
    }
    data = block(paper_like_report, "accuracy").data
    stated = data["estimate"].tolist() + data["paper"].dropna().tolist()
    assert marks == {round(value, 9) for value in stated}


def test_accuracies_without_the_paper_have_no_column_for_it(paper_like):
    result = FIGURES["e1.acc"].compute(paper_like.analysis, "gpt-4o-2024-08-06")
    frame = accuracies_frame({("e1.acc", "gpt-4o-2024-08-06"): result}, published=False)
    assert "paper" not in frame


def test_forest_of_contexts_is_the_fit(paper_like, paper_like_report):
    data = block(paper_like_report, "contexts").data
    for (figure, base_model), fit in paper_like.by_context.items():
        mine = data[(data["comparison"] == figure) & (data["base_model"] == base_model)]
        slopes = fit.slope_by("context").set_index("context").loc[mine["context"]]
        assert mine["mean"].to_numpy() == pytest.approx(slopes["mean"].to_numpy())
        assert mine["hdi_low"].to_numpy() == pytest.approx(slopes["hdi_low"].to_numpy())
        assert mine["mean"].is_monotonic_increasing


def test_calibration_curves_are_isotonic_regressions_of_the_choices(paper_like, paper_like_report):
    """Pool-adjacent-violators computed by SciPy from the same replicates."""
    from scipy.optimize import isotonic_regression

    data = block(paper_like_report, "predictive-choices").data
    subject, tree = next(
        (name, t) for name, t in paper_like.replicates.items() if name.startswith("choice")
    )
    replicated = tree["posterior_predictive"]["selection"].to_numpy()
    probability = replicated.reshape(-1, replicated.shape[-1]).mean(axis=0)
    chosen = tree["observed_data"]["selection"].to_numpy()
    order = np.lexsort((np.arange(len(chosen)), probability))
    fitted = isotonic_regression(chosen[order].astype(float)).x
    drawn = data[(data["panel"] == subject) & (data["kind"] == "line")]
    curve = max((mine for _, mine in drawn.groupby("series")), key=len)
    known = {round(float(p), 6) for p in probability}
    assert set(curve["x"]) <= known
    assert curve["y"].is_monotonic_increasing
    assert curve["y"].iloc[[0, -1]].tolist() == pytest.approx([fitted[0], fitted[-1]], abs=0.05)


def test_prior_sensitivity_is_what_was_computed(paper_like, paper_like_report):
    data = block(paper_like_report, "sensitivity-forest").data
    pd.testing.assert_frame_equal(data, paper_like.sensitivity.frame)
    rows = block(paper_like_report, "sensitivity").rows
    assert [row[0].split()[0] for row in rows] == ["e1.acc.4o"]


def test_privileged_access_is_said_not_to_be_for_one_model(small_model_report):
    section = next(s for s in small_model_report.sections if s.name == "privileged")
    assert "need two base models" in section.blocks[0].text


def test_joint_pairs_are_drawn_as_the_table_has_them():
    kinds = ("plug_in", "noise_free", "mean_correlation")
    columns = [f"{kind}{end}" for kind in kinds for end in ("", "_low", "_high")]
    free = [(0.6, 0.5, 0.8), (0.75, 0.7, 0.9)]
    values = [
        (0.5, 0.4, 0.6, *free[0], 0.62, 0.5, 0.7),
        (0.7, 0.6, 0.8, *free[1], 0.79, 0.7, 0.9),
    ]
    rows = pd.DataFrame(values, columns=columns)
    rows = rows.assign(figure=["e1.acc", "e2.acc"], base_model="4o")
    (panel,) = draw_pairs(rows).axes
    marks = [
        line for line in panel.lines if line.get_label() in {"plug-in", "noise-free", "mean rho"}
    ]
    assert [list(line.get_xdata()) for line in marks] == [[0.5, 0.7], [0.6, 0.75], [0.62, 0.79]]
    ends = [path[:, 0].tolist() for lines in panel.collections for path in lines.get_segments()]
    assert ends == [[0.4, 0.6], [0.6, 0.8], [0.5, 0.8], [0.7, 0.9], [0.5, 0.7], [0.7, 0.9]]


def test_every_anomaly_is_listed_even_one_that_does_not_occur(small_model, small_model_report):
    data = block(small_model_report, "anomalies").data
    (row,) = small_model.health
    assert dict(zip(data["anomaly"], data["count"], strict=True)) == {
        name: anomaly.count for name, anomaly in row.anomalies.items()
    }


def test_warnings_come_first(small_model_report):
    first = small_model_report.sections[0].blocks[0]
    assert first.kind == "warning"
    assert "99% of 500 choices are A" in first.text


def test_models_stand_beside_their_brms_lines(report):
    rows = {row[0]: row for row in block(report, "models").rows}
    assert rows["report_accuracy"][2].startswith("learned ~ reported, gaussian")
    assert rows["report_accuracy"][3] == "brm(learned_z ~ reported_z)"
    priors = {row[:2]: row[2] for row in block(report, "priors").rows}
    assert priors["choice_weights", "slopes"] == "Normal(mu=0, sigma=1)"


def test_diagnostics_are_those_of_every_fit(paper_like, paper_like_report):
    data = block(paper_like_report, "diagnostics").data.set_index("fit")
    analysis = paper_like.analysis
    made = {**analysis.weight_fits, **analysis.fits}
    assert set(made) <= set(data.index)
    assert len(data) == len(made) + len(paper_like.by_context)
    for name, fit in made.items():
        assert data.loc[name, "R-hat"] == fit.diagnostics.rhat


def test_a_failed_fit_is_named_in_a_warning(paper_like, paper_like_report):
    failed = [n for n, f in paper_like.analysis.fits.items() if f.diagnostics.problems]
    section = next(s for s in paper_like_report.sections if s.name == "diagnostics")
    warned = [b.text for b in section.blocks if getattr(b, "kind", "") == "warning"]
    assert all(any(name in text for text in warned) for name in failed)


def test_files_of_the_study_are_hashed(paper_like, paper_like_report):
    data = block(paper_like_report, "data-files").data.set_index("file")
    folder = Path(paper_like.analysis.study.source)
    assert set(data.index) == {path.name for path in folder.iterdir()}
    content = (folder / "scenarios.csv").read_bytes()
    assert data.loc["scenarios.csv", "SHA-256"] == sha256(content).hexdigest()
    assert data.loc["scenarios.csv", "as published"] == "no"


def test_provenance_names_seed_and_versions_but_no_path(paper_like, paper_like_report):
    table = dict(block(paper_like_report, "provenance").rows)
    assert table["seed"] == "5"
    assert "pymc " in table["packages"]
    source = paper_like.analysis.study.source
    assert not any(source in value for value in table.values())


def test_how_to_cite_agrees_with_the_citation_file(report):
    entries = report.sections[-1].blocks[-1].text
    known = (Path(ib.__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version = {{{ib.__version__}}}" in entries
    assert f"version: {ib.__version__}" in known
    assert "10.48550/arXiv.2505.17120" in entries
    assert "10.48550/arXiv.2505.17120" in known


def test_what_takes_minutes_is_made_only_when_asked_for(small_model):
    (usual,) = build(small_model, FEW).sections
    assert usual.blocks[-1].text.endswith("(--with sensitivity).")
    everything = replace(FEW, slow=frozenset(SLOW))
    assert not build(small_model, everything).sections[0].blocks


def test_sections_are_left_out_and_names_are_checked():
    assert Wanted.chosen(left_out=["contexts"]).sections == set(SECTIONS) - {"contexts"}
    with pytest.raises(ib.InputError, match=r"nothing to add is called 'sensitivty'.*sensitivity"):
        Wanted.chosen(["sensitivty"])
    with pytest.raises(ib.InputError, match=r"no section 'context'.*contexts"):
        Wanted.chosen(left_out=["context"])
    with pytest.raises(ib.InputError, match="every section is left out"):
        Wanted.chosen(left_out=SECTIONS)
    assert set(SLOW) == Wanted.chosen(["all"]).slow


def test_drawn_data_are_the_artists_of_a_figure():
    import matplotlib.pyplot as plt

    figure, panel = plt.subplots()
    panel.plot([0, 1], [2.0, 3.123456789])
    panel.scatter([5], [6])
    panel.set_title("a panel")
    data = drawn_data(figure)
    plt.close(figure)
    assert data.to_dict("records") == [
        {"panel": "a panel", "kind": "line", "series": 1, "x": 0.0, "y": 2.0},
        {"panel": "a panel", "kind": "line", "series": 1, "x": 1.0, "y": 3.12346},
        {"panel": "a panel", "kind": "points", "series": 1, "x": 5.0, "y": 6.0},
    ]


def test_the_title_says_whose_choices(small_model_report, paper_like):
    assert small_model_report.title.endswith("can say what drives its choices")
    models = pd.DataFrame({"base_model": ["m-one", "m-two"]})
    study = replace(paper_like.analysis.study, models=models)
    made = replace(paper_like, analysis=ib.Analysis(study, paper_like.analysis.settings))
    title = build(made, Wanted(frozenset({"citation"}))).title
    assert title == "How well m-one and m-two can say what drives their choices"
