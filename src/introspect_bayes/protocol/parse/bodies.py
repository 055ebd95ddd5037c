"""What a response body says beside its text: parts, thinking apart, and other fields."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from introspect_bayes.protocol.parse.failures import Failure

_IN_PARTS: Final = re.compile(rb'"content"\s*:\s*\[')
_THINKING_PART: Final = re.compile(r"think|reason|summary", re.IGNORECASE)
_THINKING_FIELDS: Final = (
    "reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks",
    "thoughts",
)  # fmt: skip
_CALLS: Final = ("tool_calls", "function_call")
_OTHER_FIELDS: Final = ("text", "output_text", "answer", "response", "audio")


def text_of_content(content: Any, *, with_thinking: bool = False) -> Any:
    """Return as one text what some servers send in parts; anything else as it is.

    Parts of text are joined. Thinking and parts without text are left out; None if nothing else is
    there.

    Parameters
    ----------
    content
        The field ``content`` of a message.
    with_thinking
        Whether to join texts of thinking too, as was done once.

    Examples
    --------
    >>> text_of_content([{"type": "thinking", "thinking": "A?"}, {"type": "text", "text": "B"}])
    'B'
    """
    if not isinstance(content, list) or not all(isinstance(p, dict | str) for p in content):
        return content
    texts = [
        part if isinstance(part, str) else part.get("text")
        for part in content
        if with_thinking or not _is_thinking(part)
    ]
    told = [text for text in texts if isinstance(text, str)]
    return "".join(told) if told else None


def reread_text(text: str | None, body: bytes | None) -> str | None:
    """Return a stored reply's text, without the thinking that came as a part of its own.

    Parameters
    ----------
    text
        The reply as stored.
    body
        The response body; None if it is not at hand.
    """
    if body is None or not _IN_PARTS.search(body):
        return text
    found = text_of_content(_message(_choice(_answer(body))).get("content"))
    return found if isinstance(found, str) else None


def why_blank(body: bytes | None, *, cut_off: bool) -> Failure:
    """Return why a reply has no text: what its response says instead.

    Parameters
    ----------
    body
        The response body; None if it is not at hand.
    cut_off
        Whether the server said that the reply was cut off.

    Examples
    --------
    >>> body = b'{"choices": [{"message": {"content": null, "reasoning_content": "A?"}}]}'
    >>> why_blank(body, cut_off=True), why_blank(None, cut_off=False)
    ('cut off while thinking', 'empty')
    """
    answer = _answer(body or b"")
    choice = _choice(answer)
    message = _message(choice)
    if any(message.get(name) for name in _CALLS):
        return "in tool calls"
    if any(
        _says_something(place.get(name)) for place in (message, choice) for name in _OTHER_FIELDS
    ):
        return "in another field"
    if _thought(answer, message):
        return "cut off while thinking" if cut_off else "thinking only"
    return "cut off before any text" if cut_off else "empty"


def _thought(answer: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return (
        any(_says_something(message.get(name)) for name in _THINKING_FIELDS)
        or any(_is_thinking(part) for part in parts)
        or _thinking_tokens(answer.get("usage")) > 0
    )


def _thinking_tokens(usage: Any) -> int:
    found = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    count = found.get("reasoning_tokens") if isinstance(found, dict) else None
    return count if isinstance(count, int) else 0


def _is_thinking(part: Any) -> bool:
    return isinstance(part, dict) and bool(_THINKING_PART.search(str(part.get("type"))[:40]))


def _says_something(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _choice(answer: Mapping[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _message(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    return message if isinstance(message, dict) else {}
