"""Checks of data, posteriors and predictions."""

from introspect_bayes.checks.data_health import ANOMALIES, Anomaly, HealthRow, data_health
from introspect_bayes.checks.warnings import study_warnings

__all__ = ["ANOMALIES", "Anomaly", "HealthRow", "data_health", "study_warnings"]
