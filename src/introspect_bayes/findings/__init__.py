"""What is found in a study: all that `analyze` prints, as one object."""

from introspect_bayes.findings.analyzing import analyze, findings_of, wanted_ids
from introspect_bayes.findings.findings import Findings

__all__ = ["Findings", "analyze", "findings_of", "wanted_ids"]
