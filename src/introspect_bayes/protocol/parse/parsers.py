"""Parsers by name and version: a result can be traced to the rule that read it.

A better rule never needs another call: replies are stored word for word, and read again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse.ablations import (
    parse_changes_leniently,
    parse_changes_strictly,
)
from introspect_bayes.protocol.parse.bodies import reread_text, why_blank
from introspect_bayes.protocol.parse.choices import choose_leniently, choose_strictly
from introspect_bayes.protocol.parse.failures import Failure
from introspect_bayes.protocol.parse.first_versions import (
    choose_exactly,
    parse_as_authors,
    parse_changes_leniently_1,
    parse_changes_strictly_1,
    parse_leniently_1,
    parse_strictly_1,
)
from introspect_bayes.protocol.parse.reports import parse_leniently, parse_strictly
from introspect_bayes.protocol.parse.results import (
    Parsed,
    ParsedChanges,
    ParsedChoice,
    ParsedReport,
)
from introspect_bayes.protocol.trials import Task

_ABLATION: Final = "ablation-"


class RawReply(Protocol):
    """A reply as it came: its text, finish reason, and response body where that is at hand."""

    @property
    def text(self) -> str | None:
        """The reply, word for word."""

    @property
    def finish_reason(self) -> str | None:
        """As the server gave it."""

    @property
    def body(self) -> bytes | None:
        """The response body."""


@dataclass(frozen=True)
class Parser:
    """Reads choices, reports and answers to the ablation question by one rule.

    Attributes
    ----------
    name
        Name and version.
    choices, reports, ablations
        What reads the text of each.
    looks_into_bodies
        Whether the response body may tell why a text is blank, and what of it is thinking.
    """

    name: str
    choices: Callable[..., ParsedChoice]
    reports: Callable[..., ParsedReport]
    ablations: Callable[..., ParsedChanges]
    looks_into_bodies: bool = True

    @property
    def kind(self) -> str:
        """Name without the version."""
        return self.name.rpartition("-")[0]

    def read(self, task: Task, reply: RawReply, attributes: Sequence[str]) -> Parsed:
        """Read a reply to a task about a context, its attributes named in order.

        Parameters
        ----------
        task
            What was asked, and so what the reply is read as: a `ParsedChoice`, a `ParsedReport` or
            `ParsedChanges`.
        reply
            As it came.
        attributes
            Names of the context's attributes.
        """
        text, failure = self._text(reply)
        cut_off = _cut_off(reply)
        match task:
            case "decision" if failure is None:
                return self.choices(text, cut_off=cut_off)
            case "decision":
                return ParsedChoice(failure=failure)
            case "report" if failure is None:
                return self.reports(text, attributes, cut_off=cut_off)
            case "report":
                return ParsedReport(failure=failure)
            case "ablation" if failure is None:
                return self.ablations(text, attributes, cut_off=cut_off)
            case "ablation":
                return ParsedChanges(failure=failure)

    def _text(self, reply: RawReply) -> tuple[str | None, Failure | None]:
        if not self.looks_into_bodies:
            return reply.text, None
        text = reread_text(reply.text, reply.body)
        if text is None or not text.strip():
            return None, why_blank(reply.body, cut_off=_cut_off(reply))
        return text, None


def _cut_off(reply: RawReply) -> bool:
    return reply.finish_reason == "length"


PARSERS: Final[dict[str, Parser]] = {
    parser.name: parser
    for parser in (
        Parser(
            "plunkett2025-1",
            choose_exactly,
            parse_as_authors,
            parse_changes_strictly_1,
            looks_into_bodies=False,
        ),
        Parser(
            "strict-1",
            choose_exactly,
            parse_strictly_1,
            parse_changes_strictly_1,
            looks_into_bodies=False,
        ),
        Parser(
            "lenient-1",
            choose_exactly,
            parse_leniently_1,
            parse_changes_leniently_1,
            looks_into_bodies=False,
        ),
        Parser("strict-2", choose_strictly, parse_strictly, parse_changes_strictly),
        Parser("lenient-2", choose_leniently, parse_leniently, parse_changes_leniently),
    )
}
"""All parsers; of each kind the newest last. The authors asked for no ablations."""

NEWEST: Final[dict[str, Parser]] = {parser.kind: parser for parser in PARSERS.values()}
"""The newest parser of each kind."""


def parser(name: str) -> Parser:
    """Return a parser by name and version, or the newest of a kind.

    Parameters
    ----------
    name
        Such as "strict-1", or "strict"; also as it is called for ablations ("ablation-strict-1").

    Raises
    ------
    InputError
        If there is none; the message lists them.

    Examples
    --------
    >>> parser("strict").name, parser("ablation-lenient-1").name
    ('strict-2', 'lenient-1')
    """
    plain = name.removeprefix(_ABLATION)
    found = NEWEST.get(plain) or PARSERS.get(plain)
    if found is None:
        msg = f"no parser {name!r} (known: {', '.join([*NEWEST, *PARSERS])})"
        raise InputError(msg)
    return found


def newest_of_kind(name: str) -> Parser:
    """Return the newest parser of the kind of a named one.

    What a study names when it is prepared is read by the best rule of its kind that there is.

    Examples
    --------
    >>> newest_of_kind("strict-1").name
    'strict-2'
    """
    return NEWEST[parser(name).kind]
