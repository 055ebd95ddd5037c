"""Raw replies to reports, or to a named failure. Nothing is clipped or filled in."""

from collections.abc import Sequence

from introspect_bayes.parse.failures import Liberty
from introspect_bayes.parse.names import kinds_of, liberties_of, matched_names, why_not_named
from introspect_bayes.parse.numbers import are_in_range, finite_numbers, number_from_text
from introspect_bayes.parse.objects import one_object, only_value
from introspect_bayes.parse.results import ParsedReport
from introspect_bayes.parse.thinking import read_answer


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
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return ParsedReport(failure=failure)
    stated = only_value(answer, cut_off=cut_off)
    failure = stated.failure or why_not_named(stated.value, attributes)
    if failure is not None:
        return ParsedReport(failure=failure)
    return _weighed([stated.value[name] for name in attributes], {}, thought)


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
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return ParsedReport(failure=failure)
    stated = one_object(answer, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedReport(failure=stated.failure)
    matched, failure = matched_names(stated.value, attributes)
    if matched is None:
        return ParsedReport(failure=failure)
    values = {matched[key]: value for key, value in stated.value.items()}
    numbers = [number_from_text(values[name]) for name in attributes]
    mapping = liberties_of(matched)
    liberties: list[Liberty] = [*thought, *stated.liberties, *kinds_of(mapping)]
    if any(number is not values[name] for number, name in zip(numbers, attributes, strict=True)):
        liberties.append("number as text")
    return _weighed(numbers, mapping, tuple(liberties))


def _weighed(
    values: Sequence[object], mapping: dict[str, str], liberties: tuple[Liberty, ...]
) -> ParsedReport:
    weights = finite_numbers(values)
    if weights is None:
        return ParsedReport(failure="non-numeric")
    if not are_in_range(weights):
        return ParsedReport(failure="out of range")
    return ParsedReport(weights, None, mapping, liberties)
