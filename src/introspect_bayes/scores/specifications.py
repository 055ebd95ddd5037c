"""Which specification suits a table of explanation scores."""

from pathlib import Path
from typing import Final

import pandas as pd

from introspect_bayes.errors import InputError, closest
from introspect_bayes.scores.rows import ScoreRows, score_rows
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.specs import Specification, spec
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows

SCORE_SPECIFICATIONS: Final = ("explanation_scores", "explanation_scores_beta")
"""The model of scores that are 0 or 1, and that of scores in between."""


def suited_name(source: str | Path | pd.DataFrame, chosen: ChosenRows = EVERYTHING) -> str:
    """Return the name of the shipped specification that suits a table of scores.

    Examples
    --------
    >>> rows = {"explainer": ["a"], "target": ["a"], "task": ["t"], "item": ["1"], "score": [0.5]}
    >>> suited_name(pd.DataFrame(rows))
    'explanation_scores_beta'
    """
    return SCORE_SPECIFICATIONS[
        0 if score_rows(read_explanation_scores(source, chosen)).binary else 1
    ]


def suited(given: Specification | None, rows: ScoreRows) -> Specification:
    """Return the specification to fit to the rows: the given one, or the shipped one that suits.

    Raises
    ------
    InputError
        If the given one does not suit the scores.
    """
    usual = spec(SCORE_SPECIFICATIONS[0 if rows.binary else 1])
    if given is None:
        return usual
    if given.response != usual.response:
        msg = f"{given.name}: not a model of scores; its response must be called {usual.response}"
        raise InputError(msg)
    if given.family != usual.family:
        kind = "0 or 1" if usual.family == "bernoulli" else "between 0 and 1"
        msg = f"{given.name}: scores are {kind}; take a specification such as {usual.name}"
        raise InputError(msg)
    strange = sorted(set(given.variables) - set(usual.variables))
    if strange:
        hint = closest(strange[0], usual.variables)
        msg = f"{given.name}: a table of scores has no {strange[0]}{hint}"
        raise InputError(msg)
    return given
