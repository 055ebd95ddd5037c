"""Checks of data, posteriors and predictions."""

from introspect_bayes.checks.checking import CHECKS, check_study, select_checks
from introspect_bayes.checks.data_health import ANOMALIES, Anomaly, HealthRow, data_health
from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import STATUSES, Check, Status
from introspect_bayes.checks.power_scaling import power_scaling
from introspect_bayes.checks.warnings import study_warnings

__all__ = [
    "ANOMALIES",
    "CHECKS",
    "STATUSES",
    "Anomaly",
    "Check",
    "Examination",
    "HealthRow",
    "Status",
    "check_study",
    "data_health",
    "power_scaling",
    "select_checks",
    "study_warnings",
]
