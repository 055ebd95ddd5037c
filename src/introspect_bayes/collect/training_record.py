"""What the store knows of a training."""

import json
from typing import Any, Final

from introspect_bayes.collect.asking import now
from introspect_bayes.store import Store, TrainingEvent

STARTED_AGAIN: Final = "started again"


class TrainingRecord:
    """The events of a training since it was last started anew.

    Parameters
    ----------
    store
        A study's store.
    key
        The training's key.
    """

    def __init__(self, store: Store, key: str) -> None:
        self.store = store
        self.key = key

    def add(self, kind: str, **detail: Any) -> None:
        """Append an event."""
        text = json.dumps(detail, sort_keys=True, ensure_ascii=False)
        self.store.add_training_event(TrainingEvent(self.key, now(), kind, text))

    def start_again(self, job: str) -> None:
        """Leave a job, and all before it, behind."""
        self.add(STARTED_AGAIN, after=job)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the details of events of some kinds, in order."""
        current: list[TrainingEvent] = []
        for event in self.store.training_events(self.key):
            current = [] if event.kind == STARTED_AGAIN else [*current, event]
        return [json.loads(event.detail) for event in current if event.kind in kinds]

    def last(self, *kinds: str) -> dict[str, Any] | None:
        """Return the details of the last event of some kinds."""
        found = self.events(*kinds)
        return found[-1] if found else None

    @property
    def job(self) -> dict[str, Any] | None:
        """The event of the job that was started or found."""
        return self.last("job started", "job adopted")

    @property
    def unanswered(self) -> bool:
        """Whether a job was asked for, and it is unknown what became of that."""
        answers = self.events("job started", "job adopted", "job refused")
        return len(self.events("job requested")) > len(answers)
