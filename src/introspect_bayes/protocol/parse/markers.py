"""Words after which a reply gives its answer, such as "Final answer:"."""

import re
from typing import Final

_THINGS: Final = (
    "answer|choice|decision|selection|report|weights|result|output|json|response|object"
)
_TAGS: Final = "answer|final|final_answer|output|response|result|solution|choice"
_MARKER: Final = re.compile(
    rf"\b(?:(?:(?:final|corrected|revised)[ -])?(?:{_THINGS})|final|corrected|revised|correction)"
    r"[*_]{0,3}"
    r"(?:[ \t]{1,3}(?:is|are)\b[ \t]{0,3}[:\N{FULLWIDTH COLON}]?"
    r"|[ \t]{0,3}[:\N{FULLWIDTH COLON}])[*_]{0,3}"
    rf"|\b(?:final|corrected|revised)[ -](?:{_THINGS})[*_]{{0,3}}[ \t]{{0,3}}\n"
    rf"|<(?:{_TAGS})>|</[a-z_]{{1,30}}>",
    re.IGNORECASE,
)
_CLOSED: Final = re.compile(rf"</(?:{_TAGS})>\Z", re.IGNORECASE)
_LONGEST: Final = 20


def without_answer_tag(text: str) -> str:
    """Return a text without the tag that closes its answer.

    Examples
    --------
    >>> without_answer_tag("<answer>A</answer>")
    '<answer>A'
    """
    closed = _CLOSED.search(text[-_LONGEST:])
    return text[: -len(closed[0])].rstrip() if closed else text


def after_marker(text: str) -> str | None:
    r"""Return what stands after the last marker of a reply; None if it has none.

    Markers are "answer", "choice", "decision", "selection", "report", "weights", "result",
    "output", "JSON", "response" or "object" followed by a colon, "is" or "are", each also after
    "final", "corrected" or "revised", and these alone before a colon; a line that ends with "final
    answer" and the like; ``<answer>``, ``<final>``, ``<output>`` and the like; and any closing tag.

    Examples
    --------
    >>> after_marker("First {}. **Final answer:** {}"), after_marker("First {}. Then {}")
    ('{}', None)
    """
    bare = without_answer_tag(text)
    marks = list(_MARKER.finditer(bare))
    return bare[marks[-1].end() :].strip() if marks else None
