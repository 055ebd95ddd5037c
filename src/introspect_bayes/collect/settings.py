"""What a run is told, what it counts, and the ways in which it can end."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from introspect_bayes.errors import InputError

Ending = Literal[
    "complete", "limit reached", "interrupted", "server failing", "store failing",
    "warning sign", "needs mending", "failed",
]  # fmt: skip
"""Why a run ended."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How hard a run asks and how patient it is; none of it changes what is asked.

    Attributes
    ----------
    concurrency
        Most calls at once.
    limit
        Most requests asked in this run; None for all.
    attempts
        Most failed attempts at a request in this run; a server that asks to be asked later, or
        that was asked too much at once to answer in time, uses none up.
    timeout
        Seconds until a call is given up.
    first_wait, longest_wait
        Seconds before a second attempt, and before any.
    longest_pause
        Longest pause in seconds that a server may ask for without ending the run, and longest time
        without an answer in which it says that it is asked too often, or still loading.
    stop_on_warning
        Whether a warning sign ends the run.
    answers_as
        What the server may call itself although it was asked for another name.
    ask_refused_again
        Whether requests that the server refused in earlier runs are asked again.

    Raises
    ------
    InputError
        If a number is too small.
    """

    concurrency: int = 8
    limit: int | None = None
    attempts: int = 6
    timeout: float = 120.0
    first_wait: float = 0.5
    longest_wait: float = 60.0
    longest_pause: float = 600.0
    stop_on_warning: bool = False
    answers_as: str | None = None
    ask_refused_again: bool = False

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} = {value}: must be 1 or more"
                raise InputError(msg)
        if not self.timeout > 0:
            msg = f"timeout = {self.timeout}: must be more than 0"
            raise InputError(msg)


@dataclass(slots=True)
class RunCounts:
    """What happened in a run.

    Attributes
    ----------
    answered
        Requests answered in this run.
    attempts, failed
        Calls made, and those that brought no answer, by kind of failure.
    asked_again
        Requests asked although an earlier attempt may have been billed.
    prompt_tokens, completion_tokens
        Of the answers, as far as the server tells.
    """

    answered: int = 0
    attempts: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    asked_again: set[str] = field(default_factory=set)
    prompt_tokens: int = 0
    completion_tokens: int = 0
