"""The first versions of all parsers, as they were: what they read is never changed.

They know nothing of thinking, and take the first object of a reply for the report. Only their
patterns are written otherwise where they took time with the square of a reply's length.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from introspect_bayes.protocol.parse.failures import Failure
from introspect_bayes.protocol.parse.names import liberties_of, only_matching, why_miscounted
from introspect_bayes.protocol.parse.numbers import are_in_range, finite_numbers
from introspect_bayes.protocol.parse.objects import unfenced, unreadable
from introspect_bayes.protocol.parse.results import (
    LETTERS,
    ParsedChanges,
    ParsedChoice,
    ParsedReport,
)

_APOSTROPHE = "['\N{RIGHT SINGLE QUOTATION MARK}]"
_REFUSAL: Final = re.compile(
    rf"\b(i(?:\s*{_APOSTROPHE}m|\s+am)\s+(sorry|unable|not able)"
    rf"|i\s+(can\s*not|can{_APOSTROPHE}?t|won{_APOSTROPHE}?t|do\s+not|don{_APOSTROPHE}t)\b"
    r"|as an ai\b|unable to (assist|help|comply))",
    re.IGNORECASE,
)


class _DuplicateKeyError(Exception):
    pass


def choose_exactly(text: str | None, *, cut_off: bool = False) -> ParsedChoice:
    """Read a decision (strict-1, lenient-1, plunkett2025-1): exactly A or B, nothing around it.

    Examples
    --------
    >>> choose_exactly("A").choice, choose_exactly("A:").failure, choose_exactly("").failure
    ('A', 'not A or B', 'empty')
    """
    del cut_off
    if text is None or not text.strip():
        return ParsedChoice(failure="empty")
    if text in LETTERS:
        return ParsedChoice(LETTERS[text])
    return ParsedChoice(failure="refusal" if _REFUSAL.search(text) else "not A or B")


def parse_as_authors(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report by the authors' own rule (plunkett2025-1).

    Backquotes and the letters of "json" are stripped from the ends; the rest must be a JSON
    object with as many keys as attributes, each an attribute's exact name. Values outside -100
    to 100 are accepted. Of a key stated twice the last one counts. (The authors also accepted
    values that are no numbers; none occurs in their data, and none can be analysed.)
    Parameters as in `reports.parse_strictly`.
    """
    if text is None or not text.strip():
        return ParsedReport(failure="empty")
    # The authors' str.strip takes a set of characters.
    stripped = text.strip("`json").strip("`")
    try:
        stated = json.loads(stripped)
    except (ValueError, RecursionError):
        return ParsedReport(failure=_why_not_json(text, cut_off=cut_off))
    return _by_exact_names(stated, attributes)


def parse_strictly_1(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report strictly (strict-1): exact names, finite numbers, -100 to 100.

    The reply must be one JSON object, alone or in one code fence. Parameters as in
    `reports.parse_strictly`.
    """
    stated, failure = _stated_object(text, cut_off=cut_off)
    if failure is not None:
        return ParsedReport(failure=failure)
    return _in_range(_by_exact_names(stated, attributes))


def parse_leniently_1(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedReport:
    """Read a report leniently (lenient-1), recording which key was taken for which name.

    As strict, but the first object may stand anywhere in the reply, numbers may be written as text,
    and a key may differ from a name in case, spaces, hyphens, or be a part of it, if keys and
    names match one to one in exactly one way. Parameters as in `reports.parse_strictly`.
    """
    stated, failure = _stated_object(text, cut_off=cut_off, anywhere=True)
    if failure is not None:
        return ParsedReport(failure=failure)
    matched, failure = _matched_names(stated, attributes)
    if matched is None:
        return ParsedReport(failure=failure)
    renamed = {matched[key]: _number_from_text(value) for key, value in stated.items()}
    result = _in_range(_by_exact_names(renamed, attributes))
    if result.weights is None:
        return result
    return ParsedReport(weights=result.weights, mapping=liberties_of(matched))


def parse_changes_strictly_1(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question strictly (ablation-strict-1).

    The reply must be one JSON object, alone or in one code fence, with each attribute's exact name
    and true or false. Parameters as in `reports.parse_strictly`.
    """
    stated, failure = _stated_object(text, cut_off=cut_off)
    failure = failure or _why_not_named(stated, attributes)
    if failure is not None:
        return ParsedChanges(failure=failure)
    return _as_changes([stated[name] for name in attributes], {})


def parse_changes_leniently_1(
    text: str | None, attributes: Sequence[str], *, cut_off: bool = False
) -> ParsedChanges:
    """Read an answer to the ablation question leniently (ablation-lenient-1).

    As strict, but the first object may stand anywhere in the reply, keys may differ from names as
    in `parse_leniently_1`, and true may be written as yes, 1 or text, false as no, 0 or text.
    Parameters as in `reports.parse_strictly`.
    """
    stated, failure = _stated_object(text, cut_off=cut_off, anywhere=True)
    if failure is not None:
        return ParsedChanges(failure=failure)
    matched, failure = _matched_names(stated, attributes)
    if matched is None:
        return ParsedChanges(failure=failure)
    renamed = {matched[key]: truth_from_text(value) for key, value in stated.items()}
    return _as_changes([renamed[name] for name in attributes], liberties_of(matched))


def truth_from_text(value: object) -> object:
    """Return the truth that yes, no, 1, 0 or a text states; any other value as it is."""
    word = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(word, str | int | float):
        truths = {"true": True, "yes": True, "false": False, "no": False, 1: True, 0: False}
        return truths.get(word, value)
    return value


def _stated_object(
    text: str | None, *, cut_off: bool, anywhere: bool = False
) -> tuple[Any, Failure | None]:
    if text is None or not text.strip():
        return None, "empty"
    try:
        return json.loads(unfenced(text), object_pairs_hook=_without_duplicates), None
    except _DuplicateKeyError:
        return None, "duplicate key"
    except (ValueError, RecursionError):
        if anywhere:
            return _first_object(text, cut_off=cut_off)
        return None, _why_not_json(text, cut_off=cut_off)


def _first_object(text: str, *, cut_off: bool) -> tuple[Any, Failure | None]:
    decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates)
    start = text.find("{")
    if start >= 0:
        try:
            return decoder.raw_decode(text, start)[0], None
        except _DuplicateKeyError:
            return None, "duplicate key"
        except (ValueError, RecursionError):
            return None, _why_not_json(text, cut_off=cut_off)
    return None, _why_not_json(text, cut_off=cut_off)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError
    return found


def _why_not_json(text: str, *, cut_off: bool) -> Failure:
    return "refusal" if _REFUSAL.search(text) else unreadable(text, cut_off=cut_off)


def _by_exact_names(stated: Any, attributes: Sequence[str]) -> ParsedReport:
    failure = _why_not_named(stated, attributes)
    if failure is not None:
        return ParsedReport(failure=failure)
    weights = finite_numbers([stated[name] for name in attributes])
    return ParsedReport(weights, failure=None if weights is not None else "non-numeric")


def _in_range(report: ParsedReport) -> ParsedReport:
    if report.weights and not are_in_range(report.weights):
        return ParsedReport(failure="out of range")
    return report


def _as_changes(values: Sequence[object], mapping: dict[str, str]) -> ParsedChanges:
    changes = tuple(value for value in values if isinstance(value, bool))
    if len(changes) != len(values):
        return ParsedChanges(failure="not true or false")
    return ParsedChanges(changes=changes, mapping=mapping)


def _number_from_text(value: object) -> object:
    if isinstance(value, str):
        try:
            return float(value.strip().removesuffix("%"))
        except ValueError:
            return value
    return value


def _why_not_named(stated: Any, attributes: Sequence[str]) -> Failure | None:
    failure = why_miscounted(stated, attributes)
    if failure is None and set(stated) != set(attributes):
        return _why_foreign(list(stated), attributes)
    return failure


def _matched_names(
    stated: Any, attributes: Sequence[str]
) -> tuple[dict[str, str] | None, Failure | None]:
    failure = why_miscounted(stated, attributes)
    if failure is not None:
        return None, failure
    matched = only_matching({key: _meant(key, attributes) for key in stated})
    return matched, None if matched else _why_foreign(list(stated), attributes)


def _meant(key: str, attributes: Sequence[str]) -> set[str]:
    plain, names = _plain(key), {name: _plain(name) for name in attributes}
    if key in attributes:
        return {key}
    same = {name for name, other in names.items() if other == plain}
    return same or {n for n, other in names.items() if plain and (plain in other or other in plain)}


def _why_foreign(keys: Sequence[str], attributes: Sequence[str]) -> Failure:
    foreign = [key for key in keys if key not in set(attributes)]
    # "A", "Option B", "A.price": the options were weighted, not their attributes.
    if any(re.match(r"\A(option[ _]?)?[ab](?![a-z0-9])", key, re.IGNORECASE) for key in foreign):
        return "option-letter key"
    plain = [_plain(name) for name in attributes]
    partial = (
        any(_plain(k) in name or name in _plain(k) for name in plain) for k in foreign if _plain(k)
    )
    return "partial key" if any(partial) else "foreign key"


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", folded)
