"""Raw answers to the ablation question to true or false per attribute, or to a named failure.

As of reports, parsers are named and versioned, and nothing is filled in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from introspect_bayes.errors import InputError
from introspect_bayes.parse.failures import Failure
from introspect_bayes.parse.names import liberties_of, matched_names, why_not_named
from introspect_bayes.parse.objects import stated_object


@dataclass(frozen=True, slots=True)
class ParsedChanges:
    """An answer to the ablation question as read: one per attribute in order, or a failure.

    Attributes
    ----------
    changes
        Whether the choice would change without the attribute; None if the reply failed.
    failure
        Why it failed; None if it did not.
    mapping
        Keys as stated to attribute names, where a lenient parser matched them.
    """

    changes: tuple[bool, ...] | None = None
    failure: Failure | None = None
    mapping: dict[str, str] = field(default_factory=dict)


def parse_changes_strictly(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question strictly (ablation-strict-1).

    The reply must be one JSON object, alone or in one code fence, with each attribute's exact name
    and true or false. Parameters as in `parse.reports.parse_as_authors`.

    Examples
    --------
    >>> parse_changes_strictly('{"size": true, "price": false}', ["size", "price"]).changes
    (True, False)
    >>> parse_changes_strictly('{"size": 1, "price": 0}', ["size", "price"]).failure
    'not true or false'
    """
    stated, failure = stated_object(text, cut_off=cut_off)
    failure = failure or why_not_named(stated, attributes)
    if failure is not None:
        return ParsedChanges(failure=failure)
    return _as_changes([stated[name] for name in attributes], {})


def parse_changes_leniently(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question leniently (ablation-lenient-1).

    As strict, but the object may stand anywhere in the reply, keys may differ from names as in
    `parse.reports.parse_leniently`, and true may be written as yes, 1 or text, false as no, 0 or
    text. Parameters as in `parse.reports.parse_as_authors`.

    Examples
    --------
    >>> parse_changes_leniently('So: {"Size": "Yes", "price": 0}', ["size", "price"]).changes
    (True, False)
    """
    stated, failure = stated_object(text, cut_off=cut_off, anywhere=True)
    if failure is not None:
        return ParsedChanges(failure=failure)
    matched, failure = matched_names(stated, attributes)
    if matched is None:
        return ParsedChanges(failure=failure)
    renamed = {matched[key]: _truth_from_text(value) for key, value in stated.items()}
    return _as_changes([renamed[name] for name in attributes], liberties_of(matched))


ABLATION_PARSERS: Final[dict[str, Callable[..., ParsedChanges]]] = {
    "ablation-strict-1": parse_changes_strictly,
    "ablation-lenient-1": parse_changes_leniently,
}
"""Parsers of answers to the ablation question by name and version."""


def ablation_parser(name: str) -> Callable[..., ParsedChanges]:
    """Return a parser of answers to the ablation question by name.

    Raises
    ------
    InputError
        If there is none; the message lists them.
    """
    if name not in ABLATION_PARSERS:
        msg = f"no parser {name!r} of ablations (known: {', '.join(ABLATION_PARSERS)})"
        raise InputError(msg)
    return ABLATION_PARSERS[name]


def _as_changes(values: Sequence[object], mapping: dict[str, str]) -> ParsedChanges:
    changes = tuple(value for value in values if isinstance(value, bool))
    if len(changes) != len(values):
        return ParsedChanges(failure="not true or false")
    return ParsedChanges(changes=changes, mapping=mapping)


def _truth_from_text(value: object) -> object:
    word = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(word, str | int | float):
        truths = {"true": True, "yes": True, "false": False, "no": False, 1: True, 0: False}
        return truths.get(word, value)
    return value
