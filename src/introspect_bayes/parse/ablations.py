"""Raw answers to the ablation question to true or false per attribute, or to a named failure."""

from collections.abc import Sequence

from introspect_bayes.parse.failures import Liberty
from introspect_bayes.parse.first_versions import truth_from_text
from introspect_bayes.parse.names import kinds_of, liberties_of, matched_names, why_not_named
from introspect_bayes.parse.objects import one_object, only_value
from introspect_bayes.parse.results import ParsedChanges
from introspect_bayes.parse.thinking import read_answer


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
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return ParsedChanges(failure=failure)
    stated = only_value(answer, cut_off=cut_off)
    failure = stated.failure or why_not_named(stated.value, attributes)
    if failure is not None:
        return ParsedChanges(failure=failure)
    return _as_changes([stated.value[name] for name in attributes], {}, thought)


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
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return ParsedChanges(failure=failure)
    stated = one_object(answer, cut_off=cut_off)
    if stated.failure is not None:
        return ParsedChanges(failure=stated.failure)
    matched, failure = matched_names(stated.value, attributes)
    if matched is None:
        return ParsedChanges(failure=failure)
    values = {matched[key]: value for key, value in stated.value.items()}
    truths = [truth_from_text(values[name]) for name in attributes]
    mapping = liberties_of(matched)
    liberties: list[Liberty] = [*thought, *stated.liberties, *kinds_of(mapping)]
    if any(truth is not values[name] for truth, name in zip(truths, attributes, strict=True)):
        liberties.append("truth in other words")
    return _as_changes(truths, mapping, tuple(liberties))


def _as_changes(
    values: Sequence[object], mapping: dict[str, str], liberties: tuple[Liberty, ...]
) -> ParsedChanges:
    changes = tuple(value for value in values if isinstance(value, bool))
    if len(changes) != len(values):
        return ParsedChanges(failure="not true or false")
    return ParsedChanges(changes, None, mapping, liberties)
