"""Whether a response holds an answer of the model, or a generation that failed or was filtered."""

import json
import re
from typing import Any, Final

from introspect_bayes.collect.error_bodies import error_of
from introspect_bayes.collect.failures import Failure, about_input, failure_in_answer

_FAILED: Final = re.compile(
    r"error|abort|cancel|fail|insufficient|interrupt|malformed|timed?_?out|unavailable"
)
"""Finish reasons of generations that broke off: "error" (OpenRouter, vLLM, Mistral), "abort" (vLLM,
SGLang), "insufficient_system_resource" (DeepSeek), "network_error" (GLM), ..."""

_FILTERED: Final = re.compile(
    r"content_?filter|safety|sensitive|prohibited|blocklist|recitation|spii|moderation|toxic"
)
"""Finish reasons of answers that the server held back or cut off: "content_filter" (OpenAI, Azure,
DeepSeek, Gemini), "sensitive" (GLM), ..."""

_WORDS: Final = (
    "content", "refusal", "reasoning_content", "reasoning", "thinking", "tool_calls",
    "function_call", "audio",
)  # fmt: skip
"""Fields of a message in which a model may have said something."""


def failed_generation(body: bytes) -> tuple[Failure, str] | None:
    """Return what became of a generation that brought no answer, in kind and in words.

    A generation has failed if its choice holds an error, if its finish reason says so, or if
    nothing came at all, not one token. An answer that the server's filter held back or cut off is
    none either: asked again it would be filtered again, so the server has refused this request.

    Parameters
    ----------
    body
        A response of status 200.

    Returns
    -------
    tuple or None
        The failure and the server's words for it; None for an answer, however bad.

    Examples
    --------
    >>> failed_generation(b'{"choices": [{"message": {"content": ""}, "finish_reason": "error"}]}')
    (Failure(kind='failed generation', concern='call', mend=''), "finish reason 'error'")
    """
    choice, usage = _first_choice(body)
    if choice.get("error"):
        return _error_of_choice(choice["error"])
    reason = choice.get("finish_reason")
    reason = reason[:100] if isinstance(reason, str) else ""
    if _FILTERED.search(reason.lower()):
        said = f"the answer was filtered (finish reason {reason!r})"
        return Failure("refused by server", "request"), said
    if _FAILED.search(reason.lower()):
        return Failure("failed generation"), f"finish reason {reason!r}"
    if _is_nothing(choice, usage):
        return Failure("failed generation"), "nothing was generated, not one token"
    return None


def _first_choice(body: bytes) -> tuple[dict[str, Any], Any]:
    """Return the first choice of a response, and its usage; empty where there is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}, None
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return (choice, answer.get("usage")) if isinstance(choice, dict) else ({}, None)


def _error_of_choice(stated: Any) -> tuple[Failure, str]:
    error = error_of(stated)
    found = failure_in_answer(error)
    if found is None or not (
        found.kind in {"quota exhausted", "rate limited"} or about_input(error)
    ):
        found = Failure("failed generation")
    return found, error.message


def _is_nothing(choice: dict[str, Any], usage: Any) -> bool:
    message = choice.get("message")
    if not isinstance(message, dict) or any(message.get(name) for name in _WORDS):
        return False
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    # Who does not count tokens says with a finish reason that something came to its end.
    return tokens == 0 if tokens is not None else not choice.get("finish_reason")
