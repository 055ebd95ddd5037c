"""Weights as a report states them. Nothing is clipped or filled in."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from introspect_bayes.constants import WEIGHT_LIMIT

_WRITTEN: Final = re.compile(
    r"[+\N{MINUS SIGN}\N{EN DASH}-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})\s?%?"
)
_MINUS: Final = str.maketrans("\N{MINUS SIGN}\N{EN DASH}", "--")


def finite_numbers(values: Sequence[object]) -> tuple[float, ...] | None:
    """Return values as numbers; None if one of them is no finite number.

    Examples
    --------
    >>> finite_numbers([40, -1.5]), finite_numbers([40, True])
    ((40.0, -1.5), None)
    """
    numbers = tuple(number for value in values if (number := _finite(value)) is not None)
    return numbers if len(numbers) == len(values) else None


def are_in_range(weights: Sequence[float]) -> bool:
    """Return whether weights lie on the scale that was asked for."""
    return all(abs(weight) <= WEIGHT_LIMIT for weight in weights)


def number_from_text(value: Any) -> Any:
    """Return the number that a text is; any other value as it is.

    Examples
    --------
    >>> number_from_text("+40%"), number_from_text("1_0"), number_from_text("high")
    (40.0, '1_0', 'high')
    """
    if isinstance(value, str) and _WRITTEN.fullmatch(value.strip()):
        return float(value.strip().translate(_MINUS).rstrip("% "))
    return value


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
