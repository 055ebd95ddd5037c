"""The reports of a comparison, and the arithmetic that figures share."""

import numpy as np
import pandas as pd

from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.protocol.comparisons import Comparison
from introspect_bayes.study.frames import Study


def standardize(values: pd.Series) -> pd.Series:
    """Subtract the mean and divide by the sample standard deviation (ddof = 1, as R's scale()).

    Raises
    ------
    CannotCompute
        If the values do not vary.

    Examples
    --------
    >>> import pandas as pd
    >>> standardize(pd.Series([1.0, 2.0, 3.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    deviation = float(values.std(ddof=1))
    if not deviation > 0:
        msg = f"the {len(values)} values of {values.name} do not vary"
        raise CannotCompute(msg)
    return (values - values.mean()) / deviation


def correlation(x: pd.Series | np.ndarray, y: pd.Series | np.ndarray) -> float:
    """Return Pearson's correlation.

    Raises
    ------
    CannotCompute
        If there are fewer than three pairs, or one side does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> round(correlation(np.array([1, 2, 3]), np.array([2, 4, 7])), 3)
    0.993
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(first) < 3 or first.std() == 0 or second.std() == 0:  # noqa: PLR2004
        msg = f"a correlation needs three varying pairs; there are {len(first)}"
        raise CannotCompute(msg)
    return float(np.corrcoef(first, second)[0, 1])


def reports_of(study: Study, base_model: str, comparison: Comparison) -> pd.DataFrame:
    """Return the valid reports that belong to a comparison (rows of ``study.reports``).

    Raises
    ------
    NotInStudy
        If there are none.
    """
    reports = study.reports
    chosen = reports[
        (reports["base_model"] == base_model)
        & (reports["stage"] == comparison.stage)
        & (reports["context_set"] == comparison.context_set)
    ]
    if chosen.empty:
        msg = (
            f"no reports of {base_model}, {comparison.stage}, in {comparison.context_set} contexts"
        )
        raise NotInStudy(msg)
    return chosen


def mean_reports(reports: pd.DataFrame) -> pd.DataFrame:
    """Average the valid reports of each context, then standardize within each report set.

    Parameters
    ----------
    reports
        Rows of ``study.reports``.

    Returns
    -------
    pandas.DataFrame
        One row an attribute: report_set, context, position, mean_report (-100 to 100, not
        rescaled), reported (standardized, ddof = 1, within the reporting model and set of
        contexts, so that in Experiment 2 each half stands by itself).
    """
    keys = ["report_set", "context", "position"]
    means = reports.groupby(keys, sort=False)["reported"].mean().reset_index()
    means = means.rename(columns={"reported": "mean_report"})
    groups = means.groupby("report_set", sort=False)["mean_report"]
    means["reported"] = pd.concat([standardize(values) for _, values in groups])
    return means


def chosen_by_weights(differences: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return True where weights prefer A: the weighted sum of differences is above zero.

    Parameters
    ----------
    differences, weights
        Shape (choice, attribute); a tie goes to B, as in the authors' analysis.

    Examples
    --------
    >>> import numpy as np
    >>> chosen_by_weights(np.array([[0.5, -0.1]]), np.array([[10, 100]]))
    array([False])
    """
    return np.asarray((differences * weights).sum(axis=1) > 0)
