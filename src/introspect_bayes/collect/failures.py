"""What a failed call means: whom it concerns, and what must be mended."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from introspect_bayes.collect.error_bodies import ServerError
from introspect_bayes.collect.stated_waits import is_loading
from introspect_bayes.store import OutcomeKind

Concern = Literal["call", "request", "perhaps request", "everything"]
"""What a failure is about: this call, which another attempt may mend; this request, whoever asks it
(its content is filtered); perhaps this request, since the server does not say why it refuses; or
everything that would be asked, such as a wrong key."""

_PAYMENT_REQUIRED, _TOO_MANY, _SERVER_ERRORS = 402, 429, 500
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_AGAIN: Final = frozenset({409, 425})
_TIMEOUTS: Final = frozenset({408, 504})

_QUOTA: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
)
_RATE: Final = frozenset({"rate_limit_exceeded", "resource_exhausted"})
_FILTERED: Final = re.compile(
    r"content_?(filter|policy|moderation)|responsibleaipolicy|moderation|data_?inspection"
    r"|flagged_input|^reasons$|prohibited_?content|blocklist|safety"
)
"""Codes with which Azure, OpenAI, OpenRouter, Gemini, DashScope, Moonshot refuse an input."""

_BANNED: Final = re.compile(
    r"\b(account|organi[sz]ation|project|team|user|api[ _-]?key|subscription)\b(\W+\w+){0,4}\W+"
    r"(flagged|suspended|banned|blocked|disabled|deactivated|violat\w+|restricted|terminated)",
    re.IGNORECASE,
)
_INPUT: Final = re.compile(
    r"flagged|moderation|content[ _-]?(filter|polic|management|inspection)|\bfiltered\b"
    r"|inappropriate|harmful|prohibited|(usage|content|safety) (guideline|polic)"
    r"|safety (system|check)",
    re.IGNORECASE,
)
_ACCESS: Final = re.compile(
    r"api[ _-]?key|account|billing|organi[sz]ation|permission|subscription|credential|access"
    r"|unauthori[sz]ed|not (allowed|authori[sz]ed|permitted|entitled)|country|region|territory"
    r"|\bplan\b|\btier\b|\bquota\b|\btoken (is )?(invalid|expired)",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"unexpected endpoint|no (such )?route|unknown endpoint", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed call means.

    Attributes
    ----------
    kind
        How the attempt ended.
    concern
        See `Concern`.
    mend
        Of what concerns everything: what is wrong, in words before the server's own.
    """

    kind: OutcomeKind
    concern: Concern = "call"
    mend: str = ""


def failure_of(status: int, error: ServerError) -> Failure:
    """Say what an HTTP status of 400 or more means, together with the words that came with it.

    Parameters
    ----------
    status
        The status of the response, or one that an error names inside a response of status 200.
    error
        What the server says.

    Examples
    --------
    >>> failure_of(403, ServerError("Your input was flagged")).concern
    'request'
    >>> failure_of(403, ServerError("This key may not access gpt-9")).concern
    'everything'
    """
    if status == _PAYMENT_REQUIRED or error.codes & _QUOTA:
        return Failure("quota exhausted", "everything", "the account's quota is exhausted")
    if status == _TOO_MANY:
        return Failure("rate limited")
    if status in _TIMEOUTS:
        return Failure("timeout")
    if is_loading(status, error.message):
        return Failure("loading")
    if status >= _SERVER_ERRORS or status in _AGAIN:
        return Failure("server error")
    return _refusal(status, error)


def _refusal(status: int, error: ServerError) -> Failure:
    everything = _concerns_everything(status, error)
    if everything:
        return Failure("refused by server", "everything", everything)
    return Failure("refused by server", "request" if about_input(error) else "perhaps request")


def _concerns_everything(status: int, error: ServerError) -> str:
    """Return what is wrong with whatever would be asked; empty if nothing is."""
    if error.page:
        return (
            f"a web page came instead of an answer ({status}): a proxy, a firewall or a "
            "protection such as Cloudflare's stands before the server, or --base-url is no chat API"
        )
    if status == _UNAUTHORIZED:
        return "the server does not accept the key (401); set the right one in OPENAI_API_KEY"
    if status == _NOT_FOUND:
        return "the server knows no such model, or no chat API under this address (404)"
    if about_input(error) or not _ACCESS.search(error.message):
        return ""
    if status == _FORBIDDEN:
        return FORBIDDEN
    return f"the server does not accept the key or the account ({status})"


FORBIDDEN: Final = "the key may not use this model or server (403)"
"""What a refusal of status 403 means where nothing says that it is about one request."""


def about_input(error: ServerError) -> bool:
    """Return whether an error says that it is about the content of one request.

    Examples
    --------
    >>> about_input(ServerError("Your account was flagged for abuse"))
    False
    """
    if any(_FILTERED.search(code) for code in error.codes):
        return True
    return not _BANNED.search(error.message) and bool(_INPUT.search(error.message))


def failure_in_answer(error: ServerError) -> Failure | None:
    """Say what an error means that came in a response of status 200; None if it does not say.

    Parameters
    ----------
    error
        What the server says.

    Examples
    --------
    >>> failure_in_answer(ServerError("no credits", frozenset({"402"}), 402)).kind
    'quota exhausted'
    """
    if error.page:
        return None
    if _ELSEWHERE.search(error.message):
        mend = "the server knows no chat API under this address"
        return Failure("unreadable", "everything", mend)
    status = error.status
    if status is None and error.codes & _QUOTA:
        status = _PAYMENT_REQUIRED
    if status is None and error.codes & _RATE:
        status = _TOO_MANY
    if status is not None:
        return failure_of(status, error)
    return Failure("refused by server", "request") if about_input(error) else None
