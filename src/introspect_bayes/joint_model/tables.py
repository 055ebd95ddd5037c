"""Plug-in and joint accuracies side by side, and a forest plot of contexts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.joint_model.accuracies import JointAccuracy
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.sampling.intervals import estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def joint_table(found: JointAccuracy) -> Table:
    """Return one row an accuracy or training effect: plug-in and joint estimate."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Accuracy of introspection, noise left in and taken out",
        title_justify="left",
        padding=(0, 1),
    )
    table.add_column("id", no_wrap=True)
    table.add_column("base model", overflow="fold")
    table.add_column(f"plug-in [{HDI_PROB:.0%} HDI]", no_wrap=True)
    table.add_column("joint", no_wrap=True)
    table.add_column("sd over contexts", justify="right")
    table.add_column("contexts", justify="right")
    for row in found.table().to_dict("records"):
        plain = pd.isna(row["sd_rho"])
        table.add_row(
            row["figure"] + (f" {PROBLEM_MARK}" if row["problems"] else ""),
            row["base_model"],
            _with_ends(row, "plug_in"),
            _with_ends(row, "joint"),
            "" if plain else number(row["sd_rho"]),
            "" if plain else f"{row['contexts']:.0f}",
        )
    return table


def _with_ends(row: Mapping[Any, Any], kind: str) -> str:
    if pd.isna(row[kind]):
        return "-"
    return f"{number(row[kind])} {interval((row[f'{kind}_low'], row[f'{kind}_high']))}"


def joint_notes(found: JointAccuracy) -> Iterator[str]:
    """Yield sentences: what the columns are, what was skipped, which diagnostics failed."""
    yield (
        "plug-in: slope of standardized weights on standardized mean reports, as in the paper. "
        "joint: correlation of the latent weights behind choices and reports, mean over contexts."
    )
    for name, reason in found.skipped.items():
        yield f"{name}: {reason}"
    for name, problems in found.problems.items():
        yield f"{PROBLEM_MARK} {name}: {'; '.join(problems)}"


def plot_contexts(found: JointAccuracy, figure: str, base_model: str, ax: Any = None) -> "Axes":
    """Draw the correlation in each context with its 95% HDI, sorted: a forest plot.

    Parameters
    ----------
    found
        Joint accuracies.
    figure, base_model
        Such as "e2.acc" and a base model of the study.
    ax
        Axes to draw on; new ones if not given.

    Examples
    --------
    >>> plot_contexts(ib.joint_accuracy(study), "e2.acc", "gpt-4o")  # doctest: +SKIP
    """
    import matplotlib.pyplot as plt

    rows = found.by_context(figure, base_model).sort_values("mean").reset_index(drop=True)
    axes: Axes = ax if ax is not None else plt.subplots(figsize=(5, 6))[1]
    places = np.arange(len(rows))
    reported = (rows["reports"] > 0).to_numpy()
    for chosen, colour, label in ((reported, "C0", "reported"), (~reported, "0.7", "no report")):
        if chosen.any():
            mine = rows[chosen]
            axes.hlines(places[chosen], mine["hdi_low"], mine["hdi_high"], color=colour, lw=1)
            axes.plot(mine["mean"], places[chosen], "o", ms=3, color=colour, label=label)
    mean = estimate(found.accuracy(figure, base_model))
    axes.axvspan(mean.low, mean.high, color="C1", alpha=0.3, label="mean, 95% HDI")
    axes.set(xlabel="correlation of reported and used weights", ylabel="contexts, sorted")
    axes.set(title=f"{figure}, {base_model}", yticks=[])
    axes.legend(loc="lower right", fontsize="small")
    return axes
