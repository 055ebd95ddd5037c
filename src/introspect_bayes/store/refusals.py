"""What a store tells of requests that the server refused for good."""

import sqlite3
from collections.abc import Iterator

from introspect_bayes.store.records import StoredRefusal


class StoredRefusals:
    """Requests that the server refuses to have answered: the part of a store that knows them."""

    connection: sqlite3.Connection

    def refusals(self, model: str | None = None) -> Iterator[StoredRefusal]:
        """Yield the planned requests to a model (or to all) that were refused, and not answered.

        Of several refusals of a request the last one counts.
        """
        rows = self.connection.execute(
            "SELECT id, base_model, model, stage, trained_on, trial, reason FROM planned_requests"
            " JOIN refusals ON request = id WHERE (:model IS NULL OR model = :model)"
            " AND id NOT IN (SELECT request FROM replies)"
            " AND number = (SELECT max(number) FROM refusals AS every WHERE every.request = id)"
            " ORDER BY place",
            {"model": model},
        )
        for row in rows:
            yield StoredRefusal(*row)

    def answered_tasks(self, model: str) -> set[str]:
        """Return the tasks of which a model has answered any request."""
        rows = self.connection.execute(
            "SELECT DISTINCT substr(trial, 1, instr(trial, '/') - 1)"
            " FROM requests JOIN replies ON request = id WHERE model = ?",
            (model,),
        )
        return {task for (task,) in rows}

    def refused_before_answers(self, model: str) -> set[str]:
        """Return requests that were refused before others of their task were answered."""
        rows = self.connection.execute(
            "WITH called AS (SELECT attempts.number, request, kind,"
            " substr(trial, 1, instr(trial, '/') - 1) AS task FROM attempts"
            " JOIN outcomes ON attempt = attempts.number"
            " JOIN requests ON requests.id = request WHERE requests.model = ?)"
            " SELECT DISTINCT request FROM called WHERE kind = 'refused by server'"
            " AND number < (SELECT max(number) FROM called AS later"
            " WHERE later.kind = 'answered' AND later.task = called.task)",
            (model,),
        )
        return {request for (request,) in rows}
