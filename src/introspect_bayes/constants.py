"""Numbers that every room agrees on."""

from typing import Final

HDI_PROB: Final = 0.95
"""Probability mass of every highest-density interval that the package reports."""

WEIGHT_LIMIT: Final = 100
"""Largest absolute attribute weight: targets, learned weights and reports live on -100 to 100."""
