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


_MOVE_FAILED_REPLIES: Final = """
    INSERT INTO failed_replies
        WITH stored AS (
            SELECT number, request, text, replies.finish_reason, replies.attempt,
                completion_tokens AS tokens, lower(replies.finish_reason) AS ended,
                CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{}' END
                    AS response
            FROM replies LEFT JOIN outcomes ON outcomes.attempt = replies.attempt
        ), judged AS (
            SELECT *,
                coalesce(json_extract(response, '$.choices[0].error'), '')
                    NOT IN ('', '{}', '[]', 0) AS holds_error,
                ended LIKE '%content_filter%' OR ended LIKE '%contentfilter%'
                    OR ended LIKE '%safety%' OR ended LIKE '%sensitive%'
                    OR ended LIKE '%prohibited%' OR ended LIKE '%blocklist%'
                    OR ended LIKE '%recitation%' OR ended LIKE '%spii%'
                    OR ended LIKE '%moderation%' OR ended LIKE '%toxic%' AS held_back,
                ended LIKE '%error%' OR ended LIKE '%abort%' OR ended LIKE '%cancel%'
                    OR ended LIKE '%fail%' OR ended LIKE '%insufficient%'
                    OR ended LIKE '%interrupt%' OR ended LIKE '%malformed%'
                    OR ended LIKE '%time_out%' OR ended LIKE '%timeout%'
                    OR ended LIKE '%timed_out%' OR ended LIKE '%unavailable%' AS broke_off,
                coalesce(text, '') = '' AND attempt IS NOT NULL
                    AND coalesce(tokens = 0, ended = '')
                    AND NOT EXISTS (
                        SELECT 1 FROM json_each(response, '$.choices[0].message')
                        WHERE key IN (
                            'content', 'refusal', 'reasoning_content', 'reasoning', 'thinking',
                            'tool_calls', 'function_call', 'audio'
                        ) AND coalesce(value, '') NOT IN ('', '[]', '{}', 0)
                    ) AS silent
            FROM stored
        )
        SELECT number, request, text, finish_reason, attempt,
            CASE
                WHEN holds_error THEN 'the choice holds an error'
                WHEN held_back
                    THEN 'the answer was filtered (finish reason ' || finish_reason || ')'
                WHEN broke_off THEN 'finish reason ' || finish_reason
                ELSE 'nothing was generated, not one token'
            END,
            held_back AND NOT holds_error
        FROM judged WHERE holds_error OR held_back OR broke_off OR silent;
    INSERT INTO refusals (request, attempt, reason)
        SELECT request, attempt, reason FROM failed_replies
        WHERE filtered AND attempt IS NOT NULL ORDER BY number;
    DROP TRIGGER replies_remain;
    DELETE FROM replies WHERE number IN (SELECT number FROM failed_replies);
    CREATE TRIGGER replies_remain BEFORE DELETE ON replies
        BEGIN SELECT RAISE(ABORT, 'replies are never deleted'); END;
    """
"""Failed generations were stored as answers up to version 3 of the schema. They move to a table of
their own, word for word, so that their requests count as unanswered and can be answered; those that
a filter held back count as refused, as they do when they come now."""

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
    f"""
    CREATE TABLE failed_replies (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL REFERENCES requests (id),
        text TEXT,
        finish_reason TEXT NOT NULL,
        attempt INTEGER REFERENCES attempts (number),
        reason TEXT NOT NULL,
        filtered INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE refusals (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL REFERENCES requests (id),
        attempt INTEGER NOT NULL REFERENCES attempts (number),
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX refusals_by_request ON refusals (request);
    CREATE TABLE plan_changes (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL REFERENCES requests (id),
        planned INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX plan_changes_by_request ON plan_changes (request);
    CREATE VIEW planned_requests AS
        SELECT rowid AS place, * FROM requests WHERE coalesce(
            (SELECT planned FROM plan_changes WHERE request = id ORDER BY number DESC LIMIT 1), 1
        );
    {_MOVE_FAILED_REPLIES}
    {_append_only("failed_replies", "refusals", "plan_changes")}
    {_written_once(failed_replies="number", refusals="number", plan_changes="number")}
    """,  # noqa: S608 - made of texts from above
)  # fmt: skip
"""Numbered from 1; a store knows how many it has seen (SQLite's user_version)."""
