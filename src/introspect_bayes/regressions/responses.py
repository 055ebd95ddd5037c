"""What values the response of a regression can have, by its family."""

from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.ordered_beta import FAMILY
from introspect_bayes.specs import Specification

_NEEDED: Final = {"bernoulli": "0 or 1", FAMILY: "values from 0 to 1"}


def check_response(spec: Specification, data: pd.DataFrame) -> None:
    """Check that a response has only values that its family can have.

    Raises
    ------
    InputError
        If it has others; the message names one.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> check_response(spec("explanation_scores"), pd.DataFrame({"score": [0.0, 0.5]}))
    Traceback (most recent call last):
    ...
    introspect_bayes.errors.InputError: explanation_scores: score has 0.5; bernoulli needs 0 or 1
    """
    if spec.family not in _NEEDED:
        return
    values = data[spec.response].to_numpy(dtype=float)
    inside = (values >= 0) & (values <= 1) if spec.family == FAMILY else np.isin(values, (0.0, 1.0))
    if not inside.all():
        msg = (
            f"{spec.name}: {spec.response} has {values[~inside][0]:g}; {spec.family} needs "
            f"{_NEEDED[spec.family]}"
        )
        raise InputError(msg)


def stand_in(family: str, response: pd.Series, random: np.random.Generator) -> np.ndarray:
    """Return values that a response of a family could have, by which its array is found.

    Examples
    --------
    >>> seen = pd.Series([1.0, 2.0])
    >>> set(stand_in("bernoulli", seen, np.random.default_rng(0))) <= {0.0, 1.0}
    True
    """
    if family == FAMILY:
        return random.uniform(size=len(response))
    if family == "bernoulli":
        return random.integers(0, 2, len(response)).astype(float)
    return random.normal(size=len(response))
