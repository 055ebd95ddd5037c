"""Why a reply is no choice, no report or no answer to the ablation question."""

import re
from typing import Final, Literal

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


def is_refusal(text: str) -> bool:
    """Return whether a reply declines to answer.

    Examples
    --------
    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("A, clearly.")
    (True, False)
    """
    return _REFUSAL.search(text) is not None
