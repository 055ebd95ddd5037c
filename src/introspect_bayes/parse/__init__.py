"""Raw replies to choices, reports and answers to the ablation question, or to named failures."""

from introspect_bayes.parse.ablations import ABLATION_PARSERS, ParsedChanges, ablation_parser
from introspect_bayes.parse.choices import parse_choice
from introspect_bayes.parse.failures import FAILURES, Failure
from introspect_bayes.parse.reports import PARSERS, ParsedReport, parser

__all__ = [
    "ABLATION_PARSERS",
    "FAILURES",
    "PARSERS",
    "Failure",
    "ParsedChanges",
    "ParsedReport",
    "ablation_parser",
    "parse_choice",
    "parser",
]
