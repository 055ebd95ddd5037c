"""Raw replies to choices and reports, or to a named failure. Nothing is clipped or filled in.

Parsers are named and versioned: a result can always be traced to the rule that read it, and a
better rule never needs another call.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError

Failure = Literal[
    "empty",
    "refusal",
    "cut off",
    "not JSON",
    "not an object",
    "duplicate key",
    "wrong number of keys",
    "option-letter key",
    "partial key",
    "foreign key",
    "non-numeric",
    "out of range",
    "not A or B",
    "not true or false",
]
"""Why a reply is no choice, no report or no answer to the ablation question."""

FAILURES: Final[tuple[str, ...]] = Failure.__args__  # type: ignore[attr-defined]

_APOSTROPHE = "['\N{RIGHT SINGLE QUOTATION MARK}]"
_REFUSAL = re.compile(
    rf"\b(i\s*({_APOSTROPHE}m|\s+am)\s+(sorry|unable|not able)"
    rf"|i\s+(can\s*not|can{_APOSTROPHE}?t|won{_APOSTROPHE}?t|do\s+not|don{_APOSTROPHE}t)\b"
    r"|as an ai\b|unable to (assist|help|comply))",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*(?:```)?\Z", re.DOTALL | re.IGNORECASE)


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


class _DuplicateKeyError(Exception):
    pass


def parse_choice(text: str | None) -> Literal["A", "B"] | Failure:
    """Read a decision: exactly A or B, nothing around it.

    Examples
    --------
    >>> parse_choice("A"), parse_choice("A:"), parse_choice("")
    ('A', 'not A or B', 'empty')
    """
    if text == "A":
        return "A"
    if text == "B":
        return "B"
    if text is None or not text.strip():
        return "empty"
    return "refusal" if _REFUSAL.search(text) else "not A or B"


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
        return ParsedReport(failure=_why_not_json(text, cut_off=cut_off))
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


def stated_object(
    text: str | None, *, cut_off: bool, anywhere: bool = False
) -> tuple[Any, Failure | None]:
    """Return what a reply states as JSON (alone, in a code fence, or anywhere), or why nothing."""
    if text is None or not text.strip():
        return None, "empty"
    fenced = _FENCE.match(text.strip())
    candidate = fenced[1] if fenced else text.strip()
    try:
        return json.loads(candidate, object_pairs_hook=_without_duplicates), None
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
    if _REFUSAL.search(text):
        return "refusal"
    opened = text.count("{") > text.count("}")
    return "cut off" if cut_off or opened else "not JSON"


def _by_exact_names(stated: Any, attributes: Sequence[str]) -> ParsedReport:
    failure = why_not_named(stated, attributes)
    if failure is not None:
        return ParsedReport(failure=failure)
    values = [_finite(stated[name]) for name in attributes]
    if any(value is None for value in values):
        return ParsedReport(failure="non-numeric")
    return ParsedReport(weights=tuple(value for value in values if value is not None))


def why_not_named(stated: Any, attributes: Sequence[str]) -> Failure | None:
    """Return why a value is no object with the attributes' names as keys; None if it is one."""
    if not isinstance(stated, dict):
        return "not an object"
    if len(stated) != len(attributes):
        return "wrong number of keys"
    if set(stated) != set(attributes):
        return _why_foreign(list(stated), attributes)
    return None


def matched_names(
    stated: Any, attributes: Sequence[str]
) -> tuple[dict[str, str] | None, Failure | None]:
    """Return the attribute that each key means, or why there is no telling."""
    if not isinstance(stated, dict):
        return None, "not an object"
    if len(stated) != len(attributes):
        return None, "wrong number of keys"
    matched = _match(list(stated), attributes)
    return matched, None if matched else _why_foreign(list(stated), attributes)


def liberties_of(matched: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that are not exactly the names that they were matched with."""
    return {key: name for key, name in matched.items() if key != name}


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


def _match(keys: Sequence[str], attributes: Sequence[str]) -> dict[str, str] | None:
    """Return the one-to-one matching of keys to names, or None unless there is exactly one."""
    names = {name: _plain(name) for name in attributes}
    candidates: dict[str, set[str]] = {}
    for key in keys:
        plain = _plain(key)
        exact = {name for name in attributes if name == key}
        same = exact or {name for name, other in names.items() if other == plain}
        parts = {n for n, other in names.items() if plain and (plain in other or other in plain)}
        candidates[key] = same or parts
    matched: dict[str, str] = {}
    while candidates:
        # A key with a single remaining name is forced; without one the matching is ambiguous.
        forced = next((key for key, left in candidates.items() if len(left) == 1), None)
        if forced is None:
            return None
        (name,) = candidates.pop(forced)
        matched[forced] = name
        for left in candidates.values():
            left.discard(name)
    return {key: matched[key] for key in keys}
