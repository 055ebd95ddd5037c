import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.collect.stated_waits import is_loading, stated_wait

DATE = "Thu, 06 Mar 2025 23:59:30 GMT"
LATER = "Fri, 07 Mar 2025 00:00:15 GMT"
EPOCH = int(datetime(2025, 3, 7, 0, 0, 15, tzinfo=UTC).timestamp())

GOOGLE = """{"error": {"code": 429, "message": "You exceeded your current quota. Please retry in
45.808734s.", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "RetryInfo", "retryDelay":
"45s"}]}}"""
OPENAI = """{"error": {"message": "Rate limit reached for gpt-4o in organization org-1 on requests
per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 6m0s. Visit https://x/1 to learn
more.", "type": "requests", "code": "rate_limit_exceeded"}}"""


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "20s"}, 20),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ms-retry-after-ms": "120"}, 0.12),
        ({"retry-after": LATER, "date": DATE}, 45),
        ({"retry-after": DATE, "date": LATER}, 0),
        ({"x-ratelimit-reset-requests": "1s"}, 1),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-reset": str(EPOCH), "date": DATE}, 45),
        ({"x-ratelimit-reset": str(EPOCH * 1000), "date": DATE}, 45),
        ({"ratelimit-reset": "30"}, 30),
        ({"anthropic-ratelimit-requests-reset": "2025-03-07T00:00:15Z", "date": DATE}, 45),
        ({"x-ratelimit-reset-requests": "1h2m3s", "retry-after": "4"}, 4),
        ({"x-ratelimit-reset-requests": "8h0m0s", "x-ratelimit-remaining-requests": "14",
          "x-ratelimit-reset-tokens": "7.66s", "x-ratelimit-remaining-tokens": "12"}, 7.66),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-tokens": "1m", "x-ratelimit-remaining-tokens": "90"}, 2),
        ({"x-ratelimit-reset-requests": "8h", "x-ratelimit-remaining-requests": "3"}, None),
        ({"retry-after": "soon", "x-ratelimit-limit": "10"}, None),
        ({}, None),
    ],
    ids=str,
)  # fmt: skip
def test_waits_in_headers(headers, wait):
    assert stated_wait(headers, b"") == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        (GOOGLE, 45),
        (OPENAI, 360),
        ("Please retry in 45.8s.", 45.8),
        ("Too many requests, please try again in 120ms", 0.12),
        ("Please retry after 20 seconds.", 20),
        ("Try again in about 1 minute and 30 seconds", 90),
        ("Rate limit resets in 2 hours", 7200),
        ("Wait for 1h2m3.5s", 3723.5),
        ('{"retry_after": 12.5}', 12.5),
        ('{"retry_after_ms": 1500}', 1.5),
        ('{"retryAfter": "3s"}', 3),
        (json.dumps({"error": {"message": GOOGLE}}), 45.808734),
        ('{"error": "Model x is currently loading", "estimated_time": 20.0}', 20),
        ("The limit is 10 in 60 s", None),
        ("Try again later. Your 30-day plan has 20 s of credit", None),
        ("", None),
    ],
)
def test_waits_in_the_body(body, wait):
    assert stated_wait({}, body.encode()) == (None if wait is None else pytest.approx(wait))


def test_a_date_is_compared_with_our_clock_where_the_server_tells_no_time():
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert stated_wait({"retry-after": format_datetime(soon)}, None) == pytest.approx(30, abs=2)


def test_only_who_comes_too_early_is_told_to_wait_in_words_and_resets():
    reset = {"x-ratelimit-reset-tokens": "6m0s"}
    assert stated_wait(reset, b"") == 360
    assert stated_wait(reset, None) is None
    assert stated_wait({"retry-after": "3"}, None) == 3


@pytest.mark.parametrize(
    ("status", "body", "loading"),
    [
        (503, '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}', True),
        (503, '{"error": "Model org/x is currently loading", "estimated_time": 20.0}', True),
        (503, "llm server loading model", True),
        (500, '{"error": "error loading model /x: unable to allocate buffer"}', False),
        (500, '{"error": "failed to load the model"}', False),
        (503, "The server is overloaded", False),
        (404, "The model is loading", False),
    ],
)
def test_whether_a_server_is_loading_the_model(status, body, loading):
    assert is_loading(status, body) is loading


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-reset"]), st.text()),
       st.binary())  # fmt: skip
def test_anything_is_a_wait_or_none(headers, body):
    wait = stated_wait(headers, body)
    assert wait is None or wait >= 0
    assert isinstance(is_loading(503, body.decode(errors="replace")), bool)


@pytest.mark.parametrize(
    "text", ["retry ", "again 1", "1 ", '"retry_after":', "model ", "loading "]
)
def test_reading_a_body_grows_no_faster_than_the_body(text):
    def seconds(times):
        body = (text * times).encode()
        began = time.perf_counter()
        stated_wait({}, body)
        is_loading(503, body.decode())
        return time.perf_counter() - began

    short, long = (min(seconds(times) for _ in range(5)) for times in (250, 2500))
    assert long < 60 * short
