"""What a chat API's response body says, or that it says nothing."""

import json
from dataclasses import dataclass
from typing import Any, Final

from introspect_bayes.protocol.parse import text_of_content

_LARGEST: Final = 2**63
"""SQLite's integers end here."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A response body as read.

    Attributes
    ----------
    text
        The reply, word for word; the text of a refusal where the server marks one; None where
        there is neither.
    finish_reason, model, system_fingerprint, prompt_tokens, completion_tokens
        As the server gave them.
    """

    text: str | None
    finish_reason: str
    model: str | None
    system_fingerprint: str | None
    prompt_tokens: int | None
    completion_tokens: int | None


def read_body(body: bytes, *, with_thinking: bool = False) -> Reading | str:
    """Read a response body, or say why it is none of a chat API.

    Parameters
    ----------
    body
        The response body.
    with_thinking
        Whether thinking among the parts of a reply belongs to its text, as it did once.

    Examples
    --------
    >>> read_body(b'{"choices": [{"message": {"content": "A"}, "finish_reason": "stop"}]}').text
    'A'
    >>> read_body(b"{}")
    'the response has no choices'
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return f"the response is not JSON: {body[:80].decode(errors='replace')!r}"
    if not isinstance(answer, dict):
        return "the response is not a JSON object"
    if answer.get("error"):
        return f"the response holds an error: {storable(json.dumps(answer['error']))}"
    message = _message(answer)
    if message is None:
        return _why_no_message(answer)
    text = text_of_content(message.get("content"), with_thinking=with_thinking)
    if text is None:
        text = message.get("refusal")
    if text is not None and not isinstance(text, str):
        return "the reply is not text"
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Reading(
        text=_text(text),
        finish_reason=_text(answer["choices"][0].get("finish_reason")) or "",
        model=_text(answer.get("model")),
        system_fingerprint=_text(answer.get("system_fingerprint")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
    )


def _message(answer: dict[str, Any]) -> dict[str, Any] | None:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, dict) else None


def _why_no_message(answer: dict[str, Any]) -> str:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and isinstance(first.get("text"), str):
        return (
            "the response has no message; the reply stands in choices[0].text, as of a completions "
            "API: is this the address of a chat API?"
        )
    return "the response has no choices"


def storable(text: str) -> str:
    """Return a text with lone surrogates, which no database takes, written as escapes.

    Examples
    --------
    >>> len(storable("A" + chr(0xD800)))
    7
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _text(value: object) -> str | None:
    return storable(value) if isinstance(value, str) else None


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _LARGEST else None
