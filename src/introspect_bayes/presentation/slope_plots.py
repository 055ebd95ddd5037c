"""Forests of per-context accuracies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import InputError
from introspect_bayes.presentation import panels
from introspect_bayes.protocol.comparisons import COMPARISONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED: Final = 25
"""Contexts of a panel up to which each is named."""


def plot_slopes(
    slopes: Mapping[tuple[str, str], pd.DataFrame],
    *,
    label: str = "slope of the context",
    figsize: tuple[float, float] | None = None,
) -> "Figure":
    """Plot the accuracy of reports in each context: a column for each comparison, sorted.

    ArviZ's forests name every row, which a hundred contexts leave no room for; here contexts are
    named only where there are few.

    Parameters
    ----------
    slopes
        By comparison and base model, a row for each context: context, mean, hdi_low, hdi_high.
    label
        What is estimated, for the axis.
    figsize
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Its ``axes`` are the panels: base models below each other, comparisons side by side.

    Raises
    ------
    InputError
        If there is nothing to plot.

    Examples
    --------
    >>> plot_slopes({("e1.acc", "4o"): context_slopes(fit)})  # doctest: +SKIP
    """
    import matplotlib.pyplot as plt

    if not slopes:
        msg = "plot_slopes: no contexts to plot"
        raise InputError(msg)
    columns = list(dict.fromkeys(figure for figure, _ in slopes))
    rows = list(dict.fromkeys(base_model for _, base_model in slopes))
    most = max(len(frame) for frame in slopes.values())
    few = most <= NAMED
    letters = max(len(name) for frame in slopes.values() for name in frame["context"])
    size = figsize or (
        0.6 + (2.2 + 0.07 * letters if few else 1.7) * len(columns),
        0.7 + (0.35 + 0.16 * most if few else 2.6) * len(rows),
    )
    with panels.style():
        drawing, axes = plt.subplots(
            len(rows), len(columns), figsize=size, layout="constrained", sharex=True, squeeze=False
        )
        for panel, (row, column) in zip(
            axes.flat, [(row, column) for row in rows for column in columns], strict=True
        ):
            head = f"{COMPARISONS[column].title}\n" if row == rows[0] else ""
            panel.set_title(head.replace(", ", ",\n"), fontsize=8)
            draw_slopes(panel, slopes.get((column, row)), named=few, rank=rows.index(row))
            if column == columns[0]:
                panel.set_ylabel(row if few else f"{row}\ncontexts, sorted")
        drawing.supxlabel(f"{label}, with {HDI_PROB:.0%} HDI")
    return drawing


def draw_slopes(panel: "Axes", frame: pd.DataFrame | None, *, named: bool, rank: int) -> None:
    """Draw the contexts of one panel, the least accurate at the bottom."""
    if frame is None:
        panel.text(0.5, 0.5, "no data", ha="center", color="0.5", transform=panel.transAxes)
        panel.set_yticks([])
        return
    colour, _ = panels.look(rank)
    heights = range(len(frame))
    panel.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    panel.hlines(
        heights, frame["hdi_low"], frame["hdi_high"], color=colour, linewidth=1.0, alpha=0.5
    )
    panel.locator_params(axis="x", nbins=4)
    panel.scatter(frame["mean"], heights, s=6, color=colour, linewidth=0, zorder=3)
    if named:
        panel.set_yticks(heights, frame["context"])
        panel.tick_params(axis="y", length=0)
    else:
        panel.set_yticks([])
