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
from introspect_bayes.findings import Findings
from introspect_bayes.joint_model.section import joint
from introspect_bayes.presentation.records import Section
from introspect_bayes.privileged.section import privileged

SECTIONS: Final[dict[str, Callable[[Findings], Section]]] = {
    "headline": headline,
    "reports": reports,
    "joint": lambda findings: joint(findings.joint),
    "privileged": lambda findings: privileged(findings.access),
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
