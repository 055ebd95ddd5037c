"""The paper's Appendix D check: correlations without the attribute weights of exactly ±100."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis, plain_correlation
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import CannotCompute, cannot_compute
from introspect_bayes.protocol.comparisons import COMPARISONS


def _learned(rows: pd.DataFrame) -> pd.Series:
    return rows["weight"].abs() == WEIGHT_LIMIT


def _reported(rows: pd.DataFrame) -> pd.Series:
    size = rows["mean_report"].abs()
    largest = size.groupby(rows["context"]).transform("max")
    return (largest > 0) & np.isclose(size, largest)


READINGS: Final[dict[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "learned": _learned,
    "reported": _reported,
    "either": lambda rows: _learned(rows) | _reported(rows),
    "both": lambda rows: _learned(rows) & _reported(rows),
    "raw report": lambda rows: rows["mean_report"].abs() == WEIGHT_LIMIT,
}
"""Which rows "excluding them" may mean: learned weight ±100, report ±100 once rescaled so that
each context's largest is 100, either of them, both, or the mean report ±100 as it stands."""

RAW_READING: Final = "raw report"
"""The reading that cannot be Appendix D's, which speaks of one value in each context."""

EXCLUDED_COMPARISONS: Final = ("e1.acc", "e2.acc", "e3.before", "e3.after")
"""The paper's reported correlations; the off-the-shelf control is near zero by design."""


def exclusion_table(analysis: Analysis) -> pd.DataFrame:
    """Recompute every correlation without the ±100 values, under each reading.

    Returns
    -------
    pandas.DataFrame
        One row a reading, comparison and base model: reading, figure, base_model, n (rows
        left), n_all, r_all, r_without (NaN if it cannot be computed), change.

    Raises
    ------
    CannotCompute
        If the study allows none of the correlations.
    """
    table = []
    reasons: list[CannotCompute] = []
    for base_model in analysis.study.base_models:
        for figure in EXCLUDED_COMPARISONS:
            try:
                rows = analysis.rows(base_model, figure)
                everything = plain_correlation(rows)
            except CannotCompute as reason:
                reasons.append(reason)
                continue
            for reading, excluded in READINGS.items():
                kept = rows[~excluded(rows)]
                try:
                    without = plain_correlation(kept)
                except CannotCompute:
                    without = np.nan
                table.append(
                    (reading, figure, base_model, len(kept), len(rows), everything, without)
                )
    if not table:
        names = ", ".join(COMPARISONS[figure].title for figure in EXCLUDED_COMPARISONS)
        msg = f"the study has none of these comparisons: {names}"
        raise cannot_compute(msg, reasons)
    columns = ["reading", "figure", "base_model", "n", "n_all", "r_all", "r_without"]
    frame = pd.DataFrame(table, columns=columns)
    return frame.assign(change=frame["r_without"] - frame["r_all"])
