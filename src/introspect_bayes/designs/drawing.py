"""Designs drawn: what each achieves against what it costs."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.designs.goals import PROBABILITIES, Goals
from introspect_bayes.presentation import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = f"expected width of the {HDI_PROB:.0%} HDI"
_PRICES = {"cost": "cost (US dollars)", "requests": "requests"}


def draw_designs(
    table: pd.DataFrame, goals: Goals, price: str, figsize: tuple[float, float] | None = None
) -> "Figure":
    """Draw a panel each for the width and every probability; see `DesignAnalysis.plot`."""
    import matplotlib.pyplot as plt

    limits = dict(goals.wanted())
    names = ["width", *goals.events]
    with panels.style():
        drawing, axes = plt.subplots(
            1,
            len(names),
            figsize=figsize or (0.6 + 3.1 * len(names), 3.4),
            layout="constrained",
            squeeze=False,
        )
        for panel, name in zip(axes[0], names, strict=True):
            _draw_panel(panel, table, name, price)
            panel.set_xlabel(_PRICES[price])
            panel.set_ylabel(_WIDTH if name == "width" else f"probability: {PROBABILITIES[name]}")
            if name in limits:
                panel.axhline(limits[name], color="0.4", linestyle="--", linewidth=0.8, zorder=0)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(
            handles, labels, loc="outside upper center", ncols=3, title="numbers are contexts"
        )
    return drawing


def _draw_panel(panel: Any, table: pd.DataFrame, name: str, price: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    groups = table.groupby(["choices", "reports"], sort=True)
    for rank, (_, rows) in enumerate(groups):
        colour, marker = panels.look(rank)
        panel.errorbar(
            rows[price],
            rows[name],
            yerr=1.96 * rows[f"{name}_error"],
            color=colour,
            marker=marker,
            markersize=4,
            linewidth=1,
            elinewidth=0.8,
            label=counts_text(rows["choices"].iloc[0], rows["reports"].iloc[0]),
        )
        for row in rows.to_dict("records"):
            panel.annotate(
                f"{row['contexts']}",
                (row[price], row[name]),
                textcoords="offset points",
                xytext=(3, 3),
                fontsize=7,
                color=colour,
            )
    if "cheapest" in table and table["cheapest"].any():
        chosen = table[table["cheapest"]]
        panel.scatter(
            chosen[price], chosen[name], s=90, facecolors="none", edgecolors="0.2",
            label="cheapest that meets the goal", zorder=3,
        )  # fmt: skip
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_ylim(bottom=0)
    if name != "width":
        panel.set_ylim(0, 1.05)


def design_text(row: Any) -> str:
    """Return a design in words.

    Examples
    --------
    >>> design_text({"contexts": 20, "choices": 30, "reports": 5})
    '20 contexts, in each 30 choices and 5 reports'
    """
    return f"{int(row['contexts'])} contexts, in each {counts_text(row['choices'], row['reports'])}"


def counts_text(choices: float, reports: float) -> str:
    """Return how much is asked in a context, in words.

    Examples
    --------
    >>> counts_text(30, 1)
    '30 choices and 1 report'
    """
    counted = ((int(choices), "choice"), (int(reports), "report"))
    return " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted)
