"""The paper's figures, and the verdict on each reproduction."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from introspect_bayes.places import shipped_folder

Verdict = Literal[
    "reproduced",
    "not reproduced",
    "no public data",
    "cannot be computed",
    "not comparable",
    "not judged",
    "no published figure",
]

ERRORS_ALLOWED = 3.0
"""Monte Carlo standard errors that separate agreement from disagreement."""

BOTH_SIDES = 2.0
"""Error of the difference of two analyses, relative to ours: the paper kept a quarter of our draws
in regressions, so that its own error is up to twice as large."""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as the paper prints it, proportions for percentages.

    Attributes
    ----------
    estimate, hdi
        The printed estimate and 95% HDI; None where the paper gives none.
    decimals
        Decimals printed (of the proportion).
    at_most
        Whether the paper only claims that the figure is no larger than the estimate.
    brms, brms_hdi
        What brms gives on the same raw data, as an independent check.
    """

    decimals: int
    estimate: float | None = None
    hdi: tuple[float, float] | None = None
    at_most: bool = False
    brms: float | None = None
    brms_hdi: tuple[float, float] | None = None


@cache
def published_figures() -> dict[str, Published]:
    """Return the paper's figures by id, in the paper's order.

    Examples
    --------
    >>> published_figures()["e1.acc.4o"].hdi
    (0.47, 0.62)
    """
    figures = {}
    for name, entry in _table()["figures"].items():
        pairs = {key: tuple(entry[key]) for key in ("hdi", "brms_hdi") if key in entry}
        figures[name] = Published(**(entry | pairs))
    return figures


@cache
def published_labels() -> dict[str, str]:
    """Return the label that stands for each of the paper's base models in a figure's id."""
    return dict(_table()["models"])


@cache
def _table() -> dict[str, Any]:
    path = shipped_folder("data") / "published_figures.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def agrees(here: float, printed: float, decimals: int, error: float) -> bool:
    """Return whether a number agrees with a printed one within rounding and Monte Carlo error.

    Three standard errors of the difference (`BOTH_SIDES`) are allowed beyond half a unit of the
    last printed decimal, but at most one unit: sloppy sampling earns no agreement.

    Examples
    --------
    >>> agrees(0.544, 0.54, 2, 0.0), agrees(0.546, 0.54, 2, 0.0), agrees(0.546, 0.54, 2, 0.001)
    (True, False, True)
    """
    unit = 10.0**-decimals
    allowance = 0.5 * unit + min(unit, ERRORS_ALLOWED * BOTH_SIDES * error)
    return abs(here - printed) <= allowance + 1e-9
