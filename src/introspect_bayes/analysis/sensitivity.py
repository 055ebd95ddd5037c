"""How every figure moves when priors change."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.published import published_labels
from introspect_bayes.analysis.reproduce import Reproduction, reproduce
from introspect_bayes.analysis.scenarios import Scenario, usual_scenarios
from introspect_bayes.errors import InputError

USUAL: Final = Scenario("own priors", {})
"""The priors that the analysis has without any change."""


@dataclass(frozen=True)
class PriorSensitivity:
    """Every figure under every scenario.

    Attributes
    ----------
    scenarios
        The scenarios, the analysis's own priors first.
    frame
        One row a scenario and figure: scenario, priors (in words), id, title, base_model,
        estimate (posterior mean of the slope or contrast; a proportion for figures without HDI),
        hdi_low, hdi_high (missing for proportions), error, low_error, high_error (Monte Carlo
        standard errors), problems (failed diagnostics).
    draws
        For each scenario a DataTree whose posterior holds the draws of each figure that has an
        HDI, for instance for ``arviz_plots.plot_forest``.
    """

    scenarios: tuple[Scenario, ...]
    frame: pd.DataFrame
    draws: dict[str, xr.DataTree]

    def summary(self) -> pd.DataFrame:
        """Return one row a figure: how far its estimate and HDI move.

        Returns
        -------
        pandas.DataFrame
            id, title, estimate, hdi_low, hdi_high (under the analysis's own priors), least, most
            (smallest and largest estimate), lowest, highest (outermost ends of the HDIs), move
            (largest change of the estimate), by (the scenario that makes it), sign_changes
            (scenarios under which the HDI's exclusion of zero differs), unclear (scenarios under
            which an end is within two Monte Carlo errors of zero), problems (scenarios with
            failed diagnostics).
        """
        rows = []
        for name, mine in self.frame.groupby("id", sort=False):
            usual = mine.iloc[0]
            change = (mine["estimate"] - usual["estimate"]).abs()
            excludes = (mine["hdi_low"] > 0) | (mine["hdi_high"] < 0)
            unclear = (mine["hdi_low"].abs() < 2 * mine["low_error"]) | (
                mine["hdi_high"].abs() < 2 * mine["high_error"]
            )
            differs = mine.loc[(excludes != excludes.iloc[0]) & ~unclear, "scenario"]
            rows.append(
                {
                    "id": name,
                    "title": usual["title"],
                    "estimate": usual["estimate"],
                    "hdi_low": usual["hdi_low"],
                    "hdi_high": usual["hdi_high"],
                    "least": mine["estimate"].min(),
                    "most": mine["estimate"].max(),
                    "lowest": mine["hdi_low"].min(),
                    "highest": mine["hdi_high"].max(),
                    "move": change.max(),
                    "by": mine.loc[change.idxmax(), "scenario"] if change.max() > 0 else "",
                    "sign_changes": ", ".join(differs),
                    "unclear": ", ".join(mine.loc[unclear, "scenario"]),
                    "problems": ", ".join(mine.loc[mine["problems"] != "", "scenario"]),
                }
            )
        return pd.DataFrame(rows)

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the rows of `frame` as JSON-ready values."""
        plain = self.frame.astype(object).where(self.frame.notna(), None)
        return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def prior_sensitivity(
    analysis: Analysis,
    scenarios: Iterable[Scenario] | None = None,
    only: Collection[str] = (),
    finished: Callable[[str], None] = lambda _: None,
) -> PriorSensitivity:
    """Compute the figures under the analysis's own priors and under each scenario.

    Nothing is compiled anew unless a scenario brings another kind of distribution, and choice
    weights are sampled again only where their own priors change.

    Parameters
    ----------
    analysis
        Analysis of the study, with the priors to start from.
    scenarios
        Other priors; `usual_scenarios` if not given.
    only
        Ids of figures, or their beginnings; all that depend on a prior if empty.
    finished
        Called with the name of each finished scenario, for a progress bar.

    Raises
    ------
    InputError
        If two scenarios have the same name, a scenario does not fit the specifications, or no
        figure of the study depends on a prior.
    """
    specs = analysis.settings.specs
    everything = (USUAL, *(usual_scenarios(specs) if scenarios is None else scenarios))
    names = [scenario.name for scenario in everything]
    if len(set(names)) < len(names):
        msg = f"two scenarios have the same name: {', '.join(sorted(names))}"
        raise InputError(msg)
    changed = [scenario.apply(specs) for scenario in everything]
    parts, draws = [], {}
    for scenario, swapped in zip(everything, changed, strict=True):
        other = analysis.with_specifications(swapped) if scenario is not USUAL else analysis
        figures = list(_figures(other, only))
        parts += [_row(scenario, figure) for figure in figures]
        draws[scenario.name] = _draws(figures)
        finished(scenario.name)
    if not parts:
        asked = f" among those asked for ({', '.join(only)})" if only else ""
        msg = f"no figure of this study{asked} depends on a prior"
        raise InputError(msg)
    return PriorSensitivity(everything, pd.DataFrame(parts), draws)


INDEPENDENT: Final = frozenset({"e1.agree", "invalid", "d.learned.e2", "d.excl100", "d.pct100"})
"""Figures that no prior enters, and those that summarize others or count them."""


def _figures(analysis: Analysis, only: Collection[str]) -> Iterator[Reproduction]:
    known = set(analysis.study.base_models) <= set(published_labels())
    for figure in reproduce(analysis, only, published=known):
        if figure.result is not None and figure.kind not in INDEPENDENT:
            yield figure


def _row(scenario: Scenario, figure: Reproduction) -> dict[str, Any]:
    result = figure.result
    if result is None:
        msg = f"{figure.id} has no result"
        raise ValueError(msg)
    low, high = result.hdi or (np.nan, np.nan)
    error, low_error, high_error = result.errors
    return {
        "scenario": scenario.name,
        "priors": scenario.description,
        "id": figure.id,
        "title": figure.title,
        "base_model": figure.base_model,
        "estimate": result.estimate if result.draws is None else float(result.draws.mean()),
        "hdi_low": low,
        "hdi_high": high,
        "error": error,
        "low_error": low_error,
        "high_error": high_error,
        "problems": "; ".join(result.problems),
    }


def _draws(figures: Iterable[Reproduction]) -> xr.DataTree:
    """Return the figures' draws as one posterior, a variable a figure."""
    found = {f.id: f.result.draws for f in figures if f.result and f.result.draws is not None}
    variables = {name: (("chain", "draw"), values) for name, values in found.items()}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(variables)})
