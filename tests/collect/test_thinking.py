"""A server whose model thinks: its draft is never taken for what it says, wherever it stands."""

import json

import pytest

import introspect_bayes as ib
from chat_server import ChatServer, completion, sensible
from introspect_bayes.collect import collect_replies
from loopback import MODEL, impatient


def said_by(hit):
    return json.loads(sensible(hit).body)["choices"][0]["message"]["content"]


def draft_of(text):
    """The opposite of what is said in the end."""
    if text in {"A", "B"}:
        return "AB"[text == "A"]
    return json.dumps({name: -weight for name, weight in json.loads(text).items()})


def with_tags(text):
    return {"content": f"<think>Perhaps {draft_of(text)}? No.</think>\n\n{text}"}


def without_opening_tag(text):
    return {"content": f"Perhaps {draft_of(text)}? No.</think>\n\n{text}"}


def in_another_field(text):
    return {"content": f"\n\n{text}", "reasoning_content": f"Perhaps {draft_of(text)}?"}


def in_parts(text):
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": draft_of(text)}]}
    return {"content": [thought, {"type": "text", "text": text}]}


def answering(form):
    def script(hit):
        message = {"role": "assistant", **form(said_by(hit))}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return completion(None, MODEL, choices=choices)

    return script


def collected(study, script=None):
    with ChatServer(script) as server:
        found = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert found.complete
    assert found.warnings == []
    return found, ib.load_study(study)


@pytest.mark.parametrize("form", [with_tags, without_opening_tag, in_another_field, in_parts])
def test_only_what_is_said_in_the_end_is_read(prepare, form):
    found, study = collected(prepare("thinking"), answering(form))
    _, plain = collected(prepare("plain"))
    assert (found.snapshot.valid, found.snapshot.invalid) == (32, 0)
    assert study.choices["selection"].tolist() == plain.choices["selection"].tolist()
    assert study.reports["reported"].tolist() == plain.reports["reported"].tolist()


def test_a_model_that_only_thinks_is_said_to(study):
    form = {"content": "<think>A or B?"}
    choices = [{"index": 0, "message": {"role": "assistant", **form}, "finish_reason": "length"}]
    with ChatServer(lambda _: completion(None, MODEL, choices=choices)) as server:
        found = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    assert (found.snapshot.valid, found.snapshot.invalid) == (0, 32)
    assert any("cut off while thinking" in warning for warning in found.warnings)


def test_reports_on_a_scale_of_one_are_warned_of(study):
    def script(hit):
        text = said_by(hit)
        if text in {"A", "B"}:
            return None
        shares = {name: weight / 100 for name, weight in json.loads(text).items()}
        return completion(json.dumps(shares), MODEL)

    with ChatServer(script) as server:
        found = collect_replies(study, MODEL, base_url=server.address, settings=impatient())
    (warning,) = found.warnings
    assert "another scale" in warning
