"""Raw replies to reports, or to a named failure. Nothing is clipped or filled in.

Parsers are named and versioned: a result can always be traced to the rule that read it, and a
better rule never needs another call.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.parse.failures import Failure
from introspect_bayes.parse.names import liberties_of, matched_names, why_not_named
from introspect_bayes.parse.objects import stated_object, why_not_json


@dataclass(frozen=True, slots=True)
class ParsedReport:
    """A report as read: weights in attribute order, or a failure.

    Attributes
    ----------
    weights
        One per attribute, exactly as stated; None if the reply failed.
    failure
        Why it failed; None if it did not.
    mapping
        Keys as stated to attribute names, where a lenient parser matched them.
    """

    weights: tuple[float, ...] | None = None
    failure: Failure | None = None
    mapping: dict[str, str] = field(default_factory=dict)


def parse_as_authors(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report by the authors' own rule (plunkett2025-1).

    Backquotes and the letters of "json" are stripped from the ends; the rest must be a JSON
    object with as many keys as attributes, each an attribute's exact name. Values outside -100
    to 100 are accepted. Of a key stated twice the last one counts. (The authors also accepted
    values that are no numbers; none occurs in their data, and none can be analysed.)

    Parameters
    ----------
    text
        The reply, word for word.
    attributes
        Names of the context's attributes, in order.
    cut_off
        Whether the server said that the reply was cut off.
    """
    if text is None or not text.strip():
        return ParsedReport(failure="empty")
    # The authors' str.strip takes a set of characters.
    stripped = text.strip("`json").strip("`")
    try:
        stated = json.loads(stripped)
    except (ValueError, RecursionError):
        return ParsedReport(failure=why_not_json(text, cut_off=cut_off))
    return _by_exact_names(stated, attributes)


def parse_strictly(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report strictly (strict-1): exact names, finite numbers, -100 to 100.

    The reply must be one JSON object, alone or in one code fence. Parameters as in
    `parse_as_authors`.

    Examples
    --------
    >>> parse_strictly('{"size": 40, "price": -100}', ["size", "price"]).weights
    (40.0, -100.0)
    >>> parse_strictly('{"size": 40, "price": -101}', ["size", "price"]).failure
    'out of range'
    """
    stated, failure = stated_object(text, cut_off=cut_off)
    if failure is not None:
        return ParsedReport(failure=failure)
    return _in_range(_by_exact_names(stated, attributes))


def parse_leniently(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report leniently (lenient-1), recording every liberty.

    As strict, but the object may stand anywhere in the reply, numbers may be written as text,
    and a key may differ from a name in case, spaces, hyphens, or be a part of it, if keys and
    names match one to one in exactly one way. Nothing is clipped, rescaled or filled in.
    Parameters as in `parse_as_authors`.

    Examples
    --------
    >>> parsed = parse_leniently('Sure: {"Size": "40", "price": 1}', ["shelf_size", "price"])
    >>> parsed.weights, parsed.mapping
    ((40.0, 1.0), {'Size': 'shelf_size'})
    """
    stated, failure = stated_object(text, cut_off=cut_off, anywhere=True)
    if failure is not None:
        return ParsedReport(failure=failure)
    matched, failure = matched_names(stated, attributes)
    if matched is None:
        return ParsedReport(failure=failure)
    renamed = {matched[key]: _number_from_text(value) for key, value in stated.items()}
    result = _in_range(_by_exact_names(renamed, attributes))
    if result.weights is None:
        return result
    return ParsedReport(weights=result.weights, mapping=liberties_of(matched))


PARSERS: Final[dict[str, Callable[..., ParsedReport]]] = {
    "plunkett2025-1": parse_as_authors,
    "strict-1": parse_strictly,
    "lenient-1": parse_leniently,
}
"""Parsers of reports by name and version."""


def parser(name: str) -> Callable[..., ParsedReport]:
    """Return a parser by name.

    Raises
    ------
    InputError
        If there is none; the message lists them.
    """
    if name not in PARSERS:
        msg = f"no parser {name!r} (known: {', '.join(PARSERS)})"
        raise InputError(msg)
    return PARSERS[name]


def _by_exact_names(stated: Any, attributes: Sequence[str]) -> ParsedReport:
    failure = why_not_named(stated, attributes)
    if failure is not None:
        return ParsedReport(failure=failure)
    values = [_finite(stated[name]) for name in attributes]
    if any(value is None for value in values):
        return ParsedReport(failure="non-numeric")
    return ParsedReport(weights=tuple(value for value in values if value is not None))


def _in_range(report: ParsedReport) -> ParsedReport:
    if report.weights and any(abs(weight) > WEIGHT_LIMIT for weight in report.weights):
        return ParsedReport(failure="out of range")
    return report


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _number_from_text(value: object) -> object:
    if isinstance(value, str):
        try:
            return float(value.strip().removesuffix("%"))
        except ValueError:
            return value
    return value
