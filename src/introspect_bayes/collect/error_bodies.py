"""What a server says of an error: its words, its codes, and whether it is a web page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from introspect_bayes.collect.reading import storable

_CODES: Final = ("code", "type", "status", "finish_reason")
_DEEPER: Final = ("innererror", "inner_error", "metadata", "provider_specific_fields", "details")
_DEEPEST: Final = 4
_STATUSES: Final = range(400, 600)


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error as a server words it.

    Attributes
    ----------
    message
        Its words; of a web page the title.
    codes
        All codes, types and names of reasons in it, in small letters.
    status
        The HTTP status that it names itself, in whatever response it came; None if it names none.
    page
        Whether it is a web page: the word of a proxy or of another service, not of a chat API.
    """

    message: str
    codes: frozenset[str] = frozenset()
    status: int | None = None
    page: bool = False


def read_error(body: bytes) -> ServerError | None:
    """Return the error that a response body states, or None if it states none.

    Servers nest it under "error", put it flat beside ``"object": "error"``, or in a list.

    Examples
    --------
    >>> read_error(b'{"error": {"message": "Insufficient credits", "code": 402}}')
    ServerError(message='Insufficient credits', codes=frozenset({'402'}), status=402, page=False)
    >>> read_error(b'{"choices": []}') is None
    True
    """
    if is_page(body):
        return ServerError(_title(body), page=True)
    try:
        stated = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(stated, list) and stated:
        stated = stated[0]
    if not isinstance(stated, dict):
        return None
    if stated.get("error"):
        return error_of(stated["error"], stated)
    flat = stated.get("object") == "error" or "choices" not in stated
    return error_of(stated) if flat and _message(stated) else None


def error_of(stated: Any, around: Any = None) -> ServerError:
    """Return an error object of a response, or of one of its choices, in one form.

    Parameters
    ----------
    stated
        What stands under "error": an object, or only words.
    around
        The object in which it stands.
    """
    codes = {*_codes(stated), *(_codes(around) if isinstance(stated, str) else ())}
    statuses = [int(code) for code in sorted(codes) if code.isdecimal() and len(code) == 3]  # noqa: PLR2004
    message = _message(stated) or json.dumps(stated)
    status = next((number for number in statuses if number in _STATUSES), None)
    return ServerError(storable(message), frozenset(codes), status)


def is_page(body: bytes) -> bool:
    """Return whether a response body is a web page.

    Examples
    --------
    >>> is_page(b"<!DOCTYPE html><title>Just a moment...</title>"), is_page(b'{"error": "<html>"}')
    (True, False)
    """
    return (
        body.lstrip(b"\xef\xbb\xbf \r\n\t")[:14].lower().startswith((b"<!doctype html", b"<html"))
    )


def _title(body: bytes) -> str:
    found = re.search(rb"<title[^>]*>([^<]{1,200})", body[:20_000], re.IGNORECASE)
    return " ".join(found[1].decode(errors="replace").split()) if found else ""


def _message(stated: Any) -> str:
    if isinstance(stated, str):
        return stated
    if not isinstance(stated, dict):
        return ""
    said = (stated.get(name) for name in ("message", "detail", "msg"))
    return next((text for text in said if isinstance(text, str)), "")


def _codes(stated: Any, depth: int = 0) -> Iterator[str]:
    """Yield codes of an error object and of the objects in it that explain it."""
    if depth > _DEEPEST or not isinstance(stated, dict):
        return
    for name in _CODES:
        value = stated.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value).lower()
    for name in ("flagged_input", "reasons"):
        if stated.get(name):
            yield name
    for name in _DEEPER:
        yield from _codes(stated.get(name), depth + 1)
