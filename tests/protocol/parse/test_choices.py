import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect_bayes.protocol.parse import LIBERTIES, parser
from introspect_bayes.protocol.parse.refusals import is_refusal

STRICT, LENIENT = parser("strict"), parser("lenient")


@pytest.mark.parametrize("reply", ["A", "\n\nA", "A\n", " A ", "<think>B. No.</think>\n\nA"])
def test_strict_takes_blanks_around_the_letter_and_what_follows_thinking(reply):
    assert STRICT.choices(reply).choice == "A"
    assert LENIENT.choices(reply) == STRICT.choices(reply)


@pytest.mark.parametrize(
    ("reply", "liberty"),
    [
        ("A.", "punctuation"),
        ("A)", "punctuation"),
        ("**A**", "emphasis"),
        ("`A`", "emphasis"),
        ("```\nA\n```", "emphasis"),
        ("\\boxed{A}", "emphasis"),
        ('"A"', "quotes"),
        ("(A)", "brackets"),
        ("[A]", "brackets"),
        ("Option A", "the word option"),
        ("**Option A:**", "the word option"),
        ("<answer>A</answer>", "answer tag"),
        ("The price is lower.\n<answer>A</answer>", "answer tag"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", "full-width letter"),
        ("A<|im_end|>", "special token"),
        ("A</s>", "special token"),
        ("A<end_of_turn>\n", "special token"),
        ("I like B, but price matters more.\n\n**Final answer:** A", "after a marker"),
    ],
)
def test_lenient_takes_a_letter_in_many_forms_and_records_the_liberty(reply, liberty):
    read = LENIENT.choices(reply)
    assert read.choice == "A"
    assert liberty in read.liberties
    assert set(read.liberties) <= set(LIBERTIES)
    assert STRICT.choices(reply).failure == "not A or B"


@pytest.mark.parametrize(
    "reply", ["A or B", "AB", "a", "A B", "A/B", "C", "Answer: A or B", "A chair", "Option C"]
)
def test_no_parser_guesses_a_letter(reply):
    assert STRICT.choices(reply).failure == LENIENT.choices(reply).failure == "not A or B"


@given(st.text(alphabet="AB .*()<>/think\n:", max_size=30))
def test_what_strict_reads_lenient_reads_the_same(reply):
    if STRICT.choices(reply).choice is not None:
        assert LENIENT.choices(reply) == STRICT.choices(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "A because I don't like B",
        "B: I can't afford A.",
        "A, since I won't drive that far",
        "I do not like noise, so B.",
        "I can't stand noise: A",
        "A. I cannot choose the dearer one.",
        "I can't help but prefer A",
        "Option B, as I don't have a car",
        "I'm afraid of heights, hence A",
        "I won't give up the balcony: B",
    ],
)
def test_a_reason_is_no_refusal(reply):
    for by in (STRICT, LENIENT):
        assert by.choices(reply).failure == "not A or B"


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot choose.",
        "I can\N{RIGHT SINGLE QUOTATION MARK}t make this decision for you.",
        "As an AI, I have no preferences.",
        "As an AI language model I choose nothing.",
        "I am unable to assist with this request",
        "I do not have personal preferences.",
        "I won't answer that.",
        "I must decline.",
    ],
)
def test_a_refusal_is_one(reply):
    assert is_refusal(reply)
    assert LENIENT.choices(reply).failure == "refusal"
