"""Replies are read inside the loop that asks: time must grow with their length, not its square."""

import time

import pytest

from introspect_bayes.protocol.parse import PARSERS, parser

NAMES = ("price", "seat_height", "weight")
SHORT, LONGER = 400, 16
MOST = 80
"""A quadratic pattern takes 256 times as long for 16 times the text."""

HOSTILE = {
    "a fence and newlines": lambda n: "```json\n" + "\n" * n + "x",
    "a fence, newlines, more": lambda n: "```" + "\n " * n + "x\n```y",
    "I and blanks": lambda n: "i" + " " * n + "x",
    "I can and blanks": lambda n: "i can" + " " * n + "x",
    "braces": lambda n: "{" * n,
    "braces with keys": lambda n: '{"a":' * n,
    "objects in broken ones": lambda n: '{"a":{"b":1},' * n,
    "quotes in braces": lambda n: '{"' * n,
    "braces in a string": lambda n: '{"' + "{" * n + '"',
    "a brace and blanks": lambda n: "{" + " " * n,
    "digits": lambda n: '{"price": ' + "9" * n + "}",
    "brackets": lambda n: '{"price": ' + "[" * n,
    "broken objects": lambda n: '{"price": +1}' * n,
    "words in braces": lambda n: ("{" + "a" * 150) * (n // 10),
    "open thinking": lambda n: "<think>" * n,
    "closed thinking": lambda n: "</think>" * n,
    "tags": lambda n: "<a_" * n,
    "special tokens": lambda n: "A" + "<|im_end|> \n" * n,
    "markers": lambda n: "final answer\n" * n,
    "a marker and blanks": lambda n: "final answer" + " " * n,
    "stars": lambda n: "*" * n + "A" + "*" * n,
    "channels": lambda n: "<|channel|>" * n,
    "backquotes": lambda n: "`" * n,
    "blanks and a letter": lambda n: " " * n + "A" + " " * n + "x",
}
COMBINING = '{"' + "\u0315\u0300" * 16_000 + '": 1, "seat_height": 2, "weight": 3}'


def seconds(parse):
    began = time.process_time()
    parse()
    return max(time.process_time() - began, 2e-4)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("by", PARSERS.values(), ids=PARSERS)
def test_parsing_grows_linearly(by, hostile):
    def read(text):
        by.choices(text)
        by.reports(text, NAMES)
        by.ablations(text, NAMES)

    short, long = hostile(SHORT), hostile(SHORT * LONGER)
    ratios = (seconds(lambda: read(long)) / seconds(lambda: read(short)) for _ in range(2))
    # A second time only where the first was too slow: another program may have been in the way.
    assert any(ratio < MOST for ratio in ratios)


def test_keys_beyond_any_name_are_not_looked_into():
    assert parser("lenient").reports(COMBINING, NAMES).failure == "foreign key"
