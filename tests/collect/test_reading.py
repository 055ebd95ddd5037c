import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.collect.asking import is_same_model, retry_after
from introspect_bayes.collect.reading import Reading, read_body
from introspect_bayes.collect.secrets import REMOVED, Secret
from introspect_bayes.errors import InputError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_read_or_named(body):
    assert isinstance(read_body(body), Reading | str)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "choices": ANYTHING
            | st.lists(st.fixed_dictionaries({"message": ANYTHING}), min_size=1, max_size=1),
            "usage": ANYTHING,
            "model": ANYTHING,
            "error": ANYTHING,
            "system_fingerprint": ANYTHING,
        },
    )
)
def test_any_json_is_read_or_named_and_can_be_stored(answer):
    reading = read_body(json.dumps(answer).encode())
    text = reading if isinstance(reading, str) else reading.text or ""
    assert text.encode("utf-8") is not None
    if isinstance(reading, Reading):
        assert isinstance(answer["choices"][0]["message"], dict)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_reply_is_kept_word_for_word(text):
    message = {"content": text}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
    assert read_body(body).text == text


def test_retry_after_as_a_date():
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert retry_after({"retry-after": format_datetime(soon)}) == pytest.approx(30, abs=2)
    past = datetime.now(UTC) - timedelta(days=1)
    assert retry_after({"retry-after": format_datetime(past)}) == 0
    assert retry_after({"retry-after-ms": "1500", "retry-after": "9"}) == 1.5
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4o-2024-08-06", "gpt-4o", False),
        ("llama3.2", "llama3.2:latest", True),
        ("Qwen/Qwen2.5-7B", "qwen2.5-7b", True),
        ("smollm2", "/weights/smollm2.gguf", True),
        ("a", "b", False),
        ("a.c", "abc", False),
    ],
)
def test_what_a_server_may_call_a_model(asked, answered, same):
    assert is_same_model(asked, answered) is same


def test_a_placeholder_key_is_no_secret_and_a_short_reply_stays_whole(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert Secret.from_environment(required=True).scrub("none of them") == "none of them"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert Secret.from_environment(required=False).value == "none"


def test_a_key_is_trimmed_and_never_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", " sk-1234567890\n")
    key = Secret.from_environment(required=True)
    assert key.value == "sk-1234567890"
    assert "1234567890" not in repr(key)
    for bad in ("sk-123 4567890", "sk-1234567890…", "sk-12345\x007890".replace("\x00", "\x01")):
        monkeypatch.setenv("OPENAI_API_KEY", bad)
        with pytest.raises(InputError, match="cannot be sent") as caught:
            Secret.from_environment(required=True)
        assert "4567890" not in str(caught.value)


@settings(deadline=None)
@given(st.text(), st.text())
def test_the_key_never_survives(before, after):
    key = Secret('sk-/"quoted\\key"')
    body = json.dumps({"said": before + key.value + after}).encode()
    scrubbed = key.scrub_bytes(body)
    assert key.value not in json.loads(scrubbed)["said"]
    assert REMOVED in json.loads(scrubbed)["said"]
