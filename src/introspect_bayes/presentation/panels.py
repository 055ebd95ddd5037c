"""What one panel of a figure shows: points, lines, intervals."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.analysis.result import Result
from introspect_bayes.constants import HDI_PROB, WEIGHT_LIMIT
from introspect_bayes.presentation.tables import PROBLEM_MARK
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.intervals import hdi

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

COLOURS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#882255",
)
"""Colours that the colour-blind tell apart (Okabe and Ito's, but for the last)."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Markers, so that grey print tells apart what has another colour (`look`)."""

PAPER_COLOUR: Final = "0.5"
"""Colour of what the paper printed."""

_STYLE: Final[dict[Any, Any]] = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.labelsize": 9.0,
    "legend.frameon": False,
}
_MARGIN: Final = 9
"""Weights beyond ±100 that a panel shows, for the points at the limit to be whole."""
_LINE_POINTS: Final = 41


def look(rank: int) -> tuple[str, str]:
    """Return colour and marker of one of several series, different for the first 64.

    Examples
    --------
    >>> look(0), look(8)
    (('#0072B2', 'o'), ('#0072B2', 's'))
    """
    lap, place = divmod(rank, len(COLOURS))
    return COLOURS[place], MARKERS[(place + lap) % len(MARKERS)]


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in one style, the user's other settings kept.

    Unlike matplotlib's ``rc_context``, it restores nothing else: at the first figure, a notebook's
    backend switches on that figures are shown.
    """
    from matplotlib import rcParams

    usual = {key: rcParams[key] for key in _STYLE}
    rcParams.update(_STYLE)
    try:
        yield
    finally:
        rcParams.update(usual)


def shown_once(drawn: "Drawing") -> "Drawing":
    """Close a drawing in a notebook, which shows both open ones and the value of a cell."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    if "inline" in mpl.get_backend():
        plt.close(drawn)
    return drawn


def regression_lines(fit: Regression) -> Iterator[pd.DataFrame]:
    """Yield the fitted line of each set of reports with its 95% HDI, in weights of -100 to 100.

    Reports are standardized within their set, so that each set has a line of its own.

    Parameters
    ----------
    fit
        A fit of ``learned ~ reported``.

    Yields
    ------
    pandas.DataFrame
        Rows along the range of the mean reports: mean_report, learned, hdi_low, hdi_high.
    """
    posterior = fit.idata["posterior"]
    intercept, slope = (posterior[name].to_numpy().ravel() for name in ("Intercept", "reported"))
    # Standardizing is a straight line, and so is the way back.
    sd, mean = np.polyfit(fit.data["learned"], fit.data["weight"], 1)
    for _, rows in fit.data.groupby("report_set", sort=False):
        seen = rows["mean_report"].clip(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        along = np.linspace(seen.min(), seen.max(), _LINE_POINTS)
        reported = np.polyval(np.polyfit(rows["mean_report"], rows["reported"], 1), along)
        learned = mean + sd * (intercept + slope * reported[:, None])
        low, high = hdi(learned).T
        yield pd.DataFrame(
            {
                "mean_report": along,
                "learned": learned.mean(axis=1),
                "hdi_low": low,
                "hdi_high": high,
            }
        )


def draw_reports(panel: "Axes", rows: pd.DataFrame, *, learned_first: bool) -> None:
    """Draw a point for each attribute; reports beyond ±100 at the margin, with their value.

    Parameters
    ----------
    panel
        Where to draw.
    rows
        With weight and mean_report.
    learned_first
        Whether learned weights run to the right instead of upwards.
    """
    limits = (-WEIGHT_LIMIT - _MARGIN, WEIGHT_LIMIT + _MARGIN)
    ticks = (-WEIGHT_LIMIT, -WEIGHT_LIMIT // 2, 0, WEIGHT_LIMIT // 2, WEIGHT_LIMIT)
    panel.set(xlim=limits, ylim=limits, xticks=ticks, yticks=ticks, aspect="equal")
    beyond = rows["mean_report"].abs() > WEIGHT_LIMIT
    along, upward = ("weight", "mean_report") if learned_first else ("mean_report", "weight")
    inside = rows[~beyond]
    panel.scatter(inside[along], inside[upward], s=9, color=COLOURS[0], alpha=0.4, linewidth=0)
    for report, weight in rows.loc[beyond, ["mean_report", "weight"]].to_numpy(dtype=float):
        _draw_beyond(panel, report, weight, learned_first=learned_first)


def _draw_beyond(panel: "Axes", report: float, weight: float, *, learned_first: bool) -> None:
    side = 1.0 if report > 0 else -1.0
    place, inwards = (side * (WEIGHT_LIMIT + _MARGIN - 3), weight), (-side * 7.0, 0.0)
    marker, aligned = (">" if side > 0 else "<"), ("right" if side > 0 else "left", "center")
    if learned_first:
        place, inwards = place[::-1], inwards[::-1]
        marker, aligned = ("^" if side > 0 else "v"), ("center", "top" if side > 0 else "bottom")
    colour = COLOURS[1]
    panel.plot(*place, marker=marker, color=colour, markersize=5, clip_on=False)
    panel.annotate(
        f"{report:.0f}",
        place,
        inwards,
        textcoords="offset points",
        color=colour,
        ha=aligned[0],
        va=aligned[1],
    )


def draw_lines(panel: "Axes", fit: Regression) -> None:
    """Draw the fitted regression with its 95% HDI; mean reports to the right."""
    for line in regression_lines(fit):
        along = line["mean_report"]
        panel.fill_between(
            along, line["hdi_low"], line["hdi_high"], color="black", alpha=0.25, linewidth=0
        )
        panel.plot(along, line["learned"], color="black", linewidth=1.2)


@dataclass(frozen=True)
class Estimates:
    """Accuracies in one panel: a group of rows for each stage, a row for each base model.

    Attributes
    ----------
    panel
        Where to draw.
    stages, base_models
        In the order of rows.
    published
        Whether each base model has a second row for the paper's figure.
    """

    panel: "Axes"
    stages: Sequence[str]
    base_models: Sequence[str]
    published: bool

    def draw(self, stage: str, base_model: str, result: Result) -> None:
        """Draw what was found here, marked if the diagnostics of its fits failed."""
        rank = self.base_models.index(base_model)
        height = self._height(stage, rank)
        colour, marker = look(rank)
        shown = {"color": colour, "marker": marker, "label": base_model}
        self._draw(height, result.estimate, result.hdi, shown)
        if result.problems:
            self.panel.annotate(
                PROBLEM_MARK, (result.estimate, height), (0, 3), textcoords="offset points"
            )

    def draw_published(
        self, stage: str, base_model: str, estimate: float, ends: tuple[float, float] | None
    ) -> None:
        """Draw what the paper gives, a row below."""
        height = self._height(stage, self.base_models.index(base_model)) + self._step
        shown = {"color": PAPER_COLOUR, "marker": "|", "label": "paper"}
        self._draw(height, estimate, ends, shown)

    @property
    def _step(self) -> float:
        return 0.7 / (len(self.base_models) * (1 + self.published))

    def _height(self, stage: str, rank: int) -> float:
        first = self.stages.index(stage) - 0.35 + self._step / 2
        return first + rank * self._step * (1 + self.published)

    def _draw(
        self,
        height: float,
        estimate: float,
        ends: tuple[float, float] | None,
        shown: Mapping[str, Any],
    ) -> None:
        self.panel.plot([estimate], [height], linestyle="none", markersize=5, **shown)
        if ends is not None:
            self.panel.plot(ends, [height, height], color=shown["color"], linewidth=1.4)


def accuracy_label() -> str:
    """Return the label of an axis of accuracies."""
    return f"accuracy of reports, with {HDI_PROB:.0%} HDI"


def finish_forest(plots: Any, usual: xr.Dataset) -> None:
    """Label a forest's axis, and drop lines from the usual value of each figure."""
    names, forest = plots.viz["plot"].to_numpy()
    names.set_axis_off()
    forest.set_xlabel(f"posterior mean, 50% and {HDI_PROB:.0%} HDI")
    every = []
    for name, points in plots.viz["point_estimate"].data_vars.items():
        heights = [point.get_offsets()[0, 1] for point in points.to_numpy().ravel()]
        value = float(usual[name])
        ends = (min(heights) - 0.4, max(heights))
        forest.plot([value, value], ends, color="0.6", linewidth=0.8, zorder=0)
        every += heights
    forest.set_ylim(min(every) - 0.6, max(every) + 0.6)
    drawn = plots.viz["figure"].item()
    height = drawn.get_figheight()
    # Shading must run on from the labels to the forest, which ArviZ's usual layout does not allow.
    drawn.subplots_adjust(
        left=0.01, right=0.98, bottom=0.5 / height, top=1 - 0.05 / height, wspace=0
    )
