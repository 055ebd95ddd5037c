"""Tables of privileged access, and their JSON-ready form."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.privileged import own_and_other as contrast
from introspect_bayes.privileged.access_figure import PREFIX, AccessFigure
from introspect_bayes.privileged.access_rows import ALIKE
from introspect_bayes.privileged.unit_adjustment import FEWEST_UNITS
from introspect_bayes.protocol.comparisons import COMPARISONS

_Rows = list[dict[str, Any]]


def contrast_table(figures: Iterable[AccessFigure]) -> pd.DataFrame:
    """Return own minus other (`PrivilegedAccess.table`)."""
    return pd.DataFrame([row for figure in figures for row in _contrast_rows(figure)])


def cell_table(figures: Iterable[AccessFigure]) -> pd.DataFrame:
    """Return each reporter against each target (`PrivilegedAccess.correlations`)."""
    return pd.DataFrame([row for figure in figures for row in _cell_rows(figure)])


def partial_table(figures: Iterable[AccessFigure]) -> pd.DataFrame:
    """Return what own reports add (`PrivilegedAccess.partial`)."""
    return pd.DataFrame([row for figure in figures for row in _partial_rows(figure)])


def as_dict(figure: AccessFigure) -> dict[str, Any]:
    """Return a figure and its three tables as JSON-ready values."""
    return {
        **_overall(figure),
        "own_minus_other": _without_figure(_contrast_rows(figure)),
        "correlations": _without_figure(_cell_rows(figure)),
        "partial": _without_figure(_partial_rows(figure)),
    }


def _cells(
    figure: AccessFigure, name: str, of: Callable[[np.ndarray], np.ndarray]
) -> list[dict[str, float]]:
    return [
        {
            "estimate": e.mean,
            "hdi_low": e.low,
            "hdi_high": e.high,
            "error": e.mean_error,
            "low_error": e.low_error,
            "high_error": e.high_error,
        }
        for e in figure.fit.estimates(name, of)
    ]


def _contrast_rows(figure: AccessFigure) -> _Rows:
    whose = [("overall", "")]
    whose += [(kind, model) for kind in ("target", "reporter") for model in figure.models]
    whose.append(("tetrad", ""))
    cells = _cells(figure, "contrasts", contrast.all_contrasts)
    alike = cells.pop()["estimate"]
    reached = _shares(figure, alike)
    about = {
        "alike": alike,
        "n": len(figure.rows),
        "contexts": int(figure.rows["context"].nunique()),
        "problems": "; ".join(figure.problems),
    }
    return [
        {
            "figure": figure.figure,
            "contrast": kind,
            "base_model": model,
            "own": cells[3 * number]["estimate"],
            "other": cells[3 * number + 1]["estimate"],
            **cells[3 * number + 2],
            **reached.get((kind, model), _NO_SHARE),
            **about,
        }
        for number, (kind, model) in enumerate(whose)
    ]


_NO_SHARE: Final = dict.fromkeys(("share", "share_low", "share_high"))


def _shares(figure: AccessFigure, alike: float) -> dict[tuple[str, str], dict[str, Any]]:
    """Return own minus other as shares of what reports of the own weights alone would show.

    None where that may be nothing, or where what sets the models' weights apart is mostly noise.
    """
    if alike >= ALIKE:
        return {}
    found = figure.fit.estimates("shares", contrast.shares_of_own_weights)
    whose = [("overall", ""), *(("reporter", model) for model in figure.models)]
    return {
        who: {"share": share.mean, "share_low": share.low, "share_high": share.high}
        for who, alone, share in zip(whose, found[: len(whose)], found[len(whose) :], strict=True)
        if alone.low > 0
    }


def _cell_rows(figure: AccessFigure) -> _Rows:
    pairs = [(reporter, target) for reporter in figure.models for target in figure.models]
    cells = _cells(figure, "cells", contrast.all_cells)
    return [
        {"figure": figure.figure, "reporter": reporter, "target": target, **cell}
        for (reporter, target), cell in zip(pairs, cells, strict=True)
    ]


def _partial_rows(figure: AccessFigure) -> _Rows:
    names = [(model, quantity) for model in ("", *figure.models) for quantity in contrast.PARTIAL]
    cells = _cells(figure, "partials", contrast.all_partials)
    return [
        {"figure": figure.figure, "base_model": model, "quantity": quantity, **cell}
        for (model, quantity), cell in zip(names, cells, strict=True)
    ]


def _overall(figure: AccessFigure) -> dict[str, Any]:
    overall = _contrast_rows(figure)[0]
    return {
        "id": f"{PREFIX}{figure.figure}",
        "title": f"own minus other, {COMPARISONS[figure.figure].title}",
        "base_model": None,
        "models": list(figure.models),
        "estimate": overall["estimate"],
        "hdi": [overall["hdi_low"], overall["hdi_high"]],
        **_by_contexts(overall),
        "n": overall["n"],
        "contexts": overall["contexts"],
        "paper": None,
        "paper_hdi": None,
        "brms": None,
        "brms_hdi": None,
        "monte_carlo_errors": [overall[name] for name in ("error", "low_error", "high_error")],
        "verdict": "no published figure",
        "problems": list(figure.problems),
        "note": figure.warning,
    }


def _by_contexts(overall: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of the interval with contexts as units: the HDI is one, if they are many."""
    if overall["contexts"] >= FEWEST_UNITS:
        ends, missing = [overall["hdi_low"], overall["hdi_high"]], ""
    else:
        ends, missing = None, f"own minus other needs {FEWEST_UNITS} contexts for it"
    return {"hdi_contexts": ends, "hdi_contexts_missing": missing}


def _without_figure(rows: _Rows) -> _Rows:
    """Leave out what the figure itself tells."""
    said = {"figure", "n", "contexts", "problems"}
    return [{key: value for key, value in row.items() if key not in said} for row in rows]
