"""Raw replies to choices, reports and answers to the ablation question, or to named failures."""

from introspect_bayes.protocol.parse.bodies import reread_text, text_of_content
from introspect_bayes.protocol.parse.choices import parse_choice
from introspect_bayes.protocol.parse.failures import FAILURES, LIBERTIES, Failure, Liberty
from introspect_bayes.protocol.parse.parsers import (
    NEWEST,
    PARSERS,
    Parser,
    RawReply,
    newest_of_kind,
    parser,
)
from introspect_bayes.protocol.parse.results import (
    Parsed,
    ParsedChanges,
    ParsedChoice,
    ParsedReport,
)

__all__ = [
    "FAILURES",
    "LIBERTIES",
    "NEWEST",
    "PARSERS",
    "Failure",
    "Liberty",
    "Parsed",
    "ParsedChanges",
    "ParsedChoice",
    "ParsedReport",
    "Parser",
    "RawReply",
    "newest_of_kind",
    "parse_choice",
    "parser",
    "reread_text",
    "text_of_content",
]
