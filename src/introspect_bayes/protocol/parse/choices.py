"""Raw replies to choices, or to a named failure."""

from typing import Literal, cast

from introspect_bayes.protocol.parse.failures import Failure, Liberty
from introspect_bayes.protocol.parse.first_versions import choose_exactly
from introspect_bayes.protocol.parse.letters import letter_in
from introspect_bayes.protocol.parse.markers import after_marker, without_answer_tag
from introspect_bayes.protocol.parse.refusals import is_refusal
from introspect_bayes.protocol.parse.results import LETTERS, ParsedChoice
from introspect_bayes.protocol.parse.special_tokens import without_special_tokens
from introspect_bayes.protocol.parse.thinking import read_answer


def parse_choice(text: str | None) -> Literal["A", "B"] | Failure:
    """Read a decision by the authors' own rule: exactly A or B, nothing around it.

    Examples
    --------
    >>> parse_choice("A"), parse_choice("A:"), parse_choice("")
    ('A', 'not A or B', 'empty')
    """
    read = choose_exactly(text)
    return read.choice or cast("Failure", read.failure)


def choose_strictly(text: str | None, *, cut_off: bool = False) -> ParsedChoice:
    r"""Read a decision strictly (strict-2): A or B, with nothing but blanks around it.

    A thinking model's answer is what follows its thinking (`thinking.answer_in`).

    Parameters
    ----------
    text
        The reply, word for word.
    cut_off
        Whether the server said that the reply was cut off.

    Examples
    --------
    >>> choose_strictly("<think>B? No.</think>\n\nA").choice, choose_strictly("A.").failure
    ('A', 'not A or B')
    """
    answer, liberties, failure = read_answer(text, cut_off=cut_off)
    if answer in LETTERS:
        return ParsedChoice(LETTERS[answer], liberties=liberties)
    return ParsedChoice(failure=failure or _why_none(answer))


def choose_leniently(text: str | None, *, cut_off: bool = False) -> ParsedChoice:
    """Read a decision leniently (lenient-2), recording every liberty.

    As strict, but the letter may be emphasized, quoted, in brackets or a tag, full-width, follow
    the word option, end with punctuation or special tokens, or stand alone after a marker
    (`markers.after_marker`). Parameters as in `choose_strictly`.

    Examples
    --------
    >>> choose_leniently("**Option A**<|im_end|>").liberties
    ('special token', 'emphasis', 'the word option')
    >>> choose_leniently("A or B").failure
    'not A or B'
    """
    answer, thought, failure = read_answer(text, cut_off=cut_off)
    if failure is not None:
        return ParsedChoice(failure=failure)
    bare = without_special_tokens(answer)
    before: tuple[Liberty, ...] = thought if bare == answer else (*thought, "special token")
    letter, liberties = letter_in(bare)
    marked = after_marker(bare) if letter is None else None
    if marked is not None:
        letter, forms = letter_in(marked)
        kind: Liberty = "after a marker" if without_answer_tag(bare) == bare else "answer tag"
        liberties = (kind, *forms)
    if letter is not None:
        return ParsedChoice(LETTERS[letter], liberties=(*before, *liberties))
    return ParsedChoice(failure=_why_none(answer))


def _why_none(answer: str) -> Failure:
    return "refusal" if is_refusal(answer) else "not A or B"
