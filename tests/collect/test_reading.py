import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.collect.model_names import is_same_model
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


NAMES = ("x", "x:latest", "x:free", "x-latest", "x-2024-07-18", "org/X:free", "/w/x.gguf")


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4o-2024-08-06", "gpt-4o", True),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", False),
        ("gpt-4o-mini", "gpt-4o", False),
        ("llama3.2", "llama3.2:latest", True),
        ("Qwen/Qwen2.5-7B", "qwen2.5-7b", True),
        ("smollm2", "/weights/smollm2.gguf", True),
        ("a", "b", False),
        ("a.c", "abc", False),
        *((one, other, True) for one in NAMES for other in NAMES),
        ("x:7b", "x:70b", False),
        ("x:7b", "x", False),
        ("x-7b", "x-70b", False),
        ("x-mini:free", "x:free", False),
        ("gpt-4-0613", "gpt-4-0314", False),
        ("claude-3-5-sonnet-latest", "anthropic/claude-3-5-sonnet-20240620", True),
        ("gemini-1.5-flash", "models/gemini-1.5-flash-002", True),
        ("gemini-1.5-flash", "gemini-1.5-flash-8b", False),
        ("", "latest", False),
    ],
)
def test_what_a_server_may_call_a_model(asked, answered, same):
    assert is_same_model(asked, answered) is same


@pytest.mark.parametrize(
    "key",
    ["none", "lm-studio", "sk-no-key-required", "EMPTY", "vllm", "llama.cpp", "ollama",
     "not-needed",     "your_api_key", "sk-xxxxxxxx", "test-key"],
)  # fmt: skip
def test_a_placeholder_key_is_no_secret_and_a_reply_stays_whole(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    reply = f"{key} of them, in {key}'s own words"
    assert Secret.from_environment(required=True).scrub(reply) == reply


@pytest.mark.parametrize(
    "key", ["lm-studio-4f1c9a", "sk-proj-token-77", "hunter2", "sk-0123456789"]
)
def test_what_only_resembles_a_placeholder_is_a_secret(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert Secret.from_environment(required=True).scrub(f"it is {key}") == "it is [key removed]"


def test_a_missing_key_is_none(monkeypatch):
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
