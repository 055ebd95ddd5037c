"""Requests that a server refused to have answered, counted by context."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from introspect_bayes.store import StoredRefusal

REFUSED_COLUMNS = (
    "base_model", "model", "stage", "context_set", "context", "task", "reason", "count",
)  # fmt: skip


def refused_frame(refusals: Iterable[StoredRefusal]) -> pd.DataFrame:
    """Return refused requests as `Study.refused` holds them.

    Parameters
    ----------
    refusals
        From the study's store.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for of in refusals:
        task, context_set, context, *_ = of.trial.split("/")
        counts[of.base_model, of.model, of.stage, context_set, context, task, of.reason] += 1
    rows = [(*key, count) for key, count in counts.items()]
    return pd.DataFrame(rows, columns=pd.Index(REFUSED_COLUMNS))
