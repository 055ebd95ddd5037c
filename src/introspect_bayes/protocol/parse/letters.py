"""The letter of an option, in the forms in which models write it."""

import re
from typing import Final

from introspect_bayes.protocol.parse.failures import Liberty

LONGEST: Final = 80
"""Characters beyond which a text is no letter in any form."""

_FULL_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0x3002: ".", 0x200B: "", 0xFEFF: "",
}  # fmt: skip
_FORMS: Final[tuple[tuple[Liberty, re.Pattern[str]], ...]] = (
    ("answer tag", re.compile(r"<(?P<tag>\w{1,20})>(?P<inner>.+)</(?P=tag)>", re.DOTALL)),
    (
        "emphasis",
        re.compile(r"(?P<mark>\*{1,3}|_{1,3}|`{1,3}|\$)(?P<inner>.+)(?P=mark)", re.DOTALL),
    ),
    ("emphasis", re.compile(r"\\(?:boxed|text|textbf)\{(?P<inner>.+)\}")),
    (
        "quotes",
        re.compile(r"[\"'\u2018\u201c\u00ab\u300c](?P<inner>.+)[\"'\u2019\u201d\u00bb\u300d]"),
    ),
    ("brackets", re.compile(r"[(\[{<\u3010](?P<inner>.+)[)\]}>\u3011]")),
    ("punctuation", re.compile(r"(?P<inner>.+)[.,:;!)]")),
    ("the word option", re.compile(r"(?i:option|choice)\s{1,3}(?P<inner>.+)")),
)


def letter_in(text: str) -> tuple[str | None, tuple[Liberty, ...]]:
    """Return the option's letter that a text is, and what was left out to see it; or None.

    Examples
    --------
    >>> letter_in("**Option A.**")
    ('A', ('emphasis', 'punctuation', 'the word option'))
    >>> letter_in("A and B")
    (None, ())
    """
    if len(text) > LONGEST:
        return None, ()
    liberties: dict[Liberty, None] = {}
    narrow = text.translate(_FULL_WIDTH).strip()
    if narrow != text:
        liberties["full-width letter"] = None
    while narrow not in {"A", "B"}:
        for liberty, form in _FORMS:
            if inner := form.fullmatch(narrow):
                liberties[liberty] = None
                narrow = inner["inner"].strip()
                break
        else:
            return None, ()
    return narrow, tuple(liberties)
