"""Why a reply is no choice, no report or no answer, and what a parser did to read one."""

from typing import Final, Literal

Failure = Literal[
    "empty",
    "cut off before any text",
    "cut off while thinking",
    "thinking only",
    "in tool calls",
    "in another field",
    "refusal",
    "cut off",
    "not JSON",
    "not an object",
    "two objects",
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
"""Why a reply is no choice, no report or no answer to the ablation question.

Of a reply without any text: the token limit was reached before any ("cut off before any text") or
while the model was thinking; the server put everything into the thinking, or into another field of
its response.
"""

FAILURES: Final[tuple[str, ...]] = Failure.__args__  # type: ignore[attr-defined]

Liberty = Literal[
    "thinking left out",
    "special token",
    "answer tag",
    "after a marker",
    "surrounding text",
    "emphasis",
    "quotes",
    "brackets",
    "punctuation",
    "the word option",
    "full-width letter",
    "key spelled otherwise",
    "part of a name",
    "number as text",
    "truth in other words",
]
"""What a parser left out or took for something else; the strict one leaves out thinking alone."""

LIBERTIES: Final[tuple[str, ...]] = Liberty.__args__  # type: ignore[attr-defined]
