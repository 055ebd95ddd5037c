"""The paper's experiments: which rows, which specification, which contrast, which figure."""

from introspect_bayes.analyses.analysis import Analysis
from introspect_bayes.analyses.exclusion import exclusion_table
from introspect_bayes.analyses.figures import FIGURES, PROPORTIONS
from introspect_bayes.analyses.published import published_figures
from introspect_bayes.analyses.reproduce import Reproduction, reproduce
from introspect_bayes.analyses.settings import Settings
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS

__all__ = [
    "COMPARISONS",
    "EFFECTS",
    "FIGURES",
    "PROPORTIONS",
    "Analysis",
    "CannotCompute",
    "NotInStudy",
    "Progress",
    "Reproduction",
    "Settings",
    "exclusion_table",
    "published_figures",
    "reproduce",
]
