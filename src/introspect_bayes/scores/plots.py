"""Plots of explanation scores: advantage of self, learning curves, who explains whom."""

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import InputError
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.tables import PROBLEM_MARK
from introspect_bayes.scores.answers import ExplanationScores
from introspect_bayes.scores.score_answers import OVERALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WHO: Final = ("self", "other")


def plot_advantage(
    found: ExplanationScores, *, figsize: tuple[float, float] | None = None
) -> "Figure":
    """Plot how much better models explain themselves than others do, by task and overall.

    Points are posterior means, lines 95% HDIs. Tasks that cannot tell are left out.

    Raises
    ------
    InputError
        If no task tells.

    Examples
    --------
    >>> plot_advantage(found).savefig("advantage.svg")  # doctest: +SKIP
    """
    rows = found.advantage()
    told = rows[rows["note"] == ""].reset_index(drop=True)
    if told.empty:
        msg = f"nothing to plot: {'; '.join(rows['note'].unique())}"
        raise InputError(msg)
    mark = f" {PROBLEM_MARK}" if found.diagnostics.problems else ""
    with panels.style():
        drawing, axes = _subplots(1, figsize or (5.2, 0.9 + 0.32 * len(told)))
        panel = axes[0]
        panel.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        for height, row in told.iterrows():
            colour = "black" if row["task"] == OVERALL else panels.COLOURS[0]
            ends = [row["hdi_low"], row["hdi_high"]]
            panel.plot(ends, [height, height], color=colour, linewidth=1.4)
            panel.plot([row["advantage"]], [height], marker="o", color=colour, markersize=5)
        panel.set_yticks(range(len(told)), [f"{task}{mark}" for task in told["task"]])
        panel.set_ylim(len(told) - 0.5, -0.5)
        panel.set_xlabel(f"score of self minus other, with {HDI_PROB:.0%} HDI")
    return panels.shown_once(drawing)


def plot_learning_curve(
    found: ExplanationScores, *, figsize: tuple[float, float] | None = None
) -> "Figure":
    """Plot expected scores of self and other along the training size, a panel for each task.

    Lines are posterior means, bands 95% HDIs, points the observed means.

    Raises
    ------
    InputError
        If no task tells a learning curve.

    Examples
    --------
    >>> plot_learning_curve(found).savefig("learning.svg")  # doctest: +SKIP
    """
    curve = found.learning_curve()
    if curve.empty:
        msg = f"nothing to plot: {'; '.join(found.learning()['note'].unique())}"
        raise InputError(msg)
    tasks = list(curve["task"].unique())
    table = found.rows.table
    with panels.style():
        drawing, axes = _subplots(len(tasks), figsize or (0.8 + 2.3 * len(tasks), 2.8))
        for task, panel in zip(tasks, axes, strict=True):
            seen = table if task == OVERALL else table[table["task"] == task]
            for rank, who in enumerate(_WHO):
                line = curve[(curve["task"] == task) & (curve["who"] == who)]
                _draw_curve(panel, line, seen[seen["self"] == (who == "self")], rank)
            panel.set_title(task)
            panel.set_xscale("log")
            panel.set_ylim(0, 1)
        axes[0].set_ylabel(f"score, with {HDI_PROB:.0%} HDI")
        axes[0].legend()
        drawing.supxlabel("training size")
    return panels.shown_once(drawing)


def _draw_curve(panel: Any, line: pd.DataFrame, seen: pd.DataFrame, rank: int) -> None:
    colour, marker = panels.look(rank)
    along = line["training_size"]
    panel.fill_between(along, line["hdi_low"], line["hdi_high"], color=colour, alpha=0.2, lw=0)
    panel.plot(along, line["mean"], color=colour, label=_WHO[rank])
    means = seen.groupby("training_size")["score"].mean()
    panel.plot(means.index, means, linestyle="none", marker=marker, markersize=4, color=colour)


def plot_cells(found: ExplanationScores, *, figsize: tuple[float, float] | None = None) -> "Figure":
    """Plot the expected score of every explainer about every target, a panel for each task.

    Boxes are models that explain themselves; cells without scores stay empty.

    Examples
    --------
    >>> plot_cells(found).savefig("cells.svg")  # doctest: +SKIP
    """
    cells = found.cells()
    tasks = list(cells["task"].unique())
    explainers, targets = (list(cells[name].unique()) for name in ("explainer", "target"))
    size = (1.2 + (0.9 + 0.45 * len(targets)) * len(tasks), 1.2 + 0.4 * len(explainers))
    with panels.style():
        drawing, axes = _subplots(len(tasks), figsize or size)
        for task, panel in zip(tasks, axes, strict=True):
            mine = cells[cells["task"] == task].pivot_table("mean", "explainer", "target")
            mine = mine.reindex(index=explainers, columns=targets)
            image = panel.imshow(mine, vmin=0, vmax=1, cmap="cividis")
            for (row, column), value in _values(mine):
                shade = "white" if value < 0.6 else "black"  # noqa: PLR2004 - of the colour map
                panel.text(column, row, f"{value:.2f}"[1:] if value < 1 else "1", color=shade,
                           ha="center", va="center", fontsize=8)  # fmt: skip
                if explainers[row] == targets[column]:
                    panel.add_patch(_box(row, column))
            panel.set_title(task)
            panel.set_xticks(range(len(targets)), targets, rotation=45, ha="right")
            panel.set_yticks(range(len(explainers)), explainers)
            panel.set_xlabel("target")
        axes[0].set_ylabel("explainer")
        drawing.colorbar(image, ax=list(axes), label="expected score", shrink=0.8)
    return panels.shown_once(drawing)


def _values(frame: pd.DataFrame) -> list[tuple[tuple[int, int], float]]:
    array = frame.to_numpy()
    rows, columns = array.shape
    places = [(row, column) for row in range(rows) for column in range(columns)]
    return [(place, float(array[place])) for place in places if array[place] == array[place]]


def _box(row: int, column: int) -> Any:
    from matplotlib.patches import Rectangle

    corner = (column - 0.5, row - 0.5)
    return Rectangle(corner, 1, 1, fill=False, edgecolor=panels.COLOURS[1], linewidth=1.8)


def _subplots(columns: int, size: tuple[float, float]) -> Any:
    import matplotlib.pyplot as plt

    drawing, axes = plt.subplots(
        1, columns, figsize=size, layout="constrained", sharey=True, squeeze=False
    )
    return drawing, axes[0]
