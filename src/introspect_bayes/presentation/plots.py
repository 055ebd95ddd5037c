"""The paper's Figures 2 and 3, and forests of prior sensitivity; for other plots there is ArviZ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import xarray as xr

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.fit import Fits
from introspect_bayes.analysis.published import published_figures, published_labels
from introspect_bayes.analysis.result import Result
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import CannotCompute, InputError, closest
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.protocol.comparisons import COMPARISONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PEARSON: Final = frozenset({"e3.before", "e3.after"})
"""Comparisons whose accuracy the paper gives as Pearson's r; that of the others is a slope."""

_STAGES: Final = ("off-the-shelf", "weight-trained", "introspection-trained")
_SETS: Final = {"instilled": "Learned weights", "native": "Native weights"}

_FOREST_WIDTH: Final = 4.0

Results = Mapping[tuple[str, str], Result]
"""Accuracies by comparison and base model."""


def plot_reports(
    source: Analysis | Fits,
    *comparisons: str,
    paper_axes: bool = False,
    figsize: tuple[float, float] | None = None,
) -> "Figure":
    """Plot what models report against what their choices reveal: the paper's Figures 2 and 3, left.

    A column for each comparison, a row for each base model, a point for each attribute. The line
    is the fitted regression of learned on reported weights with its 95% HDI: flat where reports
    tell nothing. The slope in a title is that of standardized weights, so that panels compare
    although reports spread differently. Reports are standardized within each set of them;
    Experiment 2, whose two halves were reported by two models, therefore has two lines. A mean
    report beyond ±100 stands at the margin as a triangle with its value.

    Parameters
    ----------
    source
        An analysis, or what `fit` returned.
    comparisons
        Keys of `COMPARISONS` such as "e1.acc" and "e2.acc"; all that the study allows if none.
    paper_axes
        Whether to exchange the axes and leave out the line, as the paper does: there, learned
        weights run to the right, but the regression predicts them.
    figsize
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Its ``axes`` are the panels, row by row.

    Raises
    ------
    InputError
        If a comparison is unknown, or the study allows none.

    Examples
    --------
    >>> plot_reports(analysis, "e1.acc", "e2.acc").savefig("figure_2.pdf")  # doctest: +SKIP
    """
    analysis = _analysis(source)
    results = _accuracies(analysis, comparisons)
    columns = list(dict.fromkeys(figure for figure, _ in results))
    rows = sorted({base_model for _, base_model in results})
    reported, learned = "mean reported weight", "learned weight"
    along, upward = (learned, reported) if paper_axes else (reported, learned)
    size = figsize or (0.8 + 2.3 * len(columns), 0.4 + 2.4 * len(rows))
    with panels.style():
        drawing, axes = _subplots(len(rows), len(columns), size, layout="compressed")
        for (row, column), panel in _cells(axes, rows, columns):
            result = results.get((column, row))
            if result is None:
                panel.text(0, 0, "no data", ha="center", va="center", color="0.5")
            else:
                fit = analysis.accuracy(row, column)
                panels.draw_reports(panel, fit.data, learned_first=paper_axes)
                if not paper_axes:
                    panels.draw_lines(panel, fit)
            head = f"{COMPARISONS[column].title}\n" if row == rows[0] else ""
            panel.set_title(head + (_accuracy_text(column, result) if result else ""))
            if column == columns[0]:
                panel.set_ylabel(f"{row}\n{upward}")
            if row == rows[-1]:
                panel.set_xlabel(along)
    return panels.shown_once(drawing)


def plot_accuracy(
    source: Analysis | Fits,
    *,
    published: bool = False,
    figsize: tuple[float, float] | None = None,
) -> "Figure":
    """Plot how accurate reports are, stage by stage: the paper's Figures 2 and 3, right.

    Points are accuracies and lines their 95% HDIs: of learned weights (Experiments 1 and 2) to
    the left, of native weights (Experiment 3) to the right.

    Parameters
    ----------
    source
        An analysis, or what `fit` returned.
    published
        Whether to add the paper's own figures, for the paper's base models.
    figsize
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Its ``axes`` are the panels.

    Raises
    ------
    InputError
        If the study allows no comparison.

    Examples
    --------
    >>> plot_accuracy(analysis).savefig("figure_3.pdf")  # doctest: +SKIP
    """
    results = _accuracies(_analysis(source), ())
    base_models = sorted({base_model for _, base_model in results})
    asked = {COMPARISONS[figure].stage for figure, _ in results}
    stages = [stage for stage in _STAGES if stage in asked]
    sets = [name for name in _SETS if any(_set_of(figure) == name for figure, _ in results)]
    lines = len(stages) * (len(base_models) * (1 + published) + 1)
    size = figsize or (1.6 + 2.6 * len(sets), 1.0 + 0.14 * lines)
    with panels.style():
        drawing, axes = _subplots(1, len(sets), size, layout="constrained")
        for context_set, panel in zip(sets, axes[0], strict=True):
            panel.set_title(_SETS[context_set])
            panel.axvline(0, color="0.8", linewidth=0.8, zorder=0)
            estimates = panels.Estimates(panel, stages, base_models, published)
            mine = {
                k: v for k, v in results.items() if COMPARISONS[k[0]].context_set == context_set
            }
            _draw_estimates(estimates, mine)
        panel = axes[0, 0]
        panel.set_yticks(range(len(stages)), stages)
        panel.set(ylim=(len(stages) - 0.5, -0.5), xlim=(None, max(1.0, panel.get_xlim()[1])))
        for panel in axes[0]:
            panel.tick_params(axis="y", length=0)
        drawing.supxlabel(panels.accuracy_label())
        named = {t: h for p in axes[0] for h, t in zip(*p.get_legend_handles_labels(), strict=True)}
        order = [name for name in (*base_models, "paper") if name in named]
        drawing.legend([named[name] for name in order], order, loc="outside upper center", ncols=3)
    return panels.shown_once(drawing)


def plot_sensitivity(
    trees: Mapping[str, xr.DataTree], *, figsize: tuple[float, float] | None = None
) -> Any:
    """Plot how figures change with the prior: a forest of HDIs, a row for each figure and prior.

    Points are posterior means, thick lines 50% and thin ones 95% HDIs. A grey line goes down from
    each figure's mean under the first prior, so that shifts catch the eye.

    Parameters
    ----------
    trees
        By the name of the prior, a DataTree whose posterior holds one variable a figure, with
        dims chain and draw; such as ``draws`` of `prior_sensitivity`.
    figsize
        Width and height in inches.

    Returns
    -------
    arviz_plots.PlotCollection
        ``savefig(path)`` writes it.

    Raises
    ------
    InputError
        If there are no priors.

    Examples
    --------
    >>> plot_sensitivity({"brms": tree, "Normal(0, 0.2)": other})  # doctest: +SKIP
    """
    import arviz as az

    if not trees:
        msg = "plot_sensitivity: no priors to compare"
        raise InputError(msg)
    priors = xr.Variable("prior", list(trees))
    parts = [tree["posterior"].to_dataset() for tree in trees.values()]
    draws = xr.concat(parts, dim=priors, join="exact")
    letters = sum(max(map(len, map(str, names))) for names in (trees, draws.data_vars))
    labels, height = 0.4 + 0.075 * letters, 0.7 + 0.17 * len(draws.data_vars) * len(trees)
    with panels.style():
        plots = az.plot_forest(
            xr.DataTree.from_dict({"posterior": draws}),
            combined=True,
            point_estimate="mean",
            ci_kind="hdi",
            ci_probs=(0.5, HDI_PROB),
            shade_label="__variable__",
            visuals={
                "twig": {"color": panels.COLOURS[0], "width": 1.2},
                "trunk": {"color": panels.COLOURS[0], "width": 3},
                "point_estimate": {"color": panels.COLOURS[0]},
                "shade": {"color": "0.8"},
            },
            figure_kwargs={
                "figsize": figsize or (labels + _FOREST_WIDTH, height),
                "width_ratios": (labels, _FOREST_WIDTH),
                "layout": "none",
            },
            backend="matplotlib",
        )
        panels.finish_forest(plots, draws.mean(("chain", "draw")).isel(prior=0))
    return plots


def _analysis(source: Analysis | Fits) -> Analysis:
    return source.analysis if isinstance(source, Fits) else source


def _accuracies(analysis: Analysis, comparisons: Sequence[str]) -> Results:
    """Compute accuracies, leaving out those whose data the study lacks."""
    for name in comparisons:
        if name not in COMPARISONS:
            msg = f"no comparison {name!r}{closest(name, COMPARISONS)}"
            raise InputError(msg)
    found: dict[tuple[str, str], Result] = {}
    reasons: dict[str, None] = {}
    for figure in comparisons or COMPARISONS:
        for base_model in analysis.study.base_models:
            try:
                found[figure, base_model] = FIGURES[figure].compute(analysis, base_model)
            except CannotCompute as reason:
                reasons[str(reason)] = None
    if not found:
        msg = f"nothing to plot: {'; '.join(reasons)}"
        raise InputError(msg)
    return found


def _set_of(figure: str) -> str:
    return COMPARISONS[figure].context_set


def _subplots(rows: int, columns: int, size: tuple[float, float], layout: str) -> Any:
    import matplotlib.pyplot as plt

    return plt.subplots(
        rows, columns, figsize=size, layout=layout, sharex=True, sharey=True, squeeze=False
    )


def _cells(axes: Any, rows: Sequence[str], columns: Sequence[str]) -> Any:
    names = ((row, column) for row in rows for column in columns)
    return zip(names, axes.flat, strict=True)


def _accuracy_text(figure: str, result: Result) -> str:
    kind = "r" if figure in PEARSON else "slope"
    text = f"{kind} = {number(result.estimate)} {interval(result.hdi)}"
    return text.replace("-", "\N{MINUS SIGN}") + (f" {PROBLEM_MARK}" if result.problems else "")


def _draw_estimates(estimates: panels.Estimates, results: Results) -> None:
    for (figure, base_model), result in results.items():
        stage = COMPARISONS[figure].stage
        estimates.draw(stage, base_model, result)
        paper = published_figures().get(f"{figure}.{published_labels().get(base_model)}")
        if estimates.published and paper is not None and paper.estimate is not None:
            estimates.draw_published(stage, base_model, paper.estimate, paper.hdi)
