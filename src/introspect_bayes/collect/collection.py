"""What a collection is told of, and what it leaves behind."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from introspect_bayes.collect.settings import Ending, RunCounts
from introspect_bayes.collect.waiting import Waiting
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse import Failure
from introspect_bayes.protocol.trials import Task
from introspect_bayes.store import StoredRefusal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a collection is.

    Attributes
    ----------
    planned, answered, valid, invalid
        Requests to the model, those answered so far, and how the answers read.
    refused
        Requests that the server refused for good.
    prompt_tokens, reply_tokens
        Counted by the server in this run.
    prompt_tokens_left, reply_tokens_left
        Expected for what is left, corrected by what was counted.
    failed
        Failed calls of this run, by kind.
    waiting
        What is waited for.
    """

    planned: int
    answered: int
    valid: int
    invalid: int
    prompt_tokens: int = 0
    reply_tokens: int = 0
    prompt_tokens_left: float = 0.0
    reply_tokens_left: float = 0.0
    refused: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)


class Listener(Protocol):
    """Told how far a collection is; called from another thread."""

    def update(self, snapshot: Snapshot) -> None:
        """Show how far it is."""

    def warn(self, text: str) -> None:
        """Show a warning at once."""

    def tell(self, text: str) -> None:
        """Show at once what was found of the server."""

    def first(self, task: Task, reply: str, failure: Failure | None) -> None:
        """Show the first reply of this run to a task, and why it cannot be used."""


class Nobody:
    """A listener that does nothing."""

    def update(self, snapshot: Snapshot) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def tell(self, text: str) -> None:
        """Do nothing."""

    def first(self, task: Task, reply: str, failure: Failure | None) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class CountedRefusals:
    """How many requests of a task and context the server refused, and with which words."""

    task: str
    context_set: str
    context: str
    reason: str
    count: int


def counted_refusals(refusals: Iterable[StoredRefusal]) -> list[CountedRefusals]:
    """Return refusals counted by task, context and reason, the most frequent first."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for refusal in refusals:
        task, context_set, context, *_ = refusal.trial.split("/")
        found[task, context_set, context, refusal.reason] += 1
    return [CountedRefusals(*where, count) for where, count in found.most_common()]


@dataclass(frozen=True, repr=False)
class Collection:
    """What a run did, and where it left the study.

    Attributes
    ----------
    study, model
        The study folder and the model's name.
    snapshot
        Requests planned, answered, valid and invalid, over all runs.
    counts
        Calls of this run.
    all_runs
        Attempts at the model's requests over all runs, by outcome.
    billed_twice
        Requests that may have been billed twice, over all runs.
    ending, message
        Why the run ended.
    warnings
        A model that will soon be shut down, and warning signs in the replies.
    refusals
        The requests that the server refused, counted by task, context and reason.
    findings
        What was found of the server's limits.
    """

    study: Path
    model: str
    snapshot: Snapshot
    counts: RunCounts
    all_runs: dict[str, int]
    billed_twice: int
    ending: Ending
    message: str
    warnings: list[str] = field(default_factory=list)
    refusals: Sequence[CountedRefusals] = ()
    findings: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        done = f"{self.snapshot.answered:,} of {self.snapshot.planned:,} answered"
        return f"<Collection of {self.model}: {done}, {self.ending}; see as_dict()>"

    @property
    def complete(self) -> bool:
        """Whether every planned request has its answer, or was refused by the server."""
        return self.snapshot.answered + self.snapshot.refused == self.snapshot.planned

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; attempts are those of this run unless said otherwise."""
        counts, snapshot = self.counts, self.snapshot
        return {
            "study": str(self.study),
            "model": self.model,
            "planned": snapshot.planned,
            "answered": snapshot.answered,
            "refused": snapshot.refused,
            "refusals": [asdict(counted) for counted in self.refusals],
            "valid": snapshot.valid,
            "invalid": snapshot.invalid,
            "answered_in_this_run": counts.answered,
            "attempts": counts.attempts,
            "failed_attempts": counts.failed.total(),
            "failures": dict(counts.failed),
            "possibly_billed_twice": len(counts.asked_again),
            "possibly_billed_twice_in_all_runs": self.billed_twice,
            "prompt_tokens": counts.prompt_tokens,
            "reply_tokens": counts.completion_tokens,
            "attempts_in_all_runs": self.all_runs,
            "complete": self.complete,
            "ending": self.ending,
            "message": self.message,
            "warnings": self.warnings,
            "findings": self.findings,
        }


class CollectionStoppedError(InputError):
    """A run ended because of something that the user must mend; what was answered is stored.

    Parameters
    ----------
    message
        What to mend.
    collection
        What the run did before.
    """

    def __init__(self, message: str, collection: Collection) -> None:
        super().__init__(message)
        self.collection = collection
