"""A study: tidy frames of contexts, choices, reports, targets and models."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

import pandas as pd

from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows
from introspect_bayes.study.splits import Split

REPORTS_PER_CONTEXT: Final = 10
"""Reports that the paper's protocol asks for in each context (section 2.1)."""

KEYS: Final = ["base_model", "model", "stage", "context_set"]
"""Columns that say which replies of a study are meant: whose, and in which contexts."""

Oddity = Literal["value_outside", "lacking_attribute", "third_option", "repeated"]
"""What is odd about a row of choices or reports: an attribute's value outside minimum to maximum;
cells of attributes that the context lacks; options beside A and B; a copy of another row."""

ODD_ROWS: Final = [*KEYS, "task", "report_set", "context", "number", "oddity", "where"]

_REPORT: Final = ["model", "report_set", "context", "report"]
"""Columns that tell one report from another."""


@dataclass(frozen=True)
class Study:
    """Choices and self-reports of one or several base models, as tidy frames.

    Attributes
    ----------
    name, source
        What the study is called and the folder it was read from.
    decision_contexts
        Decision contexts by name, in the study's order.
    contexts
        The same as a frame, one row an attribute: context, question, position (from 1),
        attribute, minimum, maximum, unit.
    choices
        One row a choice: base_model, model, stage, context_set, context, trial (from 1),
        selection ("A" or "B"), d1 to dK (value of A minus value of B, divided by the
        attribute's range; 0 for an attribute that the context does not have).
    reports
        One row an attribute of a valid report: base_model, model, stage, context_set,
        report_set, context, report (from 1), position (from 1), reported.
    report_sets
        One row a set of reports asked of one model: report_set, base_model, model, stage,
        context_set, contexts_asked (tuple), reports_asked (per context), asked_known, replies (that
        came, valid or not; in the authors' layout as many as were asked). Where asked_known is
        False, nobody said how many were asked: at least as many as the context with the most has.
    targets
        One row an attribute: context, position, target. Empty if nothing was instilled.
    models
        One row a model: base_model, model, stage.
    failures
        One row a kind of failed reply in a context: base_model, model, stage, context_set,
        context, task, failure (see `parse.Failure`), count. Empty for the authors' layout,
        whose raw replies were thrown away.
    parser, named_parser
        Names of the parser that read the raw replies and of the one in `study.toml`; empty for the
        authors' layout.
    liberties
        One row a kind of liberty that the parser took with a model's replies: base_model, model,
        stage, task, liberty (see `parse.Liberty`), count. Empty for the authors' layout.
    read_otherwise
        One row a kind of reading in which the parser in `study.toml` differs: base_model, model,
        stage, task, before and now (a letter, "valid report" or a failure), count.
    unanswered
        Number of planned requests without an answer yet, by model that gave others.
    refused
        One row a reason for which the server refused requests in a context: base_model, model,
        stage, context_set, context, task, reason (its words, with the status), count. They are
        neither unanswered nor invalid. Empty if it refused none.
    chosen_rows
        Which rows of the study's files are used, and which columns are pooled over.
    splits
        Columns of the files that split trials, where a study was read to be looked at only: no
        analysis takes it.
    odd_rows
        One row an oddity (`Oddity`) of a choice or report that was read on trust: base_model,
        model, stage, context_set, task ("decision" or "report"), report_set, context, number
        (trial or report), oddity, where (a file's line and cell; said for the first of its kind).
    reading_warnings
        Sentences about files that were read on trust or left out.
    """

    name: str
    source: str
    decision_contexts: dict[str, DecisionContext]
    choices: pd.DataFrame
    reports: pd.DataFrame
    report_sets: pd.DataFrame
    targets: pd.DataFrame
    models: pd.DataFrame
    failures: pd.DataFrame = field(default_factory=pd.DataFrame)
    parser: str = ""
    named_parser: str = ""
    liberties: pd.DataFrame = field(default_factory=pd.DataFrame)
    read_otherwise: pd.DataFrame = field(default_factory=pd.DataFrame)
    unanswered: dict[str, int] = field(default_factory=dict)
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)
    chosen_rows: ChosenRows = EVERYTHING
    splits: tuple[Split, ...] = ()
    odd_rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ODD_ROWS))
    reading_warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        said = "".join(f"; {text}" for text in self.chosen_rows.sentences())
        return (
            f"<Study {self.name}: {', '.join(self.base_models)}; "
            f"{len(self.decision_contexts)} contexts, {len(self.choices):,} choices, "
            f"{len(self.reports.drop_duplicates(_REPORT)):,} valid reports{said}>"
        )

    def pooled(self, *columns: str) -> "Study":
        """Return the study with columns of its frames pooled over, whatever they split.

        Examples
        --------
        >>> study.pooled("flipped")  # doctest: +SKIP
        """
        rows = self.chosen_rows
        return replace(self, chosen_rows=replace(rows, pool=(*rows.pool, *columns)))

    @property
    def base_models(self) -> list[str]:
        """Base models of the study, in alphabetical order."""
        return sorted(self.models["base_model"].unique())

    @cached_property
    def max_attributes(self) -> int:
        """Largest number of attributes of any context that was chosen in or reported on."""
        used = {*self.choices["context"].unique(), *self.reports["context"].unique()}
        return max(len(self.decision_contexts[name].attributes) for name in used)

    @property
    def difference_columns(self) -> list[str]:
        """Names d1 to dK of the normalized differences in `choices`."""
        return [f"d{k}" for k in range(1, self.max_attributes + 1)]

    @cached_property
    def contexts(self) -> pd.DataFrame:
        """Decision contexts as a frame; see the class."""
        rows = [
            (context.name, context.question, position, a.name, a.minimum, a.maximum, a.unit)
            for context in self.decision_contexts.values()
            for position, a in enumerate(context.attributes, start=1)
        ]
        names = ["context", "question", "position", "attribute", "minimum", "maximum", "unit"]
        return pd.DataFrame(rows, columns=pd.Index(names))


def without_rows(study: Study, odd: pd.DataFrame) -> Study:
    """Return a study without some of its choices and reports.

    Parameters
    ----------
    study
        The study.
    odd
        Which are left out: rows of ``study.odd_rows``.
    """

    def kept(frame: pd.DataFrame, task: str, number: str, keys: list[str]) -> pd.DataFrame:
        mine = odd[odd["task"] == task].rename(columns={"number": number})
        gone = pd.MultiIndex.from_frame(mine[[*keys, number]].astype(str))
        rows = pd.MultiIndex.from_frame(frame[[*keys, number]].astype(str))
        return frame[~rows.isin(gone)]

    return replace(
        study,
        choices=kept(study.choices, "decision", "trial", [*KEYS, "context"]),
        reports=kept(study.reports, "report", "report", [*KEYS, "report_set", "context"]),
    )
