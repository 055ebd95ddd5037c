"""What a store tells of the attempts at its requests."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from introspect_bayes.store.records import POSSIBLY_BILLED

_BILLED: Final = (*POSSIBLY_BILLED, "answered")
"""Also what was answered: a failed generation, stored as an answer by an earlier version, is asked
again."""


class StoredAttempts:
    """Attempts at requests, and how they ended: the part of a store that counts them."""

    connection: sqlite3.Connection

    def next_attempt(self) -> int:
        """Return the number of the next attempt."""
        (last,) = self.connection.execute("SELECT max(number) FROM attempts").fetchone()
        return (last or 0) + 1

    def possibly_billed(self, model: str) -> set[str]:
        """Return the requests to a model that an attempt may have been billed for."""
        rows = self.connection.execute(
            "SELECT request, kind FROM attempts JOIN requests ON requests.id = request"
            " LEFT JOIN outcomes ON attempt = attempts.number WHERE requests.model = ?",
            (model,),
        )
        return {request for request, kind in rows if kind is None or kind in _BILLED}

    def failed_attempts(self, model: str) -> dict[str, int]:
        """Return how many attempts at each request to a model failed, by request."""
        rows = self.connection.execute(
            "SELECT request, count(*) FROM attempts JOIN requests ON requests.id = request"
            " JOIN outcomes ON attempt = attempts.number"
            " WHERE requests.model = ? AND kind NOT IN ('answered', 'abandoned', 'not sent')"
            " GROUP BY request",
            (model,),
        )
        return dict(rows.fetchall())

    def count_billed_twice(self, model: str) -> int:
        """Return how many requests were asked after an attempt that may have been billed."""
        rows = self.connection.execute(
            "SELECT request, kind FROM attempts JOIN requests ON requests.id = request"
            " LEFT JOIN outcomes ON attempt = attempts.number"
            " WHERE requests.model = ? AND kind IS NOT 'not sent' ORDER BY attempts.number",
            (model,),
        )
        billed: set[str] = set()
        twice: set[str] = set()
        for request, kind in rows:
            if request in billed:
                twice.add(request)
            if kind is None or kind in _BILLED:
                billed.add(request)
        return len(twice)

    def attempt_counts(self, model: str) -> dict[str, int]:
        """Return how many attempts at a model's requests there were, by outcome.

        Those without any outcome are counted as "interrupted".
        """
        rows = self.connection.execute(
            "SELECT coalesce(kind, 'interrupted'), count(*) FROM attempts"
            " JOIN requests ON requests.id = request"
            " LEFT JOIN outcomes ON attempt = attempts.number"
            " WHERE requests.model = ? GROUP BY 1",
            (model,),
        )
        return dict(rows.fetchall())

    def answering_model(self, model: str) -> str | None:
        """Return what the server called itself in the first accepted answer of a model."""
        row = self.connection.execute(
            "SELECT outcomes.model FROM replies JOIN outcomes ON outcomes.attempt = replies.attempt"
            " JOIN requests ON requests.id = request"
            " WHERE requests.model = ? AND outcomes.model IS NOT NULL"
            " ORDER BY replies.number LIMIT 1",
            (model,),
        ).fetchone()
        return None if row is None else row[0]

    def usage(self, model: str) -> Iterator[tuple[str, int, int]]:
        """Yield trial, prompt tokens and completion tokens of answers that tell them."""
        yield from self.connection.execute(
            "SELECT trial, prompt_tokens, completion_tokens FROM replies"
            " JOIN requests ON requests.id = request"
            " JOIN outcomes ON outcomes.attempt = replies.attempt"
            " WHERE requests.model = ? AND prompt_tokens IS NOT NULL"
            " AND completion_tokens IS NOT NULL",
            (model,),
        )
