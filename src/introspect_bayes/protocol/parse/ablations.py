"""Raw answers to the ablation question to true or false per attribute, or to a named failure."""

from collections.abc import Sequence

from introspect_bayes.protocol.parse.first_versions import truth_from_text
from introspect_bayes.protocol.parse.named_values import (
    NamedValues,
    stated_leniently,
    stated_strictly,
)
from introspect_bayes.protocol.parse.results import ParsedChanges


def parse_changes_strictly(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question strictly (ablation-strict-2).

    What follows a model's thinking must be one JSON object, alone or in one code fence, with each
    attribute's exact name and true or false. Parameters as in `reports.parse_strictly`.

    Examples
    --------
    >>> parse_changes_strictly('{"size": true, "price": false}', ["size", "price"]).changes
    (True, False)
    >>> parse_changes_strictly('{"size": 1, "price": 0}', ["size", "price"]).failure
    'not true or false'
    """
    stated = stated_strictly(text, attributes, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedChanges(failure=stated.failure)
    return _as_changes(stated.values, stated)


def parse_changes_leniently(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question leniently (ablation-lenient-2).

    As strict, but the object may stand anywhere in the reply, if it is the only one, keys may
    differ from names as in `reports.parse_leniently`, and true may be written as yes, 1 or text,
    false as no, 0 or text. Parameters as in `reports.parse_strictly`.

    Examples
    --------
    >>> parse_changes_leniently('So: {"Size": "Yes", "price": 0}', ["size", "price"]).changes
    (True, False)
    """
    stated = stated_leniently(text, attributes, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedChanges(failure=stated.failure)
    values = [truth_from_text(value) for value in stated.values]
    if any(value is not was for value, was in zip(values, stated.values, strict=True)):
        stated = stated._replace(liberties=(*stated.liberties, "truth in other words"))
    return _as_changes(values, stated)


def _as_changes(values: Sequence[object], stated: NamedValues) -> ParsedChanges:
    changes = tuple(value for value in values if isinstance(value, bool))
    if len(changes) != len(values):
        return ParsedChanges(failure="not true or false")
    return ParsedChanges(changes, mapping=stated.mapping, liberties=stated.liberties)
