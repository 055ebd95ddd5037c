"""What tests of reports share."""

MADE = "2026-01-01 12:00 UTC"
"""When reports of the tests were made."""
