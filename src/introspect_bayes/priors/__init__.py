"""Priors: a distribution's name and its arguments, however they are written.

Distributions are named and checked as data, so that nothing that a user writes is evaluated, and a
specification can be read without loading PyMC.
"""

from introspect_bayes.priors.prior import RESPONSE_STATISTICS, Prior
from introspect_bayes.priors.reading import as_prior, read_prior

__all__ = ["RESPONSE_STATISTICS", "Prior", "as_prior", "read_prior"]
