import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.published import published_figures
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.sampling.intervals import hdi

MODELS = ("gpt-4o-2024-08-06", "m-two")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def folder(write_study):
    """A study in which one mean report lies beyond 100."""
    folder = write_study(base_models=MODELS, contexts=8, trials=60)
    path = folder / "m-two_instilled_weight_reports.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines]
    for row in cells:
        if row[2] == "context_0":
            row[4] = "-180"
    path.write_text("\n".join([header, *map(",".join, cells)]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def analysis(folder):
    return Analysis(ib.load_study(folder), Settings.default(seed=5, draws=600, warmup=400))


def points(panel):
    return np.asarray(panel.collections[0].get_offsets())


def texts(figure):
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}


def test_each_attribute_is_a_point_and_titles_give_the_accuracy(analysis):
    figure = ib.plot_reports(analysis, "e1.acc", "e2.acc")
    assert len(figure.axes) == 4
    names = [(m, f) for m in MODELS for f in ("e1.acc", "e2.acc")]
    for panel, (base_model, comparison) in zip(figure.axes, names, strict=True):
        result = FIGURES[comparison].compute(analysis, base_model)
        rows = analysis.rows(base_model, comparison)
        beyond = rows["mean_report"].abs() > 100
        assert len(points(panel)) == len(rows) - beyond.sum()
        shown = f"slope = {number(result.estimate)} {interval(result.hdi)}"
        assert shown in panel.get_title().replace("\N{MINUS SIGN}", "-")
    assert figure.axes[0].get_ylabel() == f"{MODELS[0]}\nlearned weight"
    assert figure.axes[3].get_xlabel() == "mean reported weight"
    assert figure.axes[1].get_title().startswith("introspection-trained\n")
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim() == (-109, 109)


def test_a_report_beyond_the_limit_stands_at_the_margin_with_its_value(analysis):
    panel = ib.plot_reports(analysis, "e1.acc").axes[1]
    assert [text.get_text() for text in panel.texts] == ["-180"]
    marker = next(line for line in panel.lines if line.get_marker() == "<")
    assert marker.get_xdata()[0] < -100


def test_lines_are_the_regression_with_its_hdi(analysis):
    """One line for each half of Experiment 2, whose reports were standardized apart."""
    fit = analysis.accuracy("m-two", "e2.acc")
    panel = ib.plot_reports(analysis, "e2.acc").axes[1]
    lines = list(panels.regression_lines(fit))
    halves = [rows for _, rows in fit.data.groupby("report_set", sort=False)]
    assert len(lines) == len(halves) == len(panel.lines) == 2
    posterior = fit.idata["posterior"]
    intercept, slope = (posterior[n].to_numpy().ravel() for n in ("Intercept", "reported"))
    weights = analysis.learned("m-two", "instilled")["weight"]
    for line, half, drawn in zip(lines, halves, panel.lines, strict=True):
        end = line.iloc[-1]
        reported = half["reported"].max()
        assert end["mean_report"] == pytest.approx(half["mean_report"].max())
        draws = weights.mean() + weights.std() * (intercept + slope * reported)
        assert (end["hdi_low"], end["hdi_high"]) == pytest.approx(tuple(hdi(draws)))
        assert end["learned"] == pytest.approx(draws.mean())
        assert drawn.get_ydata() == pytest.approx(line["learned"])
    for line, band in zip(lines, panel.collections[1:], strict=True):
        edge = band.get_paths()[0].vertices
        assert edge[:, 1].min() == pytest.approx(line["hdi_low"].min())
        assert edge[:, 1].max() == pytest.approx(line["hdi_high"].max())


def test_the_papers_axes_are_exchanged_and_have_no_line(analysis):
    usual, paper = (
        ib.plot_reports(analysis, "e3.after", paper_axes=way).axes[0] for way in (False, True)
    )
    assert points(paper)[:, ::-1] == pytest.approx(points(usual))
    assert paper.get_ylabel().endswith("mean reported weight")
    assert not paper.lines
    assert "r = " in paper.get_title()


def test_what_a_base_model_lacks_is_said(write_study):
    folder = write_study(base_models=MODELS)
    (folder / "m-two_instilled_weight_reports.csv").unlink()
    small = Analysis(ib.load_study(folder), Settings.default(seed=1, draws=50, warmup=100))
    figure = ib.plot_reports(small, "e1.acc", "e1.base")
    assert "no data" in texts(figure)
    # Fifty draws are too few: the number must not look sound.
    assert PROBLEM_MARK in figure.axes[0].get_title()
    assert PROBLEM_MARK in texts(ib.plot_accuracy(small))


def test_comparisons_that_cannot_be_plotted_are_refused(analysis):
    with pytest.raises(ib.InputError, match=r"no comparison 'e2\.ac'.*e2\.acc"):
        ib.plot_reports(analysis, "e2.ac")
    with pytest.raises(ib.InputError, match="nothing to plot: no reports of"):
        ib.plot_reports(analysis, "native.acc")


def whiskers(panel):
    """Return the intervals drawn in a panel, in order of appearance."""
    lines = [np.asarray(line.get_xdata(), dtype=float) for line in panel.lines]
    return [tuple(line) for line in lines if len(line) == 2 and line[0] < line[1]]


def test_accuracies_and_their_hdis(analysis):
    learned, native = ib.plot_accuracy(analysis).axes
    for panel, figures in (
        (learned, ("e1.acc", "e1.base", "e2.acc")),
        (native, ("e3.before", "e3.after")),
    ):
        results = [FIGURES[f].compute(analysis, m) for f in figures for m in MODELS]
        assert whiskers(panel) == [pytest.approx(result.hdi) for result in results]
        marks = [line.get_xdata()[0] for line in panel.lines if len(line.get_xdata()) == 1]
        assert marks == pytest.approx([result.estimate for result in results])
    stages = [label.get_text() for label in learned.get_yticklabels()]
    assert stages == ["off-the-shelf", "weight-trained", "introspection-trained"]


def test_no_two_accuracies_share_a_height(analysis):
    for panel in ib.plot_accuracy(analysis, published=True).axes:
        heights = [line.get_ydata()[0] for line in panel.lines if len(line.get_xdata()) == 1]
        assert len(set(heights)) == len(heights)


def test_the_papers_figures_stand_beside_its_base_models_only(analysis):
    figure = ib.plot_accuracy(analysis, published=True)
    paper = published_figures()["e2.acc.4o"]
    assert paper.hdi in whiskers(figure.axes[0])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*MODELS, "paper"]
    grey = [line for line in figure.axes[0].lines if line.get_label() == "paper"]
    assert len(grey) == 3


@pytest.mark.compiles
def test_fits_can_be_plotted_as_they_are(folder):
    study = ib.load_study(folder)
    weights = ib.fit("choice_weights", study, seed=5)
    skeptical = ib.spec("report_accuracy").with_priors(reported="Normal(0, 0.01)")
    fits = ib.fit(skeptical, study, weights=weights)
    panel = ib.plot_accuracy(fits).axes[0]
    ends = fits["e2.acc.m-two"].slope()
    assert (ends.low, ends.high) in whiskers(panel)


def test_a_notebook_shows_a_figure_once(analysis, monkeypatch):
    monkeypatch.setattr(mpl, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    ib.plot_accuracy(analysis)
    assert plt.get_fignums() == []


def test_drawing_changes_no_setting_of_the_user():
    before = dict(mpl.rcParams)
    with panels.style():
        mpl.rcParams["interactive"] = True  # as a notebook's backend does at the first figure
    assert mpl.rcParams["interactive"]
    mpl.rcParams["interactive"] = False
    assert dict(mpl.rcParams) == before


@pytest.fixture
def trees():
    random = np.random.default_rng(1)

    def tree(shift):
        draws = {
            name: (("chain", "draw"), random.normal(mean + shift, 0.04, (4, 250)))
            for name, mean in (("e1.acc.4o", 0.54), ("e2.effect", 0.22))
        }
        return xr.DataTree.from_dict({"posterior": xr.Dataset(draws)})

    return {"brms": tree(0), "Normal(0, 0.2)": tree(-0.1)}


def test_sensitivity_is_a_forest_of_hdis(trees, tmp_path):
    plots = ib.plot_sensitivity(trees)
    figure = plots.viz["figure"].item()
    usual = [line.get_xdata()[0] for line in figure.axes[1].lines if line.get_color() == "0.6"]
    assert usual == [draws.mean() for draws in trees["brms"]["posterior"].data_vars.values()]
    for prior, tree in trees.items():
        for name, draws in tree["posterior"].data_vars.items():
            line = plots.viz["twig"][name].sel(prior=prior).item()
            assert tuple(line.get_xdata()) == pytest.approx(tuple(hdi(draws.to_numpy().ravel())))
    assert {"e1.acc.4o", "e2.effect", *trees} <= texts(figure)
    assert "posterior mean, 50% and 95% HDI" in texts(figure)
    plots.savefig(tmp_path / "forest.png")
    assert (tmp_path / "forest.png").is_file()


def test_a_figure_needs_a_prior():
    with pytest.raises(ib.InputError, match="no priors"):
        ib.plot_sensitivity({})


@pytest.mark.real_data
def test_the_papers_own_figures(paper_data):
    """As many points as rows: 500 attributes, 395 for GPT-4o-mini's valid reports."""
    study = ib.load_study(paper_data)
    quick = Analysis(study, Settings.default(seed=1, draws=300, warmup=300))
    figure = ib.plot_reports(quick, "e1.acc", "e3.before")
    shown = [len(points(panel)) for panel in figure.axes]
    assert shown == [500, 500, 395, 379]
    assert "249" in texts(figure)
