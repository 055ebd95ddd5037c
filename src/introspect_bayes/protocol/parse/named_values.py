"""What a reply states for each attribute, whatever kind of value the task asks for."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from introspect_bayes.protocol.parse.failures import Failure, Liberty
from introspect_bayes.protocol.parse.names import (
    kinds_of,
    liberties_of,
    matched_names,
    why_not_named,
)
from introspect_bayes.protocol.parse.objects import one_object, only_value
from introspect_bayes.protocol.parse.thinking import read_answer


class NamedValues(NamedTuple):
    """Values in attribute order as stated, and how they were found; or why they were not.

    Attributes
    ----------
    values
        One per attribute; empty if there is a failure.
    failure
        Why there are none; None if there are.
    mapping
        Keys as stated to attribute names, where they differ.
    liberties
        What was left out or taken for something else to find them.
    """

    values: tuple[Any, ...] = ()
    failure: Failure | None = None
    mapping: dict[str, str] = {}  # noqa: RUF012 - never changed
    liberties: tuple[Liberty, ...] = ()


def stated_strictly(text: str | None, attributes: Sequence[str], *, cut_off: bool) -> NamedValues:
    """Return what one JSON object after a model's thinking states under the attributes' names.

    Parameters as in `reports.parse_strictly`.

    Examples
    --------
    >>> stated_strictly('{"size": true, "price": 1}', ["price", "size"], cut_off=False).values
    (1.0, True)
    """
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return NamedValues(failure=failure)
    stated = only_value(answer, cut_off=cut_off)
    failure = stated.failure or why_not_named(stated.value, attributes)
    if failure is not None:
        return NamedValues(failure=failure)
    return NamedValues(tuple(stated.value[name] for name in attributes), liberties=thought)


def stated_leniently(text: str | None, attributes: Sequence[str], *, cut_off: bool) -> NamedValues:
    """Return what the only object in a reply states under names that mean the attributes.

    Parameters as in `reports.parse_strictly`.

    Examples
    --------
    >>> stated_leniently('So: {"Size": "yes"}', ["size"], cut_off=False).values
    ('yes',)
    """
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return NamedValues(failure=failure)
    stated = one_object(answer, cut_off=cut_off)
    if stated.failure is not None:
        return NamedValues(failure=stated.failure)
    matched, failure = matched_names(stated.value, attributes)
    if matched is None:
        return NamedValues(failure=failure)
    named = {matched[key]: value for key, value in stated.value.items()}
    mapping = liberties_of(matched)
    liberties = (*thought, *stated.liberties, *kinds_of(mapping))
    return NamedValues(tuple(named[name] for name in attributes), None, mapping, liberties)
