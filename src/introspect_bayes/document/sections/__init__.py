"""The sections of a report, in its order: each a function from findings to text and pictures."""

from collections.abc import Callable
from typing import Final

from introspect_bayes.document.sections.contexts import contexts
from introspect_bayes.document.sections.diagnostics import diagnostics
from introspect_bayes.document.sections.headline import headline
from introspect_bayes.document.sections.health import health
from introspect_bayes.document.sections.models import models
from introspect_bayes.document.sections.origins import citation, provenance
from introspect_bayes.document.sections.predictive import predictive
from introspect_bayes.document.sections.reports import reports
from introspect_bayes.document.sections.sensitivity import sensitivity
from introspect_bayes.features import FEATURES, Feature
from introspect_bayes.findings import Findings
from introspect_bayes.presentation.records import Section


def _of_feature(feature: Feature) -> Callable[[Findings], Section]:
    def section(findings: Findings) -> Section:
        found = getattr(findings, feature.finding) if feature.finding else findings
        made: Section = feature.load(feature.section)(found)
        return made

    return section


SECTIONS: Final[dict[str, Callable[[Findings], Section]]] = {
    "headline": headline,
    "reports": reports,
    **{
        feature.section.rpartition(".")[2]: _of_feature(feature)
        for feature in FEATURES
        if feature.section
    },
    "contexts": contexts,
    "predictive": predictive,
    "sensitivity": sensitivity,
    "health": health,
    "models": models,
    "diagnostics": diagnostics,
    "provenance": provenance,
    "citation": citation,
}
"""Sections by name, in the order of a report."""
