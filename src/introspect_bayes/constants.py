"""Numbers that every room agrees on, and how a number is written."""

import re
from typing import Final

__version__ = "0.1.0.dev0"

HDI_PROB: Final = 0.95
"""Probability mass of every highest-density interval that the package reports."""

WEIGHT_LIMIT: Final = 100
"""Largest absolute attribute weight: targets, learned weights and reports live on -100 to 100."""

PLAIN_NUMBER: Final = re.compile(
    r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII
)
"""A number as files state it: to Python and pandas, ``1_0`` and ``0x2`` are numbers as well."""
