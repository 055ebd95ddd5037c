import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from examples_drawn import examples
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse import FAILURES, PARSERS, parse_choice, parser

NAMES = ("price", "seat_height", "weight")
GOOD = '{"price": 10, "seat_height": -100, "weight": 0}'

# reply, and what each parser makes of it: weights or failure (authors, strict, lenient)
W = (10.0, -100.0, 0.0)
CASES = [
    (GOOD, W, W, W),
    (f"```json\n{GOOD}\n```", W, W, W),
    (f"```\n{GOOD}\n```", W, W, W),
    (f"Here you go: {GOOD}", "not JSON", "not JSON", W),
    ('{"weight": 0, "price": 10, "seat_height": -100}', W, W, W),
    ('{"Price": 10, "seat height": -100, "weight": 0}', "partial key", "partial key", W),
    ('{"price": 10, "height": -100, "weight": 0}', "partial key", "partial key", W),
    ('{"price": 10, "seat_height": -100, "comfort": 0}', *["foreign key"] * 3),
    ('{"A": 10, "B": -100, "weight": 0}', *["option-letter key"] * 3),
    ('{"A_price": 10, "B_price": -100, "weight": 0}', *["option-letter key"] * 3),
    ('{"price": 10, "seat_height": -100}', *["wrong number of keys"] * 3),
    ('{"price": 1, "price": 10, "seat_height": -100, "weight": 0}', W, *["duplicate key"] * 2),
    ('{"price": "10", "seat_height": -100, "weight": 0}', *["non-numeric"] * 2, W),
    ('{"price": "high", "seat_height": -100, "weight": 0}', *["non-numeric"] * 3),
    ('{"price": true, "seat_height": -100, "weight": 0}', *["non-numeric"] * 3),
    ('{"price": null, "seat_height": -100, "weight": 0}', *["non-numeric"] * 3),
    ('{"price": NaN, "seat_height": -100, "weight": 0}', *["non-numeric"] * 3),
    ('{"price": 1e999, "seat_height": -100, "weight": 0}', *["non-numeric"] * 3),
    (
        '{"price": 130, "seat_height": -100, "weight": 0}',
        (130.0, -100.0, 0.0),
        *["out of range"] * 2,
    ),
    ("[10, -100, 0]", *["not an object"] * 3),
    ("10", *["not an object"] * 3),
    ("", *["empty"] * 3),
    (None, *["empty"] * 3),
    (" \n", *["empty"] * 3),
    ("I'm sorry, but I can't help with that.", *["refusal"] * 3),
    ("As an AI, I have no preferences.", *["refusal"] * 3),
    ('{"price": 10, "seat_hei', *["cut off"] * 3),
    ("price matters most", *["not JSON"] * 3),
]


@pytest.mark.parametrize(("reply", "authors", "strict", "lenient"), CASES)
def test_each_kind_of_reply(reply, authors, strict, lenient):
    expected = (authors, strict, lenient, strict, lenient)
    for (name, by), wanted in zip(PARSERS.items(), expected, strict=True):
        parsed = by.reports(reply, NAMES)
        assert (parsed.weights or parsed.failure) == wanted, name


def test_the_server_may_say_that_a_reply_was_cut_off():
    for name in ("strict-1", "strict-2"):
        assert PARSERS[name].reports("Well, I", NAMES, cut_off=True).failure == "cut off"


@pytest.mark.parametrize("name", ["lenient-1", "lenient-2"])
def test_lenient_mapping_is_recorded_and_only_unique_matches_count(name):
    lenient = PARSERS[name].reports
    parsed = lenient('{"Price": 1, "height": 2, "weight": 3}', NAMES)
    assert parsed.mapping == {"Price": "price", "height": "seat_height"}
    assert lenient('{"h": 1, "i": 2, "weight": 3}', ("high", "highest", "weight")).weights is None
    # An exact name is never given away to a key that merely contains it.
    both = lenient('{"price": 1, "unit price": 2}', ("price", "unit_price"))
    assert both.weights == (1.0, 2.0)


def test_choices_were_exactly_a_or_b():
    assert parse_choice("A") == "A"
    assert parse_choice("B") == "B"
    for reply in ("a", "A.", " A", "A\n", "Option A", "AB"):
        assert parse_choice(reply) == "not A or B", reply
    assert parse_choice("I cannot choose.") == "refusal"
    assert parse_choice(None) == "empty"


def test_unknown_parser():
    with pytest.raises(InputError, match=r"no parser 'strict-9'.*strict-1"):
        parser("strict-9")


numbers = st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.booleans(), st.none())
keys = st.one_of(st.sampled_from([*NAMES, "A", "Price", "seat height"]), st.text(max_size=8))
objects = st.dictionaries(keys, numbers, max_size=5).map(json.dumps)
broken = st.tuples(objects, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]])
wrapped = st.tuples(st.text(max_size=15), objects, st.text(max_size=15)).map("".join)
replies = st.one_of(st.text(), objects, broken, wrapped, st.none())


def check_classified(reply, cut_off):
    for by in PARSERS.values():
        choice = by.choices(reply, cut_off=cut_off)
        assert choice.choice in {"A", "B"} or choice.failure in FAILURES
        parsed = by.reports(reply, NAMES, cut_off=cut_off)
        assert (parsed.weights is None) == (parsed.failure is not None)
        if parsed.weights is None:
            assert parsed.failure in FAILURES
        else:
            assert len(parsed.weights) == len(NAMES)
    assert parse_choice(reply) in {"A", "B", *FAILURES}


@settings(max_examples=examples(1_000), deadline=None)
@example(reply="{" * 5_000, cut_off=False)
@example(reply='{"a":' * 5_000, cut_off=False)
@example(reply='{"price": ' + "9" * 5_000 + "}", cut_off=False)
@given(reply=replies, cut_off=st.booleans())
def test_every_reply_is_classified(reply, cut_off):
    check_classified(reply, cut_off)


@pytest.mark.slow
@settings(max_examples=100_000, deadline=None)
@given(reply=replies, cut_off=st.booleans())
def test_a_hundred_thousand_replies_are_classified(reply, cut_off):
    check_classified(reply, cut_off)


@settings(max_examples=examples(300), deadline=None)
@given(reply=replies)
def test_a_stricter_parser_accepts_no_more_and_reads_the_same(reply):
    strict, authors, lenient, strict_2, lenient_2 = (
        PARSERS[name].reports(reply, NAMES)
        for name in ("strict-1", "plunkett2025-1", "lenient-1", "strict-2", "lenient-2")
    )
    if strict_2.weights is not None:
        assert lenient_2 == strict_2
    if strict.weights is not None:
        assert lenient.weights == strict.weights == strict_2.weights
        assert authors.weights in {strict.weights, None}  # the authors' rule knows no CRLF fences
