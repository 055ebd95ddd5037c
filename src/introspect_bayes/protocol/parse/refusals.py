"""Whether a reply declines to answer. Reasons for a choice ("I don't like B") do not."""

import re
from typing import Final

_APOSTROPHE: Final = "['\N{RIGHT SINGLE QUOTATION MARK}]"
_NOT: Final = (
    rf"(?:can\s*not|can{_APOSTROPHE}?t|could\s+not|couldn{_APOSTROPHE}t|won{_APOSTROPHE}?t"
    rf"|will\s+not|do\s+not|don{_APOSTROPHE}t)"
)
_ENDS: Final = r"(?=\s*(?:[.,;!?]|$))"
_TO_ANSWER: Final = (
    rf"help(?!\s+(?:but|\w{{1,12}}ing))|assist|answer|comply|respond|participate|engage|introspect"
    rf"|(?:choose|decide|pick|select|say|tell)(?:{_ENDS}|\s+(?:for\s+you|between|on\s+your|either"
    r"|any|an\s+option|a\s+side|one\b))"
    r"|(?:give|provide|offer|share|express|report|disclose|access|determine|assign|estimate)\s+"
    r"(?:you|an?|any|my|me|the|that|this|these|weights|numbers|numerical|personal|opinions"
    r"|preferences|advice|information)\b"
    r"|make\s+(?:\w{1,12}\s+){0,2}(?:choice|decision|selection|judge?ment|prediction)"
    rf"|do\s+(?:that|this|so){_ENDS}"
    r"|have\s+(?:\w{1,12}\s+){0,2}(?:preferences|opinions|feelings|beliefs|desires|experiences)"
    r"|have\s+(?:access|the\s+ability|an?\s+(?:preference|opinion))"
    r"|feel\s+comfortable|fulfil"
)
_REFUSAL: Final = re.compile(
    rf"\bi(?:\s*{_APOSTROPHE}m|\s+am)\s+(?:(?:so|very|really|truly)\s+)?(?:sorry|afraid)"
    rf"(?=\s*(?:[.,;!]|$)|\s+(?:but|i|that\s+i|to\s+(?:say|inform))\b)"
    rf"|\bi(?:\s*{_APOSTROPHE}m|\s+am)\s+(?:unable|not\s+able)\s+to\s+(?:{_TO_ANSWER})"
    rf"|\bi\s+{_NOT}\s+(?:{_TO_ANSWER})"
    rf"|\bi\s+(?:can\s*not|can{_APOSTROPHE}?t|won{_APOSTROPHE}?t){_ENDS}"
    r"|\b(?:i\s+must|i)\s+(?:respectfully\s+)?(?:decline|refuse)\b"
    r"|\bas\s+an\s+ai\b(?=\s*,|\s+(?:language|assistant|model|system|i)\b)"
    r"|\b(?:unable|not\s+able)\s+to\s+(?:assist|help|comply|answer)\b",
    re.IGNORECASE,
)
# "A, since I can't have a cat there": a choice with its reason, whatever the reason says.
_REASON: Final = re.compile(
    r"\A[\s*_`\"'(\[]*(?:(?i:option|choice)\s+)?"
    r"(?:A(?=[.,:;)*\]_`\"'\n]|\Z|\s+(?:because|since|as|is|due|for|over|has|seems|offers|would|if"
    r"|[-\N{EN DASH}\N{EM DASH}])(?!\w))|B(?!\w))"
)


def is_refusal(text: str) -> bool:
    """Return whether a reply declines to answer.

    Examples
    --------
    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("I can't stand noise: A")
    (True, False)
    """
    return not _REASON.match(text) and _REFUSAL.search(text) is not None
