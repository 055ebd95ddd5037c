"""What to ask with instead, where a server refuses a parameter of the requests."""

import re
from typing import Final

_UNSUPPORTED: Final = re.compile(
    r"unsupported|not (supported|permitted|allowed|compatible)|unrecogni[sz]ed|unknown|unexpected"
    r"|does not support|extra inputs|only the default",
    re.IGNORECASE,
)
_INSTEAD: Final = (
    (r"\bmax_tokens\b", "--limit-parameter max_completion_tokens sends limits under another name"),
    (r"\bmax_completion_tokens\b", "--limit-parameter max_tokens sends limits under another name"),
    (r"\btemperature\b", "--temperature default sends none"),
    (r"\b(response_format|json_schema)\b", "--json-object-reports needs no schemas"),
)


def option_instead(said: str) -> str:
    """Return which option of `collect` avoids a refused parameter; empty if none is known.

    Parameters
    ----------
    said
        The server's words; of several parameters in them the first is the refused one.

    Examples
    --------
    >>> option_instead("Unsupported value: 'temperature' does not support 0 with this model.")
    '--temperature default sends none'
    >>> option_instead("Your input was flagged")
    ''
    """
    if not _UNSUPPORTED.search(said):
        return ""
    found = [(m.start(), instead) for name, instead in _INSTEAD if (m := re.search(name, said))]
    return min(found)[1] if found else ""
