"""A study is read by the newest parser of the kind that it names, and what that changes is said."""

import json

import pytest

import introspect_bayes as ib
from introspect_bayes.errors import InputError
from introspect_bayes.presentation.readings import reading_notes, reading_record
from introspect_bayes.protocol.parse import text_of_content
from introspect_bayes.protocol.parse.bodies import why_blank
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts

COUNTS = Counts(native_choices=2, reports=3)


def thinking(messages, replicate):
    user = messages[-1]["content"]
    if user.startswith("[DECISION TASK]"):
        return "<think>B? No.</think>\n\nA", "stop"
    names = [line.split(":")[0] for line in user.split("\nA:\n")[1].split("\n\n")[0].splitlines()]
    draft, final = (json.dumps(dict.fromkeys(names, weight)) for weight in (-50, 50))
    return f"<think>Say {draft}? No.</think>\n{final}", "stop"


@pytest.fixture
def folder(answer_study, tmp_path):
    answer_study(tmp_path / "s", {Model("m", "m"): thinking}, COUNTS, native=2)
    return tmp_path / "s"


def name_parser(folder, name):
    path = folder / "study.toml"
    text = path.read_text()
    assert '"strict-2"' in text
    path.write_text(text.replace('"strict-2"', f'"{name}"'))


def test_a_study_of_a_thinking_model_is_read_after_its_thinking(folder):
    study = ib.load_study(folder)
    assert set(study.choices["selection"]) == {"A"}
    assert set(study.reports["reported"]) == {50.0}
    assert (study.parser, study.named_parser) == ("strict-2", "strict-2")
    assert study.read_otherwise.empty
    assert dict(zip(study.liberties["task"], study.liberties["count"], strict=True)) == {
        "decision": 4,
        "report": 6,
    }


def test_what_the_named_version_read_otherwise_is_counted(folder):
    name_parser(folder, "strict-1")
    study = ib.load_study(folder)
    assert set(study.reports["reported"]) == {50.0}
    (record,) = reading_record(study).values()
    assert record["read_otherwise"] == [
        {"task": "decision", "before": "not A or B", "now": "A", "count": 4},
        {"task": "report", "before": "not JSON", "now": "valid report", "count": 6},
    ]
    notes = " ".join(reading_notes(study))
    assert "4 choices from not A or B to A" in notes
    assert "--parser strict-1" in notes
    assert set(ib.load_study(folder, parser="lenient-1").reports["reported"]) == {-50.0}
    before = ib.load_study(folder, parser="strict-1")
    assert before.choices.empty
    assert before.read_otherwise.empty


def test_lenient_drafts_are_another_report(folder):
    name_parser(folder, "lenient-1")
    study = ib.load_study(folder)
    assert study.parser == "lenient-2"
    changed = study.read_otherwise.set_index("task")
    assert changed.loc["report", "now"] == "another valid report"


def test_a_parser_that_nobody_knows_is_named_with_its_file(folder):
    name_parser(folder, "strict-9")
    with pytest.raises(InputError, match=r"study.toml: no parser 'strict-9'.*--parser"):
        ib.load_study(folder)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "A"}], "A"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "B"}]}, {"text": "A"}], "A"),
        ([{"type": "reasoning", "text": "B"}, {"type": "output_text", "text": "A"}], "A"),
        ([{"type": "thinking", "thinking": "B"}], None),
        ([], None),
        ("A", "A"),
        (None, None),
        (7, 7),
    ],
)
def test_content_in_parts_is_its_text_without_thinking(content, text):
    assert text_of_content(content) == text


@pytest.mark.parametrize(
    ("message", "more", "cut_off", "why"),
    [
        ({"reasoning_content": "A?"}, {}, True, "cut off while thinking"),
        ({"reasoning": "A"}, {}, False, "thinking only"),
        ({"content": [{"type": "thinking", "thinking": "A"}]}, {}, False, "thinking only"),
        ({}, {"usage": {"completion_tokens_details": {"reasoning_tokens": 9}}}, True,
         "cut off while thinking"),
        ({"tool_calls": [{"id": "1"}]}, {}, False, "in tool calls"),
        ({}, {"text": "A"}, False, "in another field"),
        ({}, {}, True, "cut off before any text"),
        ({}, {}, False, "empty"),
    ],
)  # fmt: skip
def test_a_blank_reply_says_where_its_tokens_went(message, more, cut_off, why):
    text = {"text": more.pop("text")} if "text" in more else {}
    body = {"choices": [{"message": {"content": None, **message}, **text}], **more}
    assert why_blank(json.dumps(body).encode(), cut_off=cut_off) == why
