"""What an analysis of a study found, as the terminal, a notebook and a report show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xarray as xr
from rich.table import Table
from rich.text import Text

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.exclusion import exclusion_table
from introspect_bayes.analysis.reproduce import Reproduction
from introspect_bayes.analysis.sensitivity import PriorSensitivity
from introspect_bayes.checks import Check, HealthRow, study_warnings
from introspect_bayes.joint_model.accuracies import JointAccuracy
from introspect_bayes.presentation import provenance, tables
from introspect_bayes.presentation.notebook import html
from introspect_bayes.presentation.notices import row_lines, warning_lines
from introspect_bayes.presentation.readings import reading_record
from introspect_bayes.presentation.refusals import reply_tables
from introspect_bayes.privileged import tables as privileged
from introspect_bayes.privileged.privileged import PrivilegedAccess
from introspect_bayes.profile.profile import AccuracyProfile
from introspect_bayes.profile.tables import notes as profile_notes
from introspect_bayes.profile.tables import profile_table
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.specs import changed_priors
from introspect_bayes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console, ConsoleOptions

_UNRELIABLE: Final = f"Diagnostics failed: do not rely on the numbers marked {tables.PROBLEM_MARK}."

_WIDE: Final = 110
"""Columns of a terminal from which a table has one for every kind of interval."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in a study: figures, privileged access, data health, warnings, notes.

    A notebook shows it as the command `analyze` prints it; ``rich.print`` does so in a terminal.
    `analyze` makes it.

    Attributes
    ----------
    analysis
        The analysis, with its study, its settings and all fits that were made.
    figures
        The figures, in the paper's order; those that the study does not allow say why (``note``).
    access
        Own reports against others' reports; without figures where the study has one model.
    health
        The data behind each comparison; empty if single figures were asked for.
    published
        Whether the paper's figures stand beside them.
    truth
        The known truth by figure, of a simulated study.
    only
        Figures that were asked for, or their beginnings; all if empty.
    provenance
        Data, priors, sampling and the worst diagnostics behind the numbers, in words.
    profile
        What accuracy consists of beside r; None if it was not asked for (``analyze --full``).
    by_context, replicates, checks, sensitivity, joint
        What a report holds beside all this, as far as it was asked for there (`document.gather`):
        fits with a slope for each context, by comparison and base model; replicated data by what
        was fitted; checks; figures under other priors; the joint model's accuracies, or why there
        are none.
    """

    analysis: Analysis
    figures: tuple[Reproduction, ...] = ()
    access: PrivilegedAccess = field(default_factory=lambda: PrivilegedAccess({}, {}))
    health: tuple[HealthRow, ...] = ()
    published: bool = False
    truth: Mapping[str, float] | None = None
    only: tuple[str, ...] = ()
    provenance: str = ""
    profile: AccuracyProfile | None = None
    by_context: Mapping[tuple[str, str], Regression] = field(default_factory=dict)
    replicates: Mapping[str, xr.DataTree] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    sensitivity: PriorSensitivity | None = None
    joint: JointAccuracy | str | None = None

    def __repr__(self) -> str:
        computed = sum(figure.result is not None for figure in self.figures)
        failed = ", failed diagnostics" if self.failed else ""
        return (
            f"<Findings of {self.study.name}: {computed} of {len(self.figures)} figures, "
            f"{len(self.warnings)} warnings{failed}>"
        )

    @property
    def study(self) -> Study:
        """The study that was analysed."""
        return self.analysis.study

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Warning signs in the replies of each model, a sentence each."""
        return tuple(study_warnings(self.study))

    @property
    def shown(self) -> list[Reproduction]:
        """The figures that a table shows: those that the study has no data for only if asked."""
        collapsed = not self.published and not self.only
        return [figure for figure in self.figures if figure.in_study or not collapsed]

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures should know: reasons, and failed diagnostics."""
        shown = self.shown
        missing = [tables.absent(self.figures)] if len(shown) < len(self.figures) else []
        return [*tables.notes(shown), *missing]

    @property
    def failed(self) -> bool:
        """Whether the diagnostics of any fit failed that a number rests on."""
        found = [bool(figure.problems) for figure in self.figures]
        found += [bool(fit.diagnostics.problems) for fit in self.by_context.values()]
        found.append(bool(self.access.problems))
        found.append(self.profile is not None and bool(self.profile.problems))
        if isinstance(self.joint, JointAccuracy):
            found.append(bool(self.joint.problems))
        return any(found)

    @cached_property
    def exclusion(self) -> pd.DataFrame | None:
        """Correlations without weights of exactly ±100 (`exclusion_table`), if that was asked."""
        asked = any(figure.kind == "d.excl100" and figure.result for figure in self.figures)
        return exclusion_table(self.analysis) if asked else None

    def table(self) -> pd.DataFrame:
        """Return every figure in full precision.

        Privileged access and data health have tables of their own: ``found.access.table()``.

        Returns
        -------
        pandas.DataFrame
            One row a figure: id, title, base_model, estimate, hdi_low, hdi_high, n,
            hdi_contexts_low, hdi_contexts_high (contexts as units), hdi_contexts_missing (why
            there are none), paper, paper_low, paper_high, brms, brms_low, brms_high, truth (of
            simulated studies), verdict, problems, note.
        """
        return pd.DataFrame([self._row(figure) for figure in self.figures])

    def to_dict(self) -> dict[str, Any]:
        """Return all that was found as JSON-ready values.

        Returns
        -------
        dict
            ``figures`` and ``health`` are what the options ``--json`` and ``--health-json`` write:
            a dict for each figure (privileged access included) and for each comparison; then
            ``warnings``, ``notes``, and ``profile``, the rows of the profile (none if it was not
            asked for). Figures with a profile have theirs as ``profile``, too.
        """
        made_of = {
            "changed_priors": changed_priors(self.analysis.settings.specs),
            **self.study.chosen_rows.as_dict(),
            **reading_record(self.study),
        }
        figures = [figure.as_dict() for figure in self.figures] + self.access.as_dicts()
        rows = [{**row, **made_of} for row in figures]
        if self.truth is not None:
            rows = [{**row, "truth": self.truth.get(row["id"])} for row in rows]
        if self.profile is not None:
            rows = [
                {**row, "profile": self.profile.of(figure.kind, figure.base_model)}
                for row, figure in zip(rows, self.figures, strict=False)
            ] + rows[len(self.figures) :]
        return {
            "figures": rows,
            "health": [{**row.as_dict(), **made_of} for row in self.health],
            "warnings": list(self.warnings),
            "notes": self.notes,
            "profile": [] if self.profile is None else self.profile.as_dicts(),
        }

    def plot(self, *, figsize: tuple[float, float] | None = None) -> "Figure":
        """Plot how accurate reports are, stage by stage (`plot_accuracy`).

        Parameters
        ----------
        figsize
            Width and height in inches.

        Raises
        ------
        InputError
            If the study allows no comparison of reports with choices.
        """
        from introspect_bayes.presentation.plots import plot_accuracy

        return plot_accuracy(self.analysis, published=self.published, figsize=figsize)

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> Iterator[Table | Text]:
        del console  # tables and sentences find their own width
        yield from self._parts(wide=options.max_width >= _WIDE)

    def _repr_html_(self) -> str:
        unreliable = [Text(_UNRELIABLE, style="bold")] if self.failed else []
        return html([*unreliable, *self._parts()])

    def _parts(self, *, wide: bool = True) -> Iterator[Table | Text]:
        """Yield all that is shown of an analysis, in order."""
        yield from warning_lines(self.study, self.warnings)
        yield from row_lines(self.study.chosen_rows)
        shown = self.shown
        if shown and self.published:
            yield tables.figures_table(shown, wide=wide)
        elif shown:
            yield tables.estimates_table(shown, self.truth, wide=wide)
        if note := provenance.priors_note(self.analysis):
            yield Text(note, style="bold")
        yield from (Text(note) for note in self.notes)
        for part in privileged.summary(self.access, self.truth):
            yield Text(part) if isinstance(part, str) else part
        if self.profile is not None and self.profile.rows:
            yield profile_table(self.profile.rows, self.profile.problems)
            yield from (Text(note) for note in profile_notes(self.profile.rows))
        if self.exclusion is not None:
            yield Text()
            yield tables.exclusion_summary(self.exclusion)
        if self.health:
            yield tables.health_table(self.health)
            yield tables.anomalies_table(self.health)
            yield from reply_tables(self.study)
        yield Text(self.provenance)

    def _row(self, figure: Reproduction) -> dict[str, object]:
        known = figure.as_dict()
        row = {key: known[key] for key in ("id", "title", "base_model", "estimate")}
        row |= _ends("hdi", known["hdi"]) | {"n": known["n"]}
        row |= _ends("hdi_contexts", known["hdi_contexts"])
        row["hdi_contexts_missing"] = known["hdi_contexts_missing"]
        for name in ("paper", "brms"):
            row[name] = known[name]
            row |= _ends(name, known[f"{name}_hdi"])
        if self.truth is not None:
            row["truth"] = self.truth.get(figure.id)
        row["verdict"] = known["verdict"]
        row["problems"] = "; ".join(known["problems"])
        return row | {"note": known["note"]}


def _ends(name: str, ends: list[float] | None) -> dict[str, float | None]:
    low, high = ends or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}
