"""Which attribute each key of a reply means."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from introspect_bayes.protocol.parse.failures import Failure, Liberty

_OPTION: Final = re.compile(r"\A(?:(?:option|choice)[ _-]?)?[ab](?:\Z|[ _.:/-])", re.IGNORECASE)
_WORD_BORDER: Final = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_LONGEST: Final = 200
"""Characters of a key beyond which it means no attribute."""


def why_not_named(stated: Any, attributes: Sequence[str]) -> Failure | None:
    """Return why a value is no object with the attributes' names as keys; None if it is one."""
    failure = why_miscounted(stated, attributes)
    if failure is None and set(stated) != set(attributes):
        return _why_foreign(list(stated), attributes)
    return failure


def why_miscounted(stated: Any, attributes: Sequence[str]) -> Failure | None:
    """Return why a value is no object with as many keys as attributes; None if it is one."""
    if not isinstance(stated, dict):
        return "not an object"
    return None if len(stated) == len(attributes) else "wrong number of keys"


def matched_names(
    stated: Any, attributes: Sequence[str]
) -> tuple[dict[str, str] | None, Failure | None]:
    """Return the attribute that each key means, or why there is no telling.

    A key means the attribute of that name; else the one whose name differs in case, blanks, hyphens
    and the like alone; else the one whose name has all its words in a row, or the other way round.
    A letter of an option means none by a part of its name. Keys and attributes must match one to
    one in exactly one way.

    Examples
    --------
    >>> matched_names({"Height": 1, "price": 2}, ["seat_height", "price"])
    ({'Height': 'seat_height', 'price': 'price'}, None)
    >>> matched_names({"A": 60, "B": 40}, ["battery_life", "brand"])
    (None, 'option-letter key')
    """
    failure = why_miscounted(stated, attributes)
    if failure is not None:
        return None, failure
    matched = only_matching({key: _meant(key, attributes) for key in stated})
    return matched, None if matched else _why_foreign(list(stated), attributes)


def only_matching(candidates: Mapping[str, set[str]]) -> dict[str, str] | None:
    """Return the one-to-one matching of keys to names, or None unless there is exactly one.

    Parameters
    ----------
    candidates
        The names that each key may mean.
    """
    left = {key: set(names) for key, names in candidates.items()}
    matched: dict[str, str] = {}
    while left:
        # A key with a single remaining name is forced; without one the matching is ambiguous.
        forced = next((key for key, names in left.items() if len(names) == 1), None)
        if forced is None:
            return None
        (name,) = left.pop(forced)
        matched[forced] = name
        for names in left.values():
            names.discard(name)
    return {key: matched[key] for key in candidates}


def liberties_of(matched: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that are not exactly the names that they were matched with."""
    return {key: name for key, name in matched.items() if key != name}


def kinds_of(mapping: Mapping[str, str]) -> Iterator[Liberty]:
    """Yield the kinds of liberties that were taken with keys, each once."""
    kinds: dict[Liberty, None] = {}
    for key, name in mapping.items():
        kinds["key spelled otherwise" if _plain(key) == _plain(name) else "part of a name"] = None
    yield from kinds


def _meant(key: str, attributes: Sequence[str]) -> set[str]:
    if key in attributes:
        return {key}
    if len(key) > _LONGEST:
        return set()
    same = {name for name in attributes if _plain(name) == _plain(key) != ""}
    if same or _OPTION.match(key):
        return same
    return {name for name in attributes if _is_part(key, name) or _is_part(name, key)}


def _is_part(part: str, whole: str) -> bool:
    """Return whether a name has all words of another in a row."""
    words, others = _words(part), _words(whole)
    count = len(words)
    return count > 0 and any(others[k : k + count] == words for k in range(len(others) - count + 1))


def _words(name: str) -> list[str]:
    pieces = _WORD_BORDER.split(unicodedata.normalize("NFKC", name[:_LONGEST]))
    return [piece.casefold() for piece in pieces if piece]


def _plain(name: str) -> str:
    return "".join(_words(name))


def _why_foreign(keys: Sequence[str], attributes: Sequence[str]) -> Failure:
    foreign = [key for key in keys if key not in set(attributes)]
    # "A", "Option B", "A.price": the options were weighted, not their attributes.
    if any(_OPTION.match(key) for key in foreign):
        return "option-letter key"
    partial = any(_meant(key, attributes) for key in foreign)
    return "partial key" if partial else "foreign key"
