"""What a reply states as JSON."""

import json
import re
from typing import Any

from introspect_bayes.parse.failures import Failure, is_refusal

_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*(?:```)?\Z", re.DOTALL | re.IGNORECASE)


class _DuplicateKeyError(Exception):
    pass


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
        return None, why_not_json(text, cut_off=cut_off)


def _first_object(text: str, *, cut_off: bool) -> tuple[Any, Failure | None]:
    decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates)
    start = text.find("{")
    if start >= 0:
        try:
            return decoder.raw_decode(text, start)[0], None
        except _DuplicateKeyError:
            return None, "duplicate key"
        except (ValueError, RecursionError):
            return None, why_not_json(text, cut_off=cut_off)
    return None, why_not_json(text, cut_off=cut_off)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError
    return found


def why_not_json(text: str, *, cut_off: bool) -> Failure:
    """Return why a reply states nothing as JSON."""
    if is_refusal(text):
        return "refusal"
    opened = text.count("{") > text.count("}")
    return "cut off" if cut_off or opened else "not JSON"
