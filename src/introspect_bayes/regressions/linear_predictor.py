"""What a regression expects of any rows: its formula, and the mean response, under each draw."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.bambi_models import level_dim
from introspect_bayes.sampling.ordered_beta import ENDS, FAMILY, cuts, expected_score
from introspect_bayes.specs import Specification

_INTERCEPT = "1"


def linear_predictor(spec: Specification, posterior: xr.Dataset, rows: pd.DataFrame) -> np.ndarray:
    """Return the right-hand side of a formula for rows that need not be those of the fit.

    The same as Bambi's ``predict`` before the link, for numeric predictors, without building a
    model anew.

    Parameters
    ----------
    spec
        The specification as fitted (`Regression.spec`).
    posterior
        Draws of its parameters (`Regression.idata`), the intercept that at zero.
    rows
        Predictors as numbers, grouping variables as in the fit.

    Returns
    -------
    numpy.ndarray
        Shape (draw, row), the draws of all chains one after the other.

    Raises
    ------
    InputError
        If a group occurs that the fit did not have.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> draws = xr.Dataset({n: (("chain", "draw"), [[v]]) for n, v in
    ...     {"Intercept": 1.0, "reported": 2.0}.items()})
    >>> linear_predictor(spec("report_accuracy"), draws, pd.DataFrame({"reported": [0.0, 0.5]}))
    array([[1., 2.]])
    """
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    total = np.zeros((count, len(rows)))
    if spec.has_intercept:
        total += posterior["Intercept"].to_numpy().reshape(-1, 1)
    for term in spec.terms:
        inner, _, group = term.partition("|")
        effect = posterior[term].to_numpy().reshape(count, -1)
        if group:
            effect = effect[:, _places(posterior[term], group, rows)]
        total += effect if inner == _INTERCEPT else effect * _product(inner, rows)
    return total


def expected_share(spec: Specification, posterior: xr.Dataset, rows: pd.DataFrame) -> np.ndarray:
    """Return the mean response, from 0 to 1, of a regression on log-odds.

    Parameters
    ----------
    spec
        Of family bernoulli or ordered_beta.
    posterior, rows
        As for `linear_predictor`.

    Returns
    -------
    numpy.ndarray
        Shape (draw, row).

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> alone = spec("explanation_scores").without("own").without("doublings")
    >>> for name in ("own_doublings", "explainer", "target", "pair", "item"):
    ...     alone = alone.without(name)
    >>> draws = xr.Dataset({"Intercept": (("chain", "draw"), [[0.0]])})
    >>> expected_share(alone, draws, pd.DataFrame(index=[0]))
    array([[0.5]])
    """
    from scipy.special import expit

    log_odds = linear_predictor(spec, posterior, rows)
    if spec.family != FAMILY:
        return np.asarray(expit(log_odds))
    return expected_score(log_odds, *cuts_of(spec, posterior, rows))


def cuts_of(spec: Specification, posterior: xr.Dataset, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Return both cut points of an ordered beta regression.

    Parameters
    ----------
    spec, posterior, rows
        As for `expected_share`.

    Returns
    -------
    tuple
        Two arrays, of shape (draw, row) or one that broadcasts to it.
    """
    parts = spec.terms_of_formula.parts
    names = [*ENDS, *(f"{name}_{term}" for name, terms in parts for term in terms)]
    columns = {term: _product(term, rows) for _, terms in parts for term in terms}
    low, high = cuts(
        {name: posterior[name].to_numpy().reshape(-1, 1) for name in names}, parts, columns
    )
    return low, high


def _product(term: str, rows: pd.DataFrame) -> np.ndarray:
    product = np.ones(len(rows))
    for name in term.split(":"):
        product = product * rows[name].to_numpy(dtype=float)
    return product


def _places(effect: xr.DataArray, group: str, rows: pd.DataFrame) -> np.ndarray:
    levels = pd.Index(effect[level_dim(group)].to_numpy().astype(str))
    places = levels.get_indexer(pd.Index(rows[group].astype(str)))
    if (places < 0).any():
        unknown = rows[group].to_numpy()[places < 0][0]
        msg = f"{group} {unknown!r} is not in the fit"
        raise InputError(msg)
    return np.asarray(places)
