"""Which attribute each key of a reply means."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from introspect_bayes.parse.failures import Failure


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
