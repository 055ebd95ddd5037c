"""What failures mean: what is asked again, and whom a refusal concerns by its words."""

import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from shutil import which

import pytest

from chat_server import Answer, ChatServer, completion, error
from introspect_bayes.collect import CollectionStoppedError, collect_replies
from introspect_bayes.collect.error_bodies import ServerError, read_error
from introspect_bayes.collect.failures import failure_of
from introspect_bayes.collect.generations import failed_generation
from loopback import MODEL, answers, impatient, rows

NOTHING = {"prompt_tokens": 200, "completion_tokens": 0}
AZURE = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
    "management policy. Please modify your prompt and retry.",
    "code": "content_filter",
    "innererror": {"code": "ResponsibleAIPolicyViolation"},
}
OPENROUTER = {
    "message": 'openai/gpt-4o requires moderation. Your input was flagged for "violence".',
    "code": 403,
    "metadata": {"reasons": ["violence"], "flagged_input": "..."},
}


def generation(reason, text="", **choice):
    """A completion that ended for a reason, or whose choice holds more."""
    more = {} if text else {"usage": NOTHING}
    message = {"role": "assistant", "content": text}
    ended = {"index": 0, "message": message, "finish_reason": reason, **choice}
    return completion(text, MODEL, choices=[ended], **more)


FAILED = {
    "openrouter": generation("error", error={"code": 502, "message": "Upstream error"}),
    "error beside stop": generation("stop", "A", error={"message": "cut off"}),
    "vllm abort": generation("abort", "Opt"),
    "mistral": generation("error", "A"),
    "deepseek": generation("insufficient_system_resource"),
    "glm": generation("network_error", "A"),
    "gemini": generation("function_call_filter: MALFORMED_FUNCTION_CALL"),
    "no tokens": generation("stop"),
    "nothing at all": Answer(b'{"choices": [{"message": {"content": null}}]}'),
}


@pytest.mark.parametrize("fault", FAILED.values(), ids=FAILED)
def test_a_failed_generation_is_asked_again_and_no_answer(study, fault):
    with ChatServer(lambda hit: fault if 2 <= hit.number < 5 else None) as server:
        result = collect_replies(
            study, MODEL, base_url=server.address, settings=impatient(limit=6, concurrency=1)
        )
    assert result.counts.failed == {"failed generation": 3}
    assert (result.snapshot.answered, len(server.hits)) == (6, 9)
    assert {text for _, text, _ in answers(study)} - {"A", "B"} == {
        text for _, text, _ in answers(study) if text.startswith("{")
    }
    bodies = rows(study, "SELECT body FROM outcomes WHERE kind = 'failed generation'")
    assert bodies == [(fault.body,)] * 3


@pytest.mark.parametrize(
    "answer",
    [
        completion("", MODEL),
        completion(None, MODEL, message={"refusal": "I cannot."}, usage=NOTHING),
        completion("", MODEL, message={"reasoning_content": "Hm."}, usage=NOTHING),
        generation("length", "A"),
        Answer(b'{"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}'),
    ],
)
def test_a_bad_answer_is_no_failed_generation(answer):
    assert failed_generation(answer.body) is None


@pytest.mark.parametrize("reason", ["content_filter", "sensitive", "content_filter: SAFETY"])
def test_a_filtered_answer_is_a_refusal_whether_text_came_or_not(reason):
    for text in ("", "A"):
        failure, said = failed_generation(generation(reason, text).body)
        assert (failure.kind, failure.concern) == ("refused by server", "request")
        assert reason in said


@pytest.mark.parametrize(
    ("status", "stated", "concern"),
    [
        (400, AZURE, "request"),
        (403, OPENROUTER, "request"),
        (403, {"message": "input was flagged"}, "request"),
        (400, {"message": "Invalid prompt: your prompt was flagged: usage policy"}, "request"),
        (400, {"message": "bad", "code": "data_inspection_failed"}, "request"),
        (403, {"message": "Content violates usage guidelines. API key ID: 4"}, "request"),
        (400, {"message": "filtered"}, "request"),
        (400, {"message": "maximum context length is 4096 tokens"}, "perhaps request"),
        (400, {"message": "temperature is not supported"}, "perhaps request"),
        (403, {"message": "Forbidden"}, "perhaps request"),
        (403, {"message": "Your account was flagged for violating our policy"}, "everything"),
        (403, {"message": "Country, region, or territory not supported"}, "everything"),
        (403, {"message": "This API key is not allowed to use gpt-9"}, "everything"),
        (400, {"message": "API key not valid. Please pass a valid API key."}, "everything"),
        (401, {"message": "input was flagged"}, "everything"),
        (404, {"message": "The model does not exist"}, "everything"),
        (402, {"message": "Insufficient credits"}, "everything"),
        (429, {"message": "content filter overloaded"}, "call"),
        (503, AZURE, "call"),
    ],
)
def test_words_and_status_tell_what_a_failure_is_about(status, stated, concern):
    shapes = [{"error": stated}, [{"error": stated}], {"object": "error", **stated}]
    for shape in shapes:
        read = read_error(json.dumps(shape).encode())
        assert failure_of(status, read).concern == concern
    text = ServerError(stated["message"])
    assert concern == "request" or failure_of(status, text).concern in {concern, "call"}


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ({"error": {"code": 402, "message": "Insufficient credits"}}, "quota"),
        ({"error": {"code": "insufficient_quota", "message": "no"}}, "quota"),
        ({"error": {"code": 401, "message": "No auth"}}, "does not accept the key"),
        ({"error": {"code": 404, "message": "No endpoints found"}}, "no such model"),
        ({"object": "error", "code": 401, "message": "No auth"}, "does not accept the key"),
        ({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "lack /v1 at"),
    ],
)
@pytest.mark.parametrize("start", [0, 3])
def test_an_error_of_status_200_means_what_its_code_says(study, stated, named, start):
    fault = Answer(json.dumps(stated).encode())
    with ChatServer(lambda hit: fault if hit.number >= start else None) as server:
        address = server.address.removesuffix("/v1") if "lack" in named else server.address
        with pytest.raises(CollectionStoppedError, match=named):
            collect_replies(study, MODEL, base_url=address, settings=impatient(concurrency=1))
    assert len(server.hits) == start + 1


@pytest.mark.parametrize(
    ("code", "kind"), [(429, "rate limited"), (502, "server error"), (408, "timeout")]
)
def test_an_error_of_status_200_that_passes_is_asked_again(study, code, kind):
    fault = Answer(json.dumps({"error": {"code": code, "message": "wait"}}).encode())
    with ChatServer(lambda hit: fault if hit.number < 2 else None) as server:
        result = collect_replies(study, MODEL, base_url=server.address, settings=impatient(limit=3))
    assert result.counts.failed == {kind: 2}
    assert result.snapshot.answered == 3


@pytest.mark.parametrize("status", [403, 404, 503, 200])
def test_a_web_page_is_named_as_one(study, status):
    page = Answer(
        b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>",
        status,
        {"content-type": "text/html"},
    )
    with ChatServer(lambda hit: page) as server:  # noqa: ARG005
        address = server.address.removesuffix("/v1")
        settings = impatient(attempts=2)
        if status in {403, 404}:
            with pytest.raises(CollectionStoppedError, match="web page came instead") as stopped:
                collect_replies(study, MODEL, base_url=address, settings=settings)
            assert "key" not in str(stopped.value)
            assert "Just a moment" in str(stopped.value)
        else:
            message = collect_replies(study, MODEL, base_url=address, settings=settings).message
            assert ("Just a moment" if status != 200 else "lack /v1") in message


@contextmanager
def plain_server(certificate=None, key=None):
    """Serve with Python's own server, in TLS where there is a certificate; yields the port."""
    server = HTTPServer(("127.0.0.1", 0), type("Mute", (BaseHTTPRequestHandler,), {}))
    server.RequestHandlerClass.log_message = lambda *_: None
    server.handle_error = lambda *_: None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def require_one_attempt(study, port, named):
    address = f"https://127.0.0.1:{port}/v1"
    with pytest.raises(CollectionStoppedError, match=named):
        collect_replies(study, MODEL, base_url=address, settings=impatient())
    assert rows(study, "SELECT count(*) FROM attempts") == [(1,)]


def test_https_to_a_server_that_speaks_http_is_said_at_once(study):
    with plain_server() as port:
        require_one_attempt(study, port, "http:// instead of https://")


@pytest.mark.skipif(which("openssl") is None, reason="needs openssl to make a certificate")
def test_an_untrusted_certificate_hints_at_ssl_cert_file(study, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    with plain_server(certificate, key) as port:
        require_one_attempt(study, port, "SSL_CERT_FILE")


def test_an_error_in_a_choice_may_be_about_the_account(study):
    fault = generation("error", error={"code": 402, "message": "no credits left"})
    with (
        ChatServer(lambda hit: fault if hit.number else None) as server,
        pytest.raises(CollectionStoppedError, match="quota"),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(concurrency=1))
    assert len(server.hits) == 2


def test_a_missing_model_stops_the_run_midway(study):
    with (
        ChatServer(lambda hit: error(404, "gone") if hit.number >= 5 else None) as server,
        pytest.raises(CollectionStoppedError, match="no such model"),
    ):
        collect_replies(study, MODEL, base_url=server.address, settings=impatient(concurrency=1))
    assert len(server.hits) == 6
