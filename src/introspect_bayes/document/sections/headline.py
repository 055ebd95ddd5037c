"""The figures of the study with their HDIs, the paper's beside them."""

from collections.abc import Iterator
from dataclasses import replace

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.findings import Findings
from introspect_bayes.presentation import provenance, tables
from introspect_bayes.presentation.records import Block, Paragraph, Section
from introspect_bayes.presentation.terminal_tables import from_terminal

_READING = (
    "Accuracy is the slope of standardized learned (or native) weights on standardized reported "
    "weights, which is comparable to a correlation: 0 where reports tell nothing, 1 where they "
    f"tell all. Brackets hold {HDI_PROB:.0%} highest-density intervals (HDIs), which take every "
    "attribute for independent of the others and accuracy for alike in all contexts; under "
    f"“{tables.BY_CONTEXTS}” stand {HDI_PROB:.0%} intervals that take neither. Report the latter "
    "unless contexts are known to be alike."
)


def headline(findings: Findings) -> Section:
    """Return warnings about the replies, the table of figures, and its notes."""
    return Section("headline", "What was found", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    for warning in findings.warnings:
        yield Paragraph(f"{warning}.", "warning")
    for sentence in findings.study.chosen_rows.sentences():
        yield Paragraph(f"{sentence}.", "warning")
    if note := provenance.priors_note(findings.analysis):
        yield Paragraph(f"{note}.", "warning")
    yield Paragraph(_READING)
    made = (
        tables.figures_table(findings.shown, wide=True)
        if findings.published
        else tables.estimates_table(findings.shown, findings.truth, wide=True)
    )
    yield replace(from_terminal("headline", made, findings.table()), for_paper=True)
    for note in findings.notes:
        yield Paragraph(_sentence(note), "warning" if tables.PROBLEM_MARK in note else "note")
    if findings.exclusion is not None:
        summary = tables.exclusion_summary(findings.exclusion)
        yield from_terminal("exclusion", summary, findings.exclusion)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
