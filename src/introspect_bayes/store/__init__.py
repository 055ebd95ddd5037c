"""An append-only SQLite store of requests, attempts and raw replies.

Every word a model said is kept, and never changed: triggers refuse updates and deletions. What is
parsed from it is derived elsewhere and can always be made again.
"""

from introspect_bayes.store.records import (
    POSSIBLY_BILLED,
    Attempt,
    Outcome,
    OutcomeKind,
    Refusal,
    StoredRefusal,
    StoredReply,
    TrainingEvent,
)
from introspect_bayes.store.replies import Store
from introspect_bayes.store.verify import problems_of

__all__ = [
    "POSSIBLY_BILLED",
    "Attempt",
    "Outcome",
    "OutcomeKind",
    "Refusal",
    "Store",
    "StoredRefusal",
    "StoredReply",
    "TrainingEvent",
    "problems_of",
]
