"""Checks of data, posteriors and predictions."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from introspect_bayes.checks.data_health import ANOMALIES, Anomaly, HealthRow, data_health
from introspect_bayes.checks.finding import CLASSES, Change, Conclusion, Finding, FindingClass
from introspect_bayes.checks.outcome import STATUSES, Check, Status
from introspect_bayes.checks.warnings import study_warnings

if TYPE_CHECKING:
    from introspect_bayes.checks.checking import CHECKS, check_study, select_checks
    from introspect_bayes.checks.concluding import FINDINGS, conclude
    from introspect_bayes.checks.examination import Examination

__all__ = [
    "ANOMALIES",
    "CHECKS",
    "CLASSES",
    "FINDINGS",
    "STATUSES",
    "Anomaly",
    "Change",
    "Check",
    "Conclusion",
    "Examination",
    "Finding",
    "FindingClass",
    "HealthRow",
    "Status",
    "check_study",
    "conclude",
    "data_health",
    "select_checks",
    "study_warnings",
]

# What every analysis shows needs no draws; what examines draws is imported when first used.
_HOMES = {
    "CHECKS": "checking",
    "FINDINGS": "concluding",
    "Examination": "examination",
    "check_study": "checking",
    "conclude": "concluding",
    "select_checks": "checking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
