"""Raw replies to reports, or to a named failure. Nothing is clipped or filled in."""

from collections.abc import Sequence

from introspect_bayes.protocol.parse.named_values import (
    NamedValues,
    stated_leniently,
    stated_strictly,
)
from introspect_bayes.protocol.parse.numbers import are_in_range, finite_numbers, number_from_text
from introspect_bayes.protocol.parse.results import ParsedReport


def parse_strictly(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report strictly (strict-2): exact names, finite numbers, -100 to 100.

    What follows a model's thinking must be one JSON object, alone or in one code fence.

    Parameters
    ----------
    text
        The reply, word for word.
    attributes
        Names of the context's attributes, in order.
    cut_off
        Whether the server said that the reply was cut off.

    Examples
    --------
    >>> parse_strictly('{"size": 40, "price": -100}', ["size", "price"]).weights
    (40.0, -100.0)
    >>> parse_strictly('{"size": 40, "price": -101}', ["size", "price"]).failure
    'out of range'
    """
    stated = stated_strictly(text, attributes, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedReport(failure=stated.failure)
    return _weighed(stated.values, stated)


def parse_leniently(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report leniently (lenient-2), recording every liberty.

    As strict, but the object may stand anywhere in the reply, if it is the only one
    (`objects.one_object`), numbers may be written as text, and keys may differ from names
    (`names.matched_names`). Nothing is clipped, rescaled or filled in. Parameters as in
    `parse_strictly`.

    Examples
    --------
    >>> parsed = parse_leniently('Sure: {"Size": "40", "price": 1}', ["shelf_size", "price"])
    >>> parsed.weights, parsed.mapping
    ((40.0, 1.0), {'Size': 'shelf_size'})
    >>> parsed.liberties
    ('surrounding text', 'part of a name', 'number as text')
    """
    stated = stated_leniently(text, attributes, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedReport(failure=stated.failure)
    values = [number_from_text(value) for value in stated.values]
    if any(value is not was for value, was in zip(values, stated.values, strict=True)):
        stated = stated._replace(liberties=(*stated.liberties, "number as text"))
    return _weighed(values, stated)


def _weighed(values: Sequence[object], stated: NamedValues) -> ParsedReport:
    weights = finite_numbers(values)
    if weights is None:
        return ParsedReport(failure="non-numeric")
    if not are_in_range(weights):
        return ParsedReport(failure="out of range")
    return ParsedReport(weights, mapping=stated.mapping, liberties=stated.liberties)
