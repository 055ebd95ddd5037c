"""The server's side of training: files, jobs and events, and what its errors mean.

Every text from the server is cleaned of the key here, before anyone else sees it.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from introspect_bayes.collect.asking import OPENAI, Server
from introspect_bayes.collect.secrets import Secret
from introspect_bayes.collect.stated_waits import stated_wait
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    import openai

ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = 60.0
LONGEST_RETRY_AFTER: Final = 900.0
_TIMEOUT: Final = 60.0
_UPLOAD_TIMEOUT: Final = 600.0
_PAGE: Final = 100
_LONGEST_MESSAGE: Final = 500

_UNAUTHORIZED: Final = 401
_NOT_OFFERED: Final = (403, 404, 405, 501)
_TOO_MANY: Final = 429
_PASSING: Final = (408, 409, 425, _TOO_MANY)
_SERVER_ERROR: Final = 500
_SPENT: Final = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
ELSEWHERE: Final = (
    "Hosted fine-tuning may be closed to this account (OpenAI starts no new jobs of self-serve "
    "customers from 2027-01-06 on, and shuts down the paper's models and their fine-tunes on "
    "2027-01-14). Train elsewhere: on the chat JSONL in the study's training/ folder at another "
    "service, on training/prompt_completion/ with a trainer of your own; then register the model "
    "with `introspect-bayes models add`."
)

Json = dict[str, Any]


class ServiceUnavailableError(Exception):
    """The server could not be reached, or not asked now; it may be later."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a call failed, in words that hold no key."""

    text: str
    status: int | None = None
    passing: bool = True
    retry_after: float | None = None


class TrainingService:
    """A server that trains.

    Parameters
    ----------
    client
        A client that does not retry by itself.
    server
        Its address.
    secret
        The key.
    """

    def __init__(self, client: "openai.OpenAI", server: str, secret: Secret) -> None:
        self._client = client
        self._secret = secret
        self.server = secret.scrub(server.rstrip("/"))

    def upload(self, name: str, content: bytes) -> str:
        """Upload a training file and return its id."""
        found = self._ask(
            f"upload {name}",
            lambda: self._client.files.with_raw_response.create(
                file=(name, content), purpose="fine-tune", timeout=_UPLOAD_TIMEOUT
            ),
        )
        return _id(found, f"upload {name}")

    def create(self, parameters: Mapping[str, Any]) -> Json:
        """Start a job; never asked twice, as an answer that is lost may mean a job that runs."""
        what = "start the job"
        found = self._ask(
            what,
            lambda: self._client.fine_tuning.jobs.with_raw_response.create(**parameters),
            repeat=False,
        )
        _id(found, what)
        return found

    def job(self, name: str) -> Json:
        """Return a job as it stands."""
        found = self._ask(
            f"look at job {name}",
            lambda: self._client.fine_tuning.jobs.with_raw_response.retrieve(name),
        )
        return {**found, "id": name}

    def jobs(self, metadata: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Yield jobs, newest first.

        Parameters
        ----------
        metadata
            Filter; servers may ignore it.
        """
        filters: Json = {"metadata": dict(metadata)} if metadata else {}
        jobs = self._client.fine_tuning.jobs.with_raw_response
        yield from self._pages("list its jobs", lambda page: jobs.list(**filters, **page))

    def events(self, job: str) -> list[Json]:
        """Return what a server says that happened in a job, oldest first."""
        jobs = self._client.fine_tuning.jobs.with_raw_response
        newest_first = self._pages(
            f"list the events of job {job}", lambda page: jobs.list_events(job, **page)
        )
        return list(newest_first)[::-1]

    def _pages(self, what: str, call: Callable[[Json], Any]) -> Iterator[Json]:
        seen: set[str] = set()
        page: Json = {"limit": _PAGE}
        while True:
            answer = self._ask(what, lambda page=page: call(page))  # type: ignore[misc]
            rows = answer.get("data")
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            new = [row for row in rows if row.get("id") and str(row["id"]) not in seen]
            yield from new
            seen |= {str(row["id"]) for row in new}
            # A server that ignores `after` would send the same page for ever.
            if not new or not answer.get("has_more"):
                return
            page = {"limit": _PAGE, "after": str(new[-1]["id"])}

    def _ask(self, what: str, call: Callable[[], Any], *, repeat: bool = True) -> Json:
        attempt = 0
        while True:
            answer = self._once(call)
            if not isinstance(answer, _Problem):
                return answer
            if not answer.passing:
                msg = f"{self.server} does not {what}: {answer.text}"
                raise InputError(msg)
            wait = answer.retry_after
            if wait is None:
                wait = min(LONGEST_PAUSE, 2.0**attempt)
            attempt += 1
            # What was refused for its rate was not done.
            may_repeat = repeat or answer.status == _TOO_MANY
            if not may_repeat or attempt == ATTEMPTS or wait > LONGEST_RETRY_AFTER:
                msg = f"{self.server} did not {what}: {answer.text}"
                raise ServiceUnavailableError(msg)
            pause(wait)

    def _once(self, call: Callable[[], Any]) -> "Json | _Problem":
        """Return an answer or what went wrong.

        Not raised, so that no exception of the client, whose text may hold an echoed key, becomes
        the context of one of ours.
        """
        import openai

        try:
            answer = json.loads(call().http_response.text)
        except openai.APIStatusError as error:
            return self._refusal(error)
        except openai.APITimeoutError:
            return _Problem("no answer in time")
        except openai.APIConnectionError as error:
            cause = self._clean(str(error.__cause__ or ""))
            return _Problem(f"the connection failed ({cause})" if cause else "no connection")
        except ValueError:
            return _Problem("the answer is not JSON")
        if not isinstance(answer, dict):
            return _Problem("the answer is not a JSON object")
        return dict(self._scrubbed(answer))

    def _refusal(self, error: "openai.APIStatusError") -> _Problem:
        status = error.status_code
        body = error.body if isinstance(error.body, dict) else {}
        said = self._clean(str(body.get("message") or error.response.text))
        text = f"{said} (HTTP {status})" if said else f"HTTP {status}"
        if status == _UNAUTHORIZED:
            text = f"it does not accept the key in OPENAI_API_KEY: {text}"
        elif status in _NOT_OFFERED:
            text = f"{text}. {ELSEWHERE}"
        spent = bool({error.code, error.type} & _SPENT)
        passing = status in _PASSING or status >= _SERVER_ERROR
        return _Problem(
            text,
            status,
            passing and not spent and status not in _NOT_OFFERED,
            stated_wait(
                error.response.headers,
                error.response.content if status == _TOO_MANY else None,
            ),
        )

    def _clean(self, text: str) -> str:
        line = printable(self._secret.scrub(text))
        return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]} ..."

    def _scrubbed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._secret.scrub(value)
        if isinstance(value, list):
            return [self._scrubbed(item) for item in value]
        if isinstance(value, dict):
            return {self._scrubbed(name): self._scrubbed(item) for name, item in value.items()}
        return value


@contextmanager
def connect(base_url: str | None) -> Iterator[TrainingService]:
    """Open a training service.

    Parameters
    ----------
    base_url
        Its address; OpenAI's if not given, which needs a key in ``OPENAI_API_KEY``.

    Raises
    ------
    InputError
        If the address is none, or the key is missing.
    """
    server = Server(
        base_url or OPENAI, Secret.from_environment(required=base_url is None), _TIMEOUT
    )
    import openai

    with openai.OpenAI(
        api_key=server.key.value, base_url=server.address, max_retries=0, timeout=server.timeout
    ) as client:
        yield TrainingService(client, server.address, server.key)


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def printable(text: str) -> str:
    """Return a text as one line without control characters, fit for a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _id(answer: Json, what: str) -> str:
    if not isinstance(answer.get("id"), str) or not answer["id"]:
        msg = f"the server's answer names no id; it may or may not have done what was asked: {what}"
        raise ServiceUnavailableError(msg)
    return str(answer["id"])
