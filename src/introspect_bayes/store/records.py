"""What the store keeps, row by row."""

from dataclasses import dataclass
from typing import Final, Literal

OutcomeKind = Literal[
    "answered",
    "rate limited",
    "loading",
    "quota exhausted",
    "refused by server",
    "server error",
    "timeout",
    "connection failed",
    "connection lost",
    "unreadable",
    "failed generation",
    "other model",
    "abandoned",
    "not sent",
    "client error",
]
"""How an attempt ended; only "answered" brings a reply that counts."""

POSSIBLY_BILLED: Final = (
    "timeout", "connection lost", "unreadable", "failed generation", "other model", "abandoned",
    "client error",
)  # fmt: skip
"""Failed attempts that the server may have answered and billed all the same; so may one without
any outcome, whose process died."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply with the request that it answers.

    Attributes
    ----------
    base_model, model, stage, trained_on
        Who answered.
    trial
        Id of the trial.
    text
        The reply, word for word; None where the server sent none.
    finish_reason
        As the server gave it, such as "stop" or "length".
    body
        The response body where the text is blank or came in parts; None elsewhere.
    """

    base_model: str
    model: str
    stage: str
    trained_on: str
    trial: str
    text: str | None
    finish_reason: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's refusal to have a request answered, whoever asks it again.

    Attributes
    ----------
    request
        Id of the request.
    attempt
        Number of the attempt that was refused.
    reason
        The server's words.
    """

    request: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """A request that the server refused, and that has no answer.

    Attributes
    ----------
    request
        Id of the request.
    base_model, model, stage, trained_on
        Who was to answer.
    trial
        Id of the trial.
    reason
        The server's words.
    """

    request: str
    base_model: str
    model: str
    stage: str
    trained_on: str
    trial: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that is about to be made; stored before it is.

    Attributes
    ----------
    number
        Of the attempt, unique in the store.
    request
        Id of the request.
    run
        Number of the run.
    started
        UTC, ISO 8601.
    """

    number: int
    request: str
    run: int
    started: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes
    ----------
    attempt, request
        Number of the attempt, and id of its request.
    ended
        UTC, ISO 8601.
    kind
        See `OutcomeKind`.
    status
        HTTP status; None if the server did not get so far.
    headers
        Selected response headers, as JSON.
    body
        The response body, byte for byte, without the key if the server echoed it.
    request_id, model, system_fingerprint, finish_reason, prompt_tokens, completion_tokens
        As the server gave them.
    text
        The reply, of an attempt that was answered.
    error
        What went wrong, of one that was not.
    """

    attempt: int
    request: str
    ended: str
    kind: OutcomeKind
    status: int | None = None
    headers: str = "{}"
    body: bytes | None = None
    request_id: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    text: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingEvent:
    """Something that happened in a training, such as an upload or a change of status.

    Attributes
    ----------
    training
        Key of the training: the same for the same files, parent and hyperparameters.
    happened
        UTC, ISO 8601.
    kind
        What happened.
    detail
        JSON.
    """

    training: str
    happened: str
    kind: str
    detail: str
