"""Whether the fitted models could have made such data."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.document.check_table import checks_table
from introspect_bayes.findings import Findings
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.checks import check_summary
from introspect_bayes.presentation.drawings import drawing, drawn_data, svg_of, thin
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURVES: Final = 20
"""Replicates that a panel of densities shows."""

_POINTS: Final = 80
"""Points of each curve."""

PREDICTIVE: Final = ("choices.", "reports.", "prior.predictive", "loo.")
"""Beginnings of the names of checks that belong here."""


def predictive(findings: Findings) -> Section:
    """Return posterior predictive plots of choices and of reports, and the checks of both."""
    return Section("predictive", "Posterior predictive checks", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    found = findings.replicates
    choices = {name: tree for name, tree in found.items() if _response(tree) == "selection"}
    weights = {name: tree for name, tree in found.items() if name not in choices}
    yield Paragraph(
        "If a fitted model were true, data drawn from it would look like the data. Where they do "
        "not, trust the numbers only as far as they do not depend on what the model gets wrong."
    )
    if choices:
        yield _calibration(choices)
    if weights:
        yield _densities(weights)
    checks = [c for c in findings.checks if c.name.startswith(PREDICTIVE)]
    if checks:
        table = checks_table("predictive-checks", "Checks of predictions", checks)
        yield table
        yield Paragraph(f"{check_summary(checks)}.", "note")


def _calibration(trees: "Mapping[str, xr.DataTree]") -> Figure:
    import arviz as az

    with drawing(), panels.style():
        plots = az.plot_ppc_pava(
            _together(trees, "selection"),
            ci_prob=HDI_PROB,
            visuals={
                "xlabel": {"text": "predicted probability of A"},
                "ylabel": {"text": "share of A"},
                "lines": {"color": panels.COLOURS[1]},
            },
            **_grid(len(trees), 2, 2.2),
        )
        figure, svg, data = _finished(plots, _POINTS * 3)
    return Figure(
        name="predictive-choices",
        title="Are choices as predictable as the models say?",
        alternative=(
            "Calibration plots: the probability of A that the fitted model predicts to the right, "
            "the share of A among such choices upwards, and the diagonal that a calibrated model "
            f"follows with its {HDI_PROB:.0%} band. {_calibration_words(figure)}"
        ),
        svg=svg,
        data=data,
        caption=(
            "A curve steeper than the diagonal: choices are more predictable than the model says. "
            "(Pool-adjacent-violators, ArviZ's plot_ppc_pava; Dimitriadis et al. 2021, "
            "doi:10.1073/pnas.2016191118. The predictions saw these very choices.)"
        ),
    )


def _calibration_words(drawn: Any) -> str:
    words = []
    for panel in drawn.axes:
        lines = [line for line in panel.lines if len(line.get_xdata()) > 2]  # noqa: PLR2004
        if not panel.get_title() or not lines:
            continue
        x, y = (values for values in lines[0].get_data())
        far = max(range(len(x)), key=lambda place: abs(y[place] - x[place]))
        words.append(
            f"{panel.get_title()}: farthest from the diagonal where {x[far]:.0%} is predicted and "
            f"{y[far]:.0%} are A."
        )
    return " ".join(words)


def _densities(trees: "Mapping[str, xr.DataTree]") -> Figure:
    import arviz as az

    with drawing(), panels.style():
        plots = az.plot_ppc_dist(
            _together(trees, "learned"),
            kind="kde",
            num_samples=_CURVES,
            visuals={
                "predictive_dist": {"color": panels.COLOURS[5], "alpha": 0.5},
                "observed_dist": {"color": "black"},
            },
            **_grid(len(trees), 4, 1.5),
        )
        _, svg, data = _finished(plots, _POINTS)
    said = " ".join(_shares(name, tree) for name, tree in trees.items())
    return Figure(
        name="predictive-reports",
        title="Do standardized weights look like replicated ones?",
        alternative=(
            f"Densities of the standardized weights (black) and of {_CURVES} replicated data sets "
            f"(blue), a panel for each regression. {said}"
        ),
        svg=svg,
        data=data,
        caption=(
            "Scaling makes the largest weight of each context exactly ±100, where the weights pile "
            "up; a normal regression cannot replicate that. (ArviZ's plot_ppc_dist.)"
        ),
    )


def _shares(name: str, tree: xr.DataTree) -> str:
    """Say how the spread of replicates compares with that of the data."""
    observed = tree["observed_data"]["learned"]
    replicated = tree["posterior_predictive"]["learned"]
    middle = [float((np.abs(values.to_numpy()) < 1).mean()) for values in (observed, replicated)]
    return f"{name}: {middle[0]:.0%} within 1 of zero, {middle[1]:.0%} of replicates."


def _response(tree: xr.DataTree) -> str:
    return str(next(iter(tree["observed_data"].data_vars)))


def _together(trees: "Mapping[str, xr.DataTree]", response: str) -> xr.DataTree:
    """Return one tree with a variable for each of several fits, whose observations differ."""
    groups = {
        group: xr.Dataset(
            {
                name: tree[group][response].rename(observation=f"observation_{number}")
                for number, (name, tree) in enumerate(trees.items())
            }
        )
        for group in ("posterior_predictive", "observed_data")
    }
    return xr.DataTree.from_dict(groups)


def _grid(count: int, columns: int, height: float) -> dict[str, Any]:
    wide = min(count, columns)
    size = (max(3.4, 7.0 * wide / columns), height * math.ceil(count / wide) + 0.3)
    return {
        "col_wrap": wide,
        "figure_kwargs": {"figsize": size, "layout": "constrained"},
        "backend": "matplotlib",
    }


def _finished(plots: Any, points: int) -> tuple[Any, bytes, Any]:
    drawn = plots.viz["figure"].item()
    thin(drawn, points)
    return drawn, svg_of(drawn), drawn_data(drawn)
