import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from examples_drawn import examples
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse import FAILURES, PARSERS, parser

NAMES = ("price", "seat_height", "weight")
GOOD = '{"price": true, "seat_height": false, "weight": false}'

# reply, and what each parser makes of it: changes or failure (strict, lenient)
C = (True, False, False)
CASES = [
    (GOOD, C, C),
    (f"```json\n{GOOD}\n```", C, C),
    ('{"weight": false, "price": true, "seat_height": false}', C, C),
    (f"I think: {GOOD} because", "not JSON", C),
    ('{"Price": true, "seat height": false, "weight": false}', "partial key", C),
    ('{"price": "Yes", "seat_height": "no", "weight": " FALSE "}', "not true or false", C),
    ('{"price": 1, "seat_height": 0, "weight": 0.0}', "not true or false", C),
    ('{"price": 60, "seat_height": 0, "weight": 0}', *["not true or false"] * 2),
    ('{"price": "maybe", "seat_height": false, "weight": false}', *["not true or false"] * 2),
    ('{"price": null, "seat_height": false, "weight": false}', *["not true or false"] * 2),
    ('{"price": [true], "seat_height": false, "weight": {}}', *["not true or false"] * 2),
    ('{"price": NaN, "seat_height": false, "weight": false}', *["not true or false"] * 2),
    ('{"price": true, "seat_height": false}', *["wrong number of keys"] * 2),
    ('{"price": true, "price": true, "weight": false}', *["duplicate key"] * 2),
    ('{"A": true, "B": false, "weight": false}', *["option-letter key"] * 2),
    ('{"price": true, "seat_height": false, "comfort": false}', *["foreign key"] * 2),
    ('["price"]', *["not an object"] * 2),
    ("true", *["not an object"] * 2),
    ("", *["empty"] * 2),
    (None, *["empty"] * 2),
    ("I'm sorry, but I can't help with that.", *["refusal"] * 2),
    ('{"price": tr', *["cut off"] * 2),
    ("Only the price would.", *["not JSON"] * 2),
]


@pytest.mark.parametrize(("reply", "strict", "lenient"), CASES)
def test_each_kind_of_reply(reply, strict, lenient):
    expected = (strict, strict, lenient, strict, lenient)
    for (name, by), wanted in zip(PARSERS.items(), expected, strict=True):
        parsed = by.ablations(reply, NAMES)
        assert (parsed.changes or parsed.failure) == wanted, name


def test_liberties_are_recorded():
    lenient = parser("ablation-lenient-2").ablations
    parsed = lenient('{"Price": true, "height": false, "weight": false}', NAMES)
    assert parsed.mapping == {"Price": "price", "height": "seat_height"}
    assert lenient(GOOD, NAMES).mapping == {}


def test_unknown_parser():
    with pytest.raises(InputError, match=r"no parser 'ablation-strict-9'.*strict-1"):
        parser("ablation-strict-9")


values = st.one_of(
    st.booleans(), st.integers(-1, 2), st.floats(), st.none(), st.lists(st.booleans(), max_size=1),
    st.sampled_from(["yes", "No", "true", "FALSE", "1"]), st.text(max_size=5),
)  # fmt: skip
keys = st.one_of(st.sampled_from([*NAMES, "A", "Price", "seat height"]), st.text(max_size=8))
complete = st.fixed_dictionaries(dict.fromkeys(NAMES, values)).map(json.dumps)
objects = st.dictionaries(keys, values, max_size=5).map(json.dumps)
broken = st.tuples(complete, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]])
wrapped = st.tuples(st.text(max_size=15), complete, st.text(max_size=15)).map("".join)
replies = st.one_of(st.text(), objects, complete, broken, wrapped, st.none())


@settings(max_examples=examples(1_000), deadline=None)
@example(reply="{" * 5_000, cut_off=False)
@example(reply='{"price": ' + "9" * 5_000 + "}", cut_off=True)
@given(reply=replies, cut_off=st.booleans())
def test_every_reply_is_classified_and_the_lenient_parser_reads_what_the_strict_one_does(
    reply, cut_off
):
    strict, lenient = (
        parser(name).ablations(reply, NAMES, cut_off=cut_off) for name in ("strict", "lenient")
    )
    for parsed in (strict, lenient):
        assert (parsed.changes is None) == (parsed.failure is not None)
        if parsed.changes is None:
            assert parsed.failure in FAILURES
        else:
            assert len(parsed.changes) == len(NAMES)
            assert all(isinstance(change, bool) for change in parsed.changes)
    if strict.changes is not None:
        assert lenient.changes == strict.changes
        assert lenient.mapping == {}
