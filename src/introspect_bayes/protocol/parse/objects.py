"""The JSON object that a reply states. All of it takes time in proportion to the reply."""

import json
import re
from typing import Any, Final, NamedTuple

from introspect_bayes.protocol.parse.failures import Failure, Liberty
from introspect_bayes.protocol.parse.markers import after_marker, without_answer_tag
from introspect_bayes.protocol.parse.refusals import is_refusal
from introspect_bayes.protocol.parse.special_tokens import without_special_tokens

_FENCE: Final = "```"
# What is no JSON and yet states something under a name: {'price': 10}, {price: +5}.
_KEYED: Final = re.compile(r"\{\s*[\"'\N{LEFT DOUBLE QUOTATION MARK}]?[^{}:]{1,200}:")

_OPENING: Final = re.compile(r"\{\s*[\"}]")
# Whoever names an error's line counts lines: of many errors, in time with the square of a text.
_TRIES: Final = 50


class Stated(NamedTuple):
    """What a reply states as JSON, and how it was found; or why nothing was.

    Attributes
    ----------
    value
        An object with its keys, or another value; None if there is a failure.
    failure
        Why nothing was found; None if something was.
    liberties
        What was left out to find it.
    """

    value: Any
    failure: Failure | None = None
    liberties: tuple[Liberty, ...] = ()


class _Doubled:
    """An object that states a key twice."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Doubled:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled()


# As floats, integers of any length are read in time that grows with their length.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_int=float)


def only_value(text: str, *, cut_off: bool) -> Stated:
    """Return what a text states as JSON, alone or in one code fence.

    Parameters
    ----------
    text
        A reply's answer, without blanks around it.
    cut_off
        Whether the server said that the reply was cut off.

    Examples
    --------
    >>> only_value('{"size": 40}', cut_off=False).value
    {'size': 40.0}
    """
    try:
        return _stated(_DECODER.decode(unfenced(text)))
    except (ValueError, RecursionError):
        return Stated(None, why_not_json(text, cut_off=cut_off))


def one_object(text: str, *, cut_off: bool) -> Stated:
    """Return the one object that a text states, wherever it stands.

    Of two objects neither counts, unless the last one stands alone after a marker
    (`markers.after_marker`): nobody can tell which is meant. Something in braces that names a value
    and yet is no JSON counts as an object too, prose in braces does not. Parameters as in
    `only_value`.

    Examples
    --------
    >>> one_object('Weights {as asked}: {"size": 40}', cut_off=False).value
    {'size': 40.0}
    >>> one_object('{"size": 40}, or rather {"size": -40}', cut_off=False).failure
    'two objects'
    """
    bare = without_special_tokens(text)
    liberties: tuple[Liberty, ...] = () if bare == text else ("special token",)
    alone = only_value(bare, cut_off=cut_off)
    if alone.failure is None or alone.failure == "duplicate key":
        return alone._replace(liberties=liberties)
    found = _marked(bare) or _single(bare, why_not_json(text, cut_off=cut_off))
    return found._replace(liberties=(*liberties, *found.liberties))


def _marked(text: str) -> Stated | None:
    """Return the object that stands alone after the last marker; None if there is none."""
    marked = after_marker(text)
    if marked is None:
        return None
    last = only_value(marked, cut_off=False)
    kind: Liberty = "after a marker" if without_answer_tag(text) == text else "answer tag"
    is_object = isinstance(last.value, dict) or last.failure == "duplicate key"
    return last._replace(liberties=(kind,)) if is_object else None


def _single(text: str, why_none: Failure) -> Stated:
    """Return the only object that stands somewhere in a text.

    What a broken object holds is not looked into: it may be a part of anything.
    """
    found: list[Any] = []
    broken = tries = 0
    start = text.find("{")
    while start >= 0 and len(found) + broken < 2 and tries < _TRIES:  # noqa: PLR2004
        end = start + 1
        keyed = _KEYED.match(text, start) is not None
        if _OPENING.match(text, start):
            tries += 1
            try:
                value, end = _DECODER.raw_decode(text, start)
                found.append(value)
                keyed = False
            except json.JSONDecodeError as error:
                unended = error.pos >= len(text) or error.msg.startswith("Unterminated string")
                if unended and (keyed or found):
                    return Stated(None, "cut off")
                end = error.pos if keyed else end
            except (ValueError, RecursionError):
                return Stated(None, why_none)
        broken += keyed
        start = text.find("{", end)
    if len(found) + broken > 1 or (found and start >= 0):
        return Stated(None, "two objects")
    if not found:
        return Stated(None, why_none)
    return _stated(found[0])._replace(liberties=("surrounding text",))


def _stated(value: Any) -> Stated:
    return Stated(None, "duplicate key") if isinstance(value, _Doubled) else Stated(value)


def unfenced(text: str) -> str:
    r"""Return what stands in the code fence that a text is; any other text as it is.

    Examples
    --------
    >>> unfenced("```json\n{}\n```"), unfenced("{}")
    ('{}', '{}')
    """
    text = text.strip()
    if not text.startswith(_FENCE):
        return text
    inside = text.removeprefix(_FENCE)
    if inside[:4].casefold() == "json":
        inside = inside[4:]
    return inside.removesuffix(_FENCE).strip()


def why_not_json(text: str, *, cut_off: bool) -> Failure:
    """Return why a reply states nothing as JSON."""
    if is_refusal(text):
        return "refusal"
    return unreadable(text, cut_off=cut_off)


def unreadable(text: str, *, cut_off: bool) -> Failure:
    """Return why a reply that is no refusal states nothing as JSON."""
    opened = text.count("{") > text.count("}")
    return "cut off" if cut_off or opened else "not JSON"
