"""What the data hides: every anomaly, and how much each changes the correlation it touches."""

from collections.abc import Iterator

import pandas as pd

from introspect_bayes.checks import HealthRow
from introspect_bayes.document.check_table import checks_table
from introspect_bayes.findings import Findings
from introspect_bayes.presentation import tables
from introspect_bayes.presentation.readings import reading_notes
from introspect_bayes.presentation.records import Block, Paragraph, Section
from introspect_bayes.presentation.refusals import refusals_table
from introspect_bayes.presentation.terminal_tables import from_terminal


def health(findings: Findings) -> Section:
    """Return invalid reports, position bias and anomalies, and the checks of the data."""
    return Section("health", "Data health", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    rows = findings.health
    yield Paragraph(
        "Correlations with what may distort them: invalid reports, the pull to option A, and "
        "everything odd in the data, with the correlation that would be found without it."
    )
    yield from_terminal("health", tables.health_table(rows), _frame(rows))
    yield from_terminal("anomalies", tables.anomalies_table(rows), _anomalies(rows))
    for text in reading_notes(findings.study):
        yield Paragraph(text, "note")
    failures = tables.failures_table(findings.study)
    if failures is not None:
        yield from_terminal("failures", failures, findings.study.failures)
    refused = refusals_table(findings.study)
    if refused is not None:
        yield from_terminal("refused", refused, findings.study.refused)
    for note in dict.fromkeys(row.note for row in rows if row.note):
        yield Paragraph(f"{note[0].upper()}{note[1:]}.", "note")
    checks = [check for check in findings.checks if check.name.startswith("data.")]
    if checks:
        yield checks_table("data-checks", "Checks of the data", checks)


def _frame(rows: tuple[HealthRow, ...]) -> pd.DataFrame:
    kept = ("id", "r", "invalid_share", "asked_at_least", "share_a", "intercept", "note")
    return pd.DataFrame([{key: row.as_dict()[key] for key in kept} for row in rows])


def _anomalies(rows: tuple[HealthRow, ...]) -> pd.DataFrame:
    """Return every anomaly, those that do not occur included."""
    return pd.DataFrame(
        [
            {"id": row.as_dict()["id"], "anomaly": name, **anomaly}
            for row in rows
            for name, anomaly in row.as_dict()["anomalies"].items()
        ]
    )
