"""The store's tables, as numbered migrations."""

from typing import Final


def _append_only(*tables: str) -> str:
    return "".join(
        f"""
        CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END;
        CREATE TRIGGER {table}_remain BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} are never deleted'); END;
        """
        for table in tables
    )


def _written_once(**keys: str) -> str:
    """Refuse a second row with a key; INSERT OR REPLACE would delete the first untold."""
    script = """
        CREATE TRIGGER {table}_once BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
            BEGIN SELECT RAISE(ABORT, '{table} are written once'); END;
        """
    return "".join(script.format(table=table, key=key) for table, key in keys.items())


MIGRATIONS: Final = (
    f"""
    CREATE TABLE requests (
        id TEXT PRIMARY KEY,
        content TEXT NOT NULL,
        replicate INTEGER NOT NULL,
        base_model TEXT NOT NULL,
        model TEXT NOT NULL,
        stage TEXT NOT NULL,
        trained_on TEXT NOT NULL,
        trial TEXT NOT NULL
    ) STRICT;
    CREATE TABLE replies (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE REFERENCES requests (id),
        text TEXT,
        finish_reason TEXT NOT NULL
    ) STRICT;
    {_append_only("requests", "replies")}
    """,
    f"""
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        started TEXT NOT NULL,
        settings TEXT NOT NULL,
        provenance TEXT NOT NULL
    ) STRICT;
    CREATE TABLE run_ends (
        run INTEGER PRIMARY KEY REFERENCES runs (number),
        ended TEXT NOT NULL,
        reason TEXT NOT NULL,
        counts TEXT NOT NULL
    ) STRICT;
    CREATE TABLE attempts (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL REFERENCES requests (id),
        run INTEGER NOT NULL REFERENCES runs (number),
        started TEXT NOT NULL
    ) STRICT;
    CREATE INDEX attempts_by_request ON attempts (request);
    CREATE TABLE outcomes (
        attempt INTEGER PRIMARY KEY REFERENCES attempts (number),
        ended TEXT NOT NULL,
        kind TEXT NOT NULL,
        status INTEGER,
        headers TEXT NOT NULL,
        body BLOB,
        request_id TEXT,
        model TEXT,
        system_fingerprint TEXT,
        finish_reason TEXT,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        error TEXT
    ) STRICT;
    ALTER TABLE replies ADD COLUMN attempt INTEGER REFERENCES attempts (number);
    CREATE TABLE models (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        base_model TEXT NOT NULL,
        stage TEXT NOT NULL,
        trained_on TEXT NOT NULL,
        parent TEXT NOT NULL,
        training_sha256 TEXT NOT NULL,
        registered TEXT NOT NULL
    ) STRICT;
    CREATE TABLE training_events (
        number INTEGER PRIMARY KEY,
        training TEXT NOT NULL,
        happened TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    {_append_only("runs", "run_ends", "attempts", "outcomes", "models", "training_events")}
    """,
    _written_once(
        requests="id", replies="request", runs="number", run_ends="run", attempts="number",
        outcomes="attempt", models="number", training_events="number",
    ),
)  # fmt: skip
"""Numbered from 1; a store knows how many it has seen (SQLite's user_version)."""
