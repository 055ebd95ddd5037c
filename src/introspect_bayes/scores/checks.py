"""Checks of the model of explanation scores, and of how much its answers owe to the priors."""

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.convergence import CONVERGENCE, convergence
from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, attempt
from introspect_bayes.checks.power_scaling import CONFLICT, WEAK, answers_scaled
from introspect_bayes.checks.prior_sensitivity import PRIOR_SENSITIVITY
from introspect_bayes.checks.tail_areas import Outside, contexts_outside
from introspect_bayes.errors import CannotCompute
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.scores.answers import ExplanationScores

CELLS: Final = "scores.cells"
ITEMS: Final = "scores.items"
SIZES: Final = "scores.sizes"
ENDS: Final = "scores.ends"

SCORE_CHECKS: Final[dict[str, str]] = {
    CONVERGENCE: "Did the sampler reach the posterior?",
    CELLS: "Is the mean score of each explainer about each target replicated?",
    ITEMS: "Is the mean score of each item replicated?",
    SIZES: "Do scores grow with the logarithm of the training size?",
    ENDS: "Are as many scores exactly 0, and exactly 1, replicated?",
    PRIOR_SENSITIVITY: "Do the answers depend on the priors?",
}
"""Names of the checks, and the question that each answers."""

_SUBJECT: Final = "explanation scores"
_GROUPINGS: Final[dict[str, tuple[str, list[str], str]]] = {
    CELLS: (
        "cells of explainer, target and task",
        ["task", "explainer", "target"],
        "the model does not catch who explains whom how well; look at the cells one by one",
    ),
    ITEMS: (
        "items",
        ["task", "target", "item"],
        "items are not exchangeable as the model has them; are they scored alike?",
    ),
    SIZES: (
        "training sizes of self and other in each task",
        ["task", "self", "training_size"],
        "a straight line along the logarithm does not fit; read the observed means instead",
    ),
}
_EXPLAINERS: Final = ["task", "explainer", "self"]


def check_scores(found: ExplanationScores, seed: int = 2025) -> list[Check]:
    """Check a model of explanation scores.

    Did the chains mix (of parameters and of answers); could the model have made the mean scores
    of the cells, of the items, and along the training sizes (posterior predictive, Gelman, Meng
    & Stern 1996, Statistica Sinica 6, 733-760), and as many scores of exactly 0 and 1 of each
    explainer; and do the answers move when prior or likelihood are made stronger or weaker
    (Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5)?

    Parameters
    ----------
    found
        What `explanation_scores` returned.
    seed
        Of the replicates.

    Returns
    -------
    list of Check
        One for each name in `SCORE_CHECKS` that applies.

    Examples
    --------
    >>> [check.status for check in check_scores(found)]  # doctest: +SKIP
    ['pass', 'pass', 'pass', 'pass', 'pass']
    """
    return list(_checks(found, seed))


def _checks(found: ExplanationScores, seed: int) -> Iterator[Check]:
    of = Examination(found.fit, _SUBJECT, seed)
    yield attempt(CONVERGENCE, _SUBJECT, partial(_convergence, of, found))
    for name in (CELLS, ITEMS, SIZES):
        if name != SIZES or found.rows.sizes:
            yield attempt(name, _SUBJECT, partial(_replicated, of, found, name))
    if not found.rows.binary:
        yield attempt(ENDS, _SUBJECT, partial(_ends, of, found))
    yield attempt(PRIOR_SENSITIVITY, _SUBJECT, partial(_sensitivity, of, found))


def _convergence(of: Examination[Regression], found: ExplanationScores) -> Check:
    problems = found.diagnostics.problems
    check = convergence(of)
    if check.status == "fail" or not problems:
        return check
    message = f"{'; '.join(problems)}: take more draws (--draws 4000)."
    return Check(CONVERGENCE, of.subject, "fail", message, check.numbers)


def _replicated(of: Examination[Regression], found: ExplanationScores, name: str) -> Check:
    """Judge how many means of a grouping lie outside their replicates."""
    what, columns, advice = _GROUPINGS[name]
    members = _members(found, columns)
    outside = contexts_outside(of.observed @ members, of.replicated @ members)
    return _judged(of, name, outside, f"mean scores of {{}} {what} lie", advice)


def _ends(of: Examination[Regression], found: ExplanationScores) -> Check:
    """Judge how many shares of exact 0 and of exact 1 lie outside their replicates."""
    members = _members(found, _EXPLAINERS)
    seen, drawn = (
        np.concatenate([(scores == end) @ members for end in (0.0, 1.0)], axis=-1)
        for scores in (of.observed, of.replicated)
    )
    advice = (
        "explainers differ in their zeros or ones at the same mean, which shifts expected scores; "
        "compare with 0/1 scores above a threshold that you choose"
    )
    outside = contexts_outside(seen, drawn)
    return _judged(
        of, ENDS, outside, "shares of exact 0 or 1 of {} explainers in a task lie", advice
    )


def _members(found: ExplanationScores, columns: list[str]) -> np.ndarray:
    """Return a matrix by which a row of scores becomes means of groups, shape (score, group)."""
    groups = found.rows.table.groupby(columns, sort=False).ngroup().to_numpy()
    return np.asarray(np.eye(groups.max() + 1)[groups] / np.bincount(groups))


def _judged(
    of: Examination[Regression], name: str, outside: Outside, said: str, advice: str
) -> Check:
    numbers = {"outside": outside.count, "of": outside.of, "p": outside.chance}
    said = f"The {said.format(f'{outside.count} of {outside.of}')} outside 95% of replicates"
    if outside.extreme:
        message = f"{said}, more than chance explains (p = {outside.chance:.3f}): {advice}."
        return Check(name, of.subject, "fail", message, numbers)
    return Check(name, of.subject, "pass", f"{said}.", numbers)


def _sensitivity(of: Examination[Regression], found: ExplanationScores) -> Check:
    if not found.draws:
        msg = "the scores tell no advantage"
        raise CannotCompute(msg)
    kept = of.densities["posterior"].to_dataset()
    answers: xr.Dataset = found.draws.assign_coords(
        {dim: found.idata["posterior"][dim] for dim in ("chain", "draw")}
    ).sel(chain=kept["chain"], draw=kept["draw"])
    table: pd.DataFrame = answers_scaled(of, answers).set_index("parameter")
    numbers = {
        f"{name} {of_what}": float(row[of_what])
        for name, row in table.iterrows()
        for of_what in ("prior", "likelihood")
    }
    moved = table[table["diagnosis"].isin((CONFLICT, WEAK))]
    if moved.empty:
        message = "No answer moves much when the priors are made stronger or weaker."
        return Check(PRIOR_SENSITIVITY, of.subject, "pass", message, numbers)
    weak = moved[moved["diagnosis"] == WEAK].index
    message = (
        f"The priors bear on {', '.join(map(str, moved.index))}"
        + (f" (with little from the data: {', '.join(map(str, weak))})" if len(weak) else "")
        + f": see what another prior changes (--prior {of.fit.spec.name}.own='Normal(0, 0.5)')."
    )
    return Check(PRIOR_SENSITIVITY, of.subject, "information", message, numbers)
