"""The figures of the study with their HDIs, the paper's beside them."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from introspect_bayes.analyses import Reproduction, exclusion_table
from introspect_bayes.checks import study_warnings
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.document.materials import Materials
from introspect_bayes.report import provenance, tables
from introspect_bayes.report.records import Block, Paragraph, Section
from introspect_bayes.report.terminal_tables import from_terminal

_READING = (
    "Accuracy is the slope of standardized learned (or native) weights on standardized reported "
    "weights, which is comparable to a correlation: 0 where reports tell nothing, 1 where they "
    f"tell all. Brackets hold {HDI_PROB:.0%} highest-density intervals (HDIs)."
)


def headline(materials: Materials) -> Section:
    """Return warnings about the replies, the table of figures, and its notes."""
    return Section("headline", "What was found", tuple(_blocks(materials)))


def _blocks(materials: Materials) -> Iterator[Block]:
    analysis = materials.analysis
    for warning in study_warnings(analysis.study):
        yield Paragraph(f"{warning}.", "warning")
    for sentence in analysis.study.chosen_rows.sentences():
        yield Paragraph(f"{sentence}.", "warning")
    if note := provenance.priors_note(analysis):
        yield Paragraph(f"{note}.", "warning")
    yield Paragraph(_READING)
    collapsed = not materials.published
    shown = [f for f in materials.figures if f.in_study] if collapsed else list(materials.figures)
    made = (
        tables.figures_table(shown)
        if materials.published
        else tables.estimates_table(shown, materials.truth)
    )
    table = from_terminal("headline", made, figures_frame(materials))
    yield replace(table, for_paper=True)
    for note in tables.notes(shown):
        yield Paragraph(_sentence(note), "warning" if tables.PROBLEM_MARK in note else "note")
    if collapsed and (missing := tables.absent(materials.figures)):
        yield Paragraph(f"{missing}.", "note")
    if any(figure.kind == "d.excl100" and figure.result for figure in materials.figures):
        changes = exclusion_table(analysis)
        yield from_terminal("exclusion", tables.exclusion_summary(changes), changes)


def figures_frame(materials: Materials) -> pd.DataFrame:
    """Return every figure in full precision, one row a figure.

    Columns id, title, base_model, estimate, hdi_low, hdi_high, n, paper, paper_low, paper_high,
    brms, brms_low, brms_high, truth (of simulated studies), verdict, problems, note.
    """
    return pd.DataFrame([_row(figure, materials) for figure in materials.figures])


def _row(figure: Reproduction, materials: Materials) -> dict[str, object]:
    known = figure.as_dict()
    row = {key: known[key] for key in ("id", "title", "base_model", "estimate")}
    row |= _ends("hdi", known["hdi"]) | {"n": known["n"]}
    for name in ("paper", "brms"):
        row[name] = known[name]
        row |= _ends(name, known[f"{name}_hdi"])
    if materials.truth is not None:
        row["truth"] = materials.truth.get(figure.id)
    row["verdict"] = known["verdict"]
    row["problems"] = "; ".join(known["problems"])
    return row | {"note": known["note"]}


def _ends(name: str, ends: list[float] | None) -> dict[str, float | None]:
    low, high = ends or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
