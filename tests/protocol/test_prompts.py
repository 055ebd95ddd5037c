import json

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import Attribute, DecisionContext
from introspect_bayes.protocol.prompts import (
    PromptTemplate,
    read_template,
    report_answer,
    shipped_template,
    training_example,
)
from introspect_bayes.protocol.trials import Options

SHELF = DecisionContext(
    "shelf",
    "Imagine you are Io. Which shelf would you buy?",
    (Attribute("width", 10, 90, "cm"), Attribute("tilt", 0.1, 0.5, "")),
)


def test_the_papers_layout():
    messages = shipped_template("decision-1").messages(SHELF, Options((20.0, 0.25), (30.0, 0.1)))
    assert [message["role"] for message in messages] == ["system", "user"]
    opening, rest = messages[1]["content"].split("\n", 1)
    assert opening.startswith("[DECISION TASK]")
    assert rest == (
        "\nImagine you are Io. Which shelf would you buy?\n"
        "A:\nwidth: 20.0 cm\ntilt: 0.25\n\nB:\nwidth: 30.0 cm\ntilt: 0.1"
    )


def test_reports_state_the_number_of_attributes():
    user = shipped_template("report-1").messages(SHELF, Options((20, 0.2), (30, 0.1)))[1]["content"]
    assert "each of the two dimensions" in user
    assert "with 2 key-value pairs" in user


@pytest.mark.parametrize(
    ("user", "complaint"),
    [
        ("{question} {option_a}", r"lacks the placeholder \{option_b\}"),
        ("{question} {option_a} {option_b} {answer}", r"unknown placeholder \{answer\}"),
        ('{question} {option_a} {option_b} {"a": 1}', "unknown placeholder|literal brace"),
        ("{question} {option_a} {option_b} {", "literal brace twice"),
    ],
)
def test_templates_with_wrong_placeholders_are_refused(user, complaint):
    with pytest.raises(InputError, match=complaint):
        PromptTemplate("mine-1", "decision", "", user)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('name = "x"', "mine.toml: lacks task"),
        ("name = ", "mine.toml: "),
        ('name = "x"\ntask = "dance"\nsystem = ""\nuser = ""', "must be decision or report"),
    ],
)
def test_malformed_template_files(tmp_path, text, complaint):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_template(path)


def test_training_examples_are_chat_json():
    line = training_example([{"role": "user", "content": "?"}], report_answer(SHELF, [5, -100]))
    (user, assistant) = json.loads(line)["messages"]
    assert user["role"] == "user"
    assert json.loads(assistant["content"]) == {"width": 5, "tilt": -100}
