"""One call to a chat API, and how it ended."""

import asyncio
import ipaddress
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from introspect_bayes.collect.connections import disconnection
from introspect_bayes.collect.error_bodies import ServerError, is_page, read_error
from introspect_bayes.collect.failures import Concern, Failure, failure_in_answer, failure_of
from introspect_bayes.collect.generations import failed_generation
from introspect_bayes.collect.reading import read_body, storable
from introspect_bayes.collect.secrets import Secret
from introspect_bayes.collect.stated_waits import stated_wait
from introspect_bayes.errors import InputError
from introspect_bayes.store import Attempt, Outcome

if TYPE_CHECKING:
    import httpx2
    from openai import APIStatusError, AsyncOpenAI

OPENAI: Final = "https://api.openai.com/v1"

_HEADERS: Final = frozenset(
    {"content-type", "date", "openai-processing-ms", "openai-version", "retry-after",
     "retry-after-ms", "server", "x-ms-retry-after-ms", "x-request-id"}
)  # fmt: skip
_REDIRECTS: Final = range(300, 400)
_NOT_FOUND: Final = 404
PUT_OFF: Final = frozenset({"rate limited", "loading"})
"""Kinds of failures with which a server says that it wants to be asked later."""

_SAID: Final = 300
"""Most characters of a server's message."""

_TEXTS: Final = (
    "text", "model", "system_fingerprint", "finish_reason", "request_id", "headers", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """A call's outcome, and what follows from it.

    Attributes
    ----------
    outcome
        To be stored.
    again
        Whether the same request may be asked again.
    wait
        Seconds that the server asked to wait.
    mend
        What the user must mend before anything can be asked; empty if nothing.
    concern
        What a failure is about.
    """

    outcome: Outcome
    again: bool = False
    wait: float | None = None
    mend: str = ""
    concern: Concern = "call"

    @property
    def put_off(self) -> bool:
        """Whether the server wants to be asked later; that is no fault of the request."""
        later = self.wait is not None or self.outcome.kind in PUT_OFF
        return self.again and later


@dataclass(frozen=True)
class Server:
    """A server that speaks the OpenAI chat API.

    Parameters
    ----------
    address
        Its base URL, such as ``http://localhost:8000/v1``.
    key
        The key that it is sent.
    timeout
        Seconds until a call is given up.

    Raises
    ------
    InputError
        If the address is no http or https URL, or holds a password or the key.
    """

    address: str
    key: Secret
    timeout: float = 120.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.address)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            msg = "--base-url: expected an address such as http://localhost:8000/v1"
            raise InputError(msg)
        if "@" in parts.netloc or parts.query or parts.fragment or self.key.occurs_in(self.address):
            # They would end up in the store and in messages.
            msg = "--base-url: without password and query, please; a key goes in OPENAI_API_KEY"
            raise InputError(msg)

    @cached_property
    def client(self) -> "AsyncOpenAI":
        """The client; it neither retries nor follows redirects by itself.

        Raises
        ------
        InputError
            If the environment (proxies, certificates) does not allow one.
        """
        import httpx2
        import openai

        try:
            # A proxy would reach its own loopback; certificates are looked up in any case.
            http = openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                trust_env=not is_loopback(urlsplit(self.address).hostname or ""),
                verify=httpx2.create_ssl_context(trust_env=True),
            )
            return openai.AsyncOpenAI(
                api_key=self.key.value,
                base_url=self.address,
                timeout=self.timeout,
                max_retries=0,
                http_client=http,
            )
        except (ImportError, OSError, ValueError, openai.OpenAIError) as error:
            said = self.key.scrub(f"{type(error).__name__}: {error}")
            msg = f"no connection can be set up (proxy or certificate settings?): {said}"
            raise InputError(msg) from None

    async def ask(self, attempt: Attempt, content: str) -> Result:
        """Send a request's content as it stands, and say how it ended."""
        result = await self._ask(attempt, content)
        outcome = result.outcome
        texts: dict[str, Any] = {n: self._scrubbed(getattr(outcome, n)) for n in _TEXTS}
        return replace(
            result, outcome=replace(outcome, **texts), mend=self._scrubbed(result.mend) or ""
        )

    def _scrubbed(self, text: str | None) -> str | None:
        return None if text is None else storable(self.key.scrub(text))

    async def _ask(self, attempt: Attempt, content: str) -> Result:
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                response = await self.client.post(
                    "/chat/completions", cast_to=httpx2.Response, content=content.encode()
                )
            return self._answered(attempt, response)
        except openai.APIStatusError as error:
            return self._refused(attempt, error)
        except openai.APIConnectionError as error:
            return self._unconnected(attempt, error)
        except TimeoutError:
            return Result(self._timeout(attempt), again=True)
        except Exception as error:  # noqa: BLE001 - of any library below; it is recorded, not lost
            said = f"{type(error).__name__}: {error}"[:_SAID]
            return Result(replace(_blank(attempt), kind="client error", error=said), again=True)

    def _answered(self, attempt: Attempt, response: "httpx2.Response") -> Result:
        outcome = self._response(attempt, response)
        body = outcome.body or b""
        failure = self._failure(body)
        if failure is not None:
            return self._failed(outcome, *failure, response.headers)
        reading = read_body(body)
        if isinstance(reading, str):
            hint = f"; {self._address_hint}" if is_page(body) else ""
            outcome = replace(outcome, kind="unreadable", error=f"{reading}{hint}")
            return Result(outcome, again=True)
        outcome = replace(
            outcome,
            kind="answered",
            text=reading.text,
            model=reading.model,
            system_fingerprint=reading.system_fingerprint,
            finish_reason=reading.finish_reason,
            prompt_tokens=reading.prompt_tokens,
            completion_tokens=reading.completion_tokens,
        )
        failed = failed_generation(body)
        if failed is None:
            return Result(outcome)
        return self._failed(replace(outcome, text=None), *failed, response.headers)

    def _failure(self, body: bytes) -> tuple[Failure, str] | None:
        """Return the error that a response of status 200 states, if that says what it means."""
        error = read_error(body)
        failure = None if error is None else failure_in_answer(error)
        return None if error is None or failure is None else (failure, error.message)

    def _refused(self, attempt: Attempt, error: "APIStatusError") -> Result:
        outcome = self._response(attempt, error.response)
        status, headers, body = error.status_code, error.response.headers, outcome.body or b""
        if status in _REDIRECTS:
            elsewhere = headers.get("location", "another address")
            mend = f"the server redirects to {elsewhere} ({status}); give that with --base-url"
            outcome = replace(outcome, kind="refused by server", error=mend)
            return Result(outcome, mend=mend, concern="everything")
        stated = read_error(body) or ServerError(body.decode(errors="replace"))
        failure = failure_of(status, stated)
        return self._failed(outcome, failure, stated.message, headers)

    def _failed(
        self, outcome: Outcome, failure: Failure, said: str, headers: "httpx2.Headers"
    ) -> Result:
        """Return a failed call's result; `said` is what the server says."""
        # Other responses, too, tell when limits start anew, and do not ask to wait for it.
        wait = stated_wait(headers, outcome.body if failure.kind in PUT_OFF else None)
        said = self._short(said)
        mend = ""
        if failure.concern == "everything":
            mend = f"{failure.mend}: {said}" if said else failure.mend
            if outcome.status == _NOT_FOUND or failure.kind == "unreadable":
                mend = f"{mend}; {self._address_hint}"
        return Result(
            replace(outcome, kind=failure.kind, error=said),
            again=failure.concern == "call",
            wait=wait,
            mend=mend,
            concern=failure.concern,
        )

    @property
    def _address_hint(self) -> str:
        if "/v1" in urlsplit(self.address).path:
            return f"is {self.address} (--base-url) the address of a chat API?"
        return f"does --base-url lack /v1 at its end ({self.address.rstrip('/')}/v1)?"

    def _response(self, attempt: Attempt, response: "httpx2.Response") -> Outcome:
        return replace(
            _blank(attempt),
            status=response.status_code,
            headers=self._headers(response.headers),
            body=self.key.scrub_bytes(response.content),
            request_id=response.headers.get("x-request-id"),
        )

    def _unconnected(self, attempt: Attempt, error: Exception) -> Result:
        why = disconnection(error, self.address)
        if why is None:
            return Result(self._timeout(attempt), again=True)
        outcome = replace(_blank(attempt), kind=why.kind, error=why.said)
        concern: Concern = "everything" if why.mend else "call"
        return Result(outcome, again=not why.mend, mend=why.mend, concern=concern)

    def _timeout(self, attempt: Attempt) -> Outcome:
        error = f"no answer within {self.timeout:g} s"
        return replace(_blank(attempt), kind="timeout", error=error)

    def _short(self, said: str) -> str:
        # Servers and proxies also answer with whole pages. A key cut in two would not be found.
        # Nor one between the zeros of a wider encoding.
        return " ".join(self.key.scrub(said.replace("\0", "")).split())[:_SAID]

    def _headers(self, headers: "httpx2.Headers") -> str:
        kept = {
            name.lower(): value
            for name, value in headers.items()
            if name.lower() in _HEADERS or "ratelimit" in name.lower()
        }
        return json.dumps(kept, sort_keys=True)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself.

    Examples
    --------
    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "10.0.0.1")]
    [True, True, True, False]
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or address.is_unspecified


def _blank(attempt: Attempt) -> Outcome:
    return Outcome(attempt.number, attempt.request, now(), "abandoned")


def now() -> str:
    """Return the time: UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
