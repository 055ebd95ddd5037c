"""The paper's figures and those free of noise side by side, and a forest plot of contexts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.joint_model.accuracies import ESTIMATES, JointAccuracy
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.sampling.intervals import estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def joint_table(found: JointAccuracy) -> Table:
    """Return one row an accuracy or training effect: noise left in, taken out, mean correlation."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Accuracy of introspection, noise left in and taken out, {HDI_PROB:.0%} HDIs",
        title_justify="left",
        padding=(0, 1, 0, 0),
    )
    table.add_column("id", no_wrap=True)
    table.add_column("base model", overflow="fold")
    for kind in ESTIMATES:
        table.add_column(LABELS[kind], min_width=16)
    for row in found.table().to_dict("records"):
        table.add_row(
            row["figure"] + (f" {PROBLEM_MARK}" if row["problems"] else ""),
            row["base_model"],
            *(with_ends(row, kind) for kind in ESTIMATES),
        )
    return table


LABELS: Final = {
    "plug_in": "plug-in",
    "noise_free": "noise-free",
    "mean_correlation": "mean rho",
}
"""What tables and plots call the columns of `JointAccuracy.table`."""


def with_ends(row: Mapping[Any, Any], kind: str) -> str:
    """Return an estimate of a row and its HDI, in words for a table."""
    if pd.isna(row[kind]):
        return "-"
    return f"{number(row[kind])} {interval((row[f'{kind}_low'], row[f'{kind}_high']))}"


def json_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for a file: each estimate with its HDI, None where there is none.

    Examples
    --------
    >>> values = {f"{kind}{end}": 0.5 for kind in ESTIMATES for end in ("", "_low", "_high")}
    >>> json_rows(pd.DataFrame([{"figure": "e1.acc", **values}]))[0]["noise_free"]
    {'estimate': 0.5, 'hdi': [0.5, 0.5]}
    """
    found = []
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        estimates = {}
        for kind in ESTIMATES:
            value, *ends = (row.pop(f"{kind}{end}") for end in ("", "_low", "_high"))
            estimates[kind] = None if value is None else {"estimate": value, "hdi": ends}
        first = {str(name): row.pop(name) for name in ("figure", "base_model") if name in row}
        found.append(first | estimates | {str(name): value for name, value in row.items()})
    return found


def joint_notes(found: JointAccuracy) -> Iterator[str]:
    """Yield sentences: what the columns are, what was skipped, what failed."""
    yield (
        "plug-in: slope of standardized weights on standardized mean reports, as in the paper. "
        "noise-free: the same of the weights behind choices and reports, in infinitely many "
        "contexts. mean rho: mean over contexts of the correlation of these weights, another "
        "quantity."
    )
    rows = found.predicted()
    yield (
        f"Predictive check: {rows['inside'].sum()} of {len(rows)} observed statistics lie in the "
        f"95% interval of replicated data, {rows['missed'].sum()} beyond 99.9%."
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
    mean = estimate(found.mean_correlation(figure, base_model))
    axes.axvspan(mean.low, mean.high, color="C1", alpha=0.3, label="mean, 95% HDI")
    axes.set(xlabel="correlation of reported and used weights", ylabel="contexts, sorted")
    axes.set(title=f"{figure}, {base_model}", yticks=[])
    axes.legend(loc="lower right", fontsize="small")
    return axes
