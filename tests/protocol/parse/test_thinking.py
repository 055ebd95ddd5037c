import json

import pytest

from introspect_bayes.protocol.parse import PARSERS, parser

NAMES = ("price", "seat_height")
DRAFT, FINAL = '{"price": -40, "seat_height": 10}', '{"price": 40, "seat_height": -10}'
NEWEST = [parser("strict"), parser("lenient")]
THINKING = [
    "<think>\nSay {draft}? No.\n</think>\n\n{final}",
    "<think>{draft}</think>{final}",
    "Say {draft}? No.</think>{final}",
    "<thinking>{draft}</thinking>\n{final}",
    "<reasoning>{draft}</reasoning>\n{final}",
    "<seed:think>{draft}</seed:think>{final}",
    "[THINK]{draft}[/THINK]{final}",
    "\u25c1think\u25b7{draft}\u25c1/think\u25b7{final}",
    "<|START_THINKING|>{draft}<|END_THINKING|>{final}",
    "<think>{draft}</think> or <think>{draft}</think>{final}",
    "<|channel|>analysis<|message|>{draft}<|end|><|start|>assistant<|channel|>final<|message|>{final}",
    (
        "<|channel|>analysis<|message|>{draft}<|end|><|start|>assistant<|channel|>final "
        "<|constrain|>json<|message|>{final}<|return|>"
    ),
    "analysisSay {draft}?assistantfinal{final}",
]


def filled(form, draft, final):
    return form.replace("{draft}", draft).replace("{final}", final)


@pytest.mark.parametrize("form", THINKING)
@pytest.mark.parametrize("by", NEWEST, ids=lambda by: by.name)
def test_a_draft_is_never_read(by, form):
    report = by.reports(filled(form, DRAFT, FINAL), NAMES)
    assert report.weights == (40, -10)
    assert report.liberties == ("thinking left out",)
    choice = by.choices(filled(form, "B", "A"))
    assert (choice.choice, choice.liberties) == ("A", ("thinking left out",))
    draft, final = (json.dumps(dict.fromkeys(NAMES, truth)) for truth in (False, True))
    assert by.ablations(filled(form, draft, final), NAMES).changes == (True, True)


@pytest.mark.parametrize(
    "reply",
    [
        f"<think>{DRAFT}",
        f"<think>{DRAFT}</think>",
        f"{FINAL}<think>{DRAFT}",
        f"<think>{DRAFT}</think>\n<think>{DRAFT}",
        f"[THINK]{DRAFT}",
        f"<|channel|>analysis<|message|>{DRAFT}",
    ],
)
@pytest.mark.parametrize("by", NEWEST, ids=lambda by: by.name)
def test_thinking_without_an_answer_is_none(by, reply):
    assert by.reports(reply, NAMES).failure == "thinking only"
    assert by.reports(reply, NAMES, cut_off=True).failure == "cut off while thinking"
    assert by.ablations(reply, NAMES).failure == "thinking only"
    assert by.choices(reply.replace(DRAFT, "A").replace(FINAL, "B")).failure == "thinking only"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (f"{DRAFT}\n{FINAL}", "two objects"),
        (f"First {DRAFT}, or rather {FINAL}.", "two objects"),
        (f"First {DRAFT}. Final answer: {FINAL}", (40, -10)),
        (f"First {DRAFT}.\n\n**Final answer:**\n```json\n{FINAL}\n```", (40, -10)),
        (f"### Draft\n{DRAFT}\n### Final answer\n{FINAL}", (40, -10)),
        (f"<draft>{DRAFT}</draft>{FINAL}", (40, -10)),
        (f"{DRAFT}<answer>{FINAL}</answer>", (40, -10)),
        (f"First {DRAFT}. Final answer: {FINAL} I hope that helps.", "two objects"),
        (f"{DRAFT} Now: {{'price': 40, 'seat_height': -10}}", "two objects"),
        (f'{DRAFT} Now: {{"price": 40, "sea', "cut off"),
        (f"Weights {{like this}}: {FINAL}", (40, -10)),
        (f"In {{braces}} and {{more}}, {FINAL} as asked {{above}}.", (40, -10)),
        (f"{{{FINAL}}}", (40, -10)),
        ('{"A": {"price": 40, "seat_height": -10},}', "not JSON"),
        (f"{FINAL}<|im_end|>", (40, -10)),
    ],
)
def test_of_two_objects_neither_counts_unless_the_last_stands_alone_after_a_marker(reply, expected):
    read = parser("lenient").reports(reply, NAMES)
    assert (read.weights or read.failure) == expected
    assert bool(read.liberties) == (read.weights is not None)


def test_letters_of_options_are_no_attributes():
    for names in (("battery_life", "brand"), ("a_level", "bus_stop"), ("price", "seat_height")):
        for reply in ('{"A": 60, "B": 40}', '{"option A": 60, "option B": 40}', '{"a": 1, "b": 2}'):
            read = parser("lenient").reports(reply, names)
            assert (read.weights, read.failure) == (None, "option-letter key"), names
    assert parser("lenient").reports('{"A": 60, "B": 40}', ("A", "B")).weights == (60, 40)


def test_a_part_of_a_name_is_made_of_whole_words():
    lenient = parser("lenient").reports
    assert lenient('{"height": 1, "price": 2}', NAMES).weights == (2, 1)
    assert lenient('{"SeatHeight": 1, "unit price": 2}', NAMES).weights == (2, 1)
    assert lenient('{"eight": 1, "price": 2}', NAMES).failure == "foreign key"
    assert lenient('{"rice": 2, "seat_height": 1}', NAMES).failure == "foreign key"


def test_numbers_as_text_are_numbers_as_people_write_them():
    lenient = parser("lenient").reports
    for text, number in {"40": 40, "+40%": 40, "\N{MINUS SIGN}3.5": -3.5}.items():
        read = lenient(json.dumps({"price": text, "seat_height": 1}), NAMES)
        assert (read.weights, read.liberties) == ((number, 1), ("number as text",))
    others_digits = ("\uff11\uff10", "\u0661")
    for text in ("1_0", "6_0", *others_digits, "nan", "0x2", "infinity", "high", "1" * 20):
        assert lenient(json.dumps({"price": text, "seat_height": 1}), NAMES).failure


def test_first_versions_read_as_they_did():
    reply = f"<think>{DRAFT}</think>{FINAL}"
    assert parser("lenient-1").reports(reply, NAMES).weights == (-40, 10)
    assert parser("strict-1").reports(reply, NAMES).failure == "not JSON"
    underscored = '{"price": "6_0", "seat_height": 1}'
    assert parser("lenient-1").reports(underscored, NAMES).weights == (60, 1)
    for name in ("strict-1", "lenient-1", "plunkett2025-1"):
        assert PARSERS[name].choices("\nA").failure == "not A or B"
        assert PARSERS[name].choices("A").choice == "A"
    assert parser("plunkett2025").name == "plunkett2025-1"
