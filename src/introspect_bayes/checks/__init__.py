"""Checks of data, posteriors and predictions."""

from introspect_bayes.checks.data_health import ANOMALIES, Anomaly, HealthRow, data_health

__all__ = ["ANOMALIES", "Anomaly", "HealthRow", "data_health"]
