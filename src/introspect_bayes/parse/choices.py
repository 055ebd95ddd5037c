"""Raw replies to choices, or to a named failure."""

from typing import Literal

from introspect_bayes.parse.failures import Failure, is_refusal


def parse_choice(text: str | None) -> Literal["A", "B"] | Failure:
    """Read a decision: exactly A or B, nothing around it.

    Examples
    --------
    >>> parse_choice("A"), parse_choice("A:"), parse_choice("")
    ('A', 'not A or B', 'empty')
    """
    if text == "A":
        return "A"
    if text == "B":
        return "B"
    if text is None or not text.strip():
        return "empty"
    return "refusal" if is_refusal(text) else "not A or B"
