"""Replies as read, with counts of liberties and of what a study's own parser read otherwise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse import PARSERS, Parsed, Parser, newest_of_kind, parser
from introspect_bayes.protocol.study_folder import STUDY_FILE, PreparedStudy
from introspect_bayes.protocol.trials import Task
from introspect_bayes.store import StoredReply

LIBERTY_COLUMNS: Final = ("base_model", "model", "stage", "task", "liberty", "count")
OTHERWISE_COLUMNS: Final = ("base_model", "model", "stage", "task", "before", "now", "count")


@dataclass(frozen=True)
class ReadingCounts:
    """How replies were read: by which parser, what it left out, and what it read otherwise.

    Attributes
    ----------
    parser, named_parser, liberties, read_otherwise
        See `Study`.
    """

    parser: str
    named_parser: str
    liberties: pd.DataFrame
    read_otherwise: pd.DataFrame


class Reading:
    """Reads stored replies by a parser, and counts as it does so.

    Parameters
    ----------
    prepared
        The study; what it names is read by the newest parser of that kind.
    chosen
        Name of another parser.

    Raises
    ------
    InputError
        If there is no such parser.
    """

    def __init__(self, prepared: PreparedStudy, chosen: str | None = None) -> None:
        self.parser = parser(chosen) if chosen is not None else _parser_of(prepared)
        self.named = PARSERS.get(prepared.parser, self.parser)
        self._named_in_study = prepared.parser
        self._liberties: Counter[tuple[str, ...]] = Counter()
        self._otherwise: Counter[tuple[str, ...]] = Counter()

    def read(self, reply: StoredReply, task: Task, attributes: Sequence[str]) -> Parsed:
        """Read a reply to a task about a context's attributes (`parse.Parser.read`)."""
        read = self.parser.read(task, reply, attributes)
        what: tuple[str, ...] = (reply.base_model, reply.model, reply.stage, task)
        self._liberties.update((*what, liberty) for liberty in read.liberties)
        if self.named is not self.parser:
            before = self.named.read(task, reply, attributes)
            if before.content != read.content:
                changed = before.label == read.label
                now = f"another {read.label}" if changed else read.label
                self._otherwise[*what, before.label, now] += 1
        return read

    def counts(self) -> ReadingCounts:
        """Return what was counted so far."""
        return ReadingCounts(
            self.parser.name,
            self._named_in_study,
            _counted(self._liberties, LIBERTY_COLUMNS),
            _counted(self._otherwise, OTHERWISE_COLUMNS),
        )


def _parser_of(prepared: PreparedStudy) -> Parser:
    try:
        return newest_of_kind(prepared.parser)
    except InputError as error:
        msg = f"{prepared.folder / STUDY_FILE}: {error}; choose one with --parser"
        raise InputError(msg) from error


def _counted(counts: Counter[tuple[str, ...]], columns: Sequence[str]) -> pd.DataFrame:
    rows = [(*what, count) for what, count in counts.items()]
    return pd.DataFrame(rows, columns=pd.Index(columns))
