"""A report from its findings."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from introspect_bayes.constants import __version__
from introspect_bayes.document.gathering import SLOW, Wanted
from introspect_bayes.document.sections import SECTIONS
from introspect_bayes.findings import Findings
from introspect_bayes.presentation.records import Document, Paragraph, Section

_NOT_MADE: Final = {
    "joint": "joint",
    "sensitivity": "sensitivity",
    "predictive": "checks",
}
"""Sections that say more with something that takes minutes."""


def build(findings: Findings, wanted: Wanted | None = None, made: str | None = None) -> Document:
    """Return the report of a study.

    Parameters
    ----------
    findings
        What `gather` returned.
    wanted
        What the report is to hold, as given to `gather`.
    made
        Date and time in words; now if not given.

    Examples
    --------
    >>> build(gather(analysis)).title  # doctest: +SKIP
    'plunkett2025'
    """
    asked = wanted or Wanted()
    sections = (
        _with_hint(write(findings), asked)
        for name, write in SECTIONS.items()
        if name in asked.sections
    )
    study = findings.study
    whose = "its" if len(study.base_models) == 1 else "their"
    moment = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    return Document(
        title=f"How well {_joined(study.base_models)} can say what drives {whose} choices",
        subtitle=f"Study {study.name}, analysed with introspect-bayes {__version__}",
        made=made or moment,
        sections=tuple(sections),
    )


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _with_hint(section: Section, wanted: Wanted) -> Section:
    """Say how to get what takes minutes and was not asked for."""
    more = _NOT_MADE.get(section.name)
    if more is None or more in wanted.slow:
        return section
    hint = Paragraph(f"Not made, as it takes minutes: {SLOW[more]} (--with {more}).", "note")
    return replace(section, blocks=(*section.blocks, hint))
