"""Statistical models as data: `models/*.toml` to frozen specifications.

A specification names every parameter of its model and the prior of each. Gaps and misspellings
are errors, because Bambi would fill a gap with a prior scaled to the data and only warn of a
misspelling.
"""

from introspect_bayes.specs.files import (
    ANALYSED,
    changed_priors,
    chosen_specifications,
    read_specification,
    spec,
    split_setting,
)
from introspect_bayes.specs.formulas import Formula, read_formula
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.specification import EQUATION_FAMILIES, FAMILIES, Specification

__all__ = [
    "ANALYSED",
    "EQUATION_FAMILIES",
    "FAMILIES",
    "Formula",
    "Prior",
    "Specification",
    "changed_priors",
    "chosen_specifications",
    "read_formula",
    "read_specification",
    "spec",
    "split_setting",
]
