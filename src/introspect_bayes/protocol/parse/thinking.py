"""Where a reply's thinking ends, and its answer begins. A draft is never read.

Known are the tags of open models (``<think>``, ``<thinking>``, ``<reasoning>`` and the like, also
with a prefix such as ``<seed:think>``; ``[THINK]``; Kimi's, Cohere's and Gemma's tokens) and the
channels of gpt-oss, of which only the one called final is the answer. Servers that eat an opening
tag leave a closing one: what comes before it is thinking all the same.
"""

import re
from typing import Final, NamedTuple

from introspect_bayes.protocol.parse.failures import Failure, Liberty
from introspect_bayes.protocol.parse.special_tokens import without_special_tokens

_MARK: Final = re.compile(
    r"</?(?:[a-z]{1,12}[:_])?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad)>"
    r"|\[/?THINK\]"
    r"|\N{WHITE LEFT-POINTING TRIANGLE}/?think\N{WHITE RIGHT-POINTING TRIANGLE}"
    r"|<\|(?:start|end)_thinking\|>|<\|start_response\|>"
    r"|<\|(?:begin|end)_of_thought\|>|<\|begin_of_solution\|>"
    r"|<\|channel>thought|<channel\|>",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r".?/|<\|end_|<\|start_response|<\|begin_of_solution|<channel\|>", re.IGNORECASE
)
_CHANNEL: Final = "<|channel|>"
_FINAL: Final = re.compile(r"final[^<]{0,60}(?:<\|constrain\|>[^<]{0,60})?<\|message\|>")
# What is left of gpt-oss's channels where a server drops its special tokens.
_BARE_CHANNEL, _BARE_FINAL = "analysis", "assistantfinal"


class Answer(NamedTuple):
    """The part of a reply that is meant as its answer.

    Attributes
    ----------
    text
        What follows the thinking; all of the reply if there is none.
    thought
        Whether thinking was left out.
    """

    text: str
    thought: bool = False


def answer_in(text: str) -> Answer:
    r"""Return the part of a reply that is meant as its answer; empty if it ends while thinking.

    Examples
    --------
    >>> answer_in("<think>A has ... so A? No.</think>\n\nB").text.strip()
    'B'
    >>> answer_in("<think>A has ... so A? No")
    Answer(text='', thought=True)
    """
    if _CHANNEL in text:
        said = text[text.rindex(_CHANNEL) + len(_CHANNEL) :]
        final = _FINAL.match(said)
        return Answer(without_special_tokens(said[final.end() :]) if final else "", thought=True)
    if text.startswith(_BARE_CHANNEL) and _BARE_FINAL in text:
        return Answer(text[text.rindex(_BARE_FINAL) + len(_BARE_FINAL) :], thought=True)
    marks = list(_MARK.finditer(text))
    if not marks:
        return Answer(text)
    last = marks[-1]
    return Answer(text[last.end() :] if _CLOSING.match(last[0]) else "", thought=True)


def read_answer(
    text: str | None, *, cut_off: bool
) -> tuple[str, tuple[Liberty, ...], Failure | None]:
    """Return a reply's answer, whether thinking was left out, and why there is no answer."""
    if text is None or not text.strip():
        return "", (), "cut off before any text" if cut_off else "empty"
    answer = answer_in(text)
    liberties: tuple[Liberty, ...] = ("thinking left out",) if answer.thought else ()
    if answer.text.strip():
        return answer.text.strip(), liberties, None
    return "", liberties, "cut off while thinking" if cut_off else "thinking only"
