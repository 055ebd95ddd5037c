"""Special tokens that servers leave at the end of a reply, such as ``<|im_end|>``."""

import re
from typing import Final

_LONGEST: Final = 64
_TOKEN: Final = re.compile(
    r"(?:<[|\N{FULLWIDTH VERTICAL LINE}][^<>\s]{1,40}[|\N{FULLWIDTH VERTICAL LINE}]>"
    r"|</?s>|</?(?:start|end)_of_turn>|<[a-z]?eos>|<eot>|<EOT>|\[EOS\]|\[/?INST\]|<pad>)\Z"
)


def without_special_tokens(text: str) -> str:
    """Return a reply without the special tokens, and blanks, at its end.

    Examples
    --------
    >>> without_special_tokens("A<|im_end|> </s>")
    'A'
    """
    # Only the last few characters are looked at each time, so that the work grows with the text.
    end = len(text.rstrip())
    while token := _TOKEN.search(text[max(0, end - _LONGEST) : end]):
        end -= len(token[0])
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end]
