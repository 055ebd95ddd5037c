"""Regressions that Bambi builds: posteriors, expectations, predictions."""
