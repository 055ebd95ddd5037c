"""Tables for the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd
from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from introspect_bayes.analysis.decimals import decimal
from introspect_bayes.analysis.figures import PROPORTIONS
from introspect_bayes.analysis.published import published_labels
from introspect_bayes.analysis.reproduce import Reproduction
from introspect_bayes.analysis.result import Result
from introspect_bayes.checks import ANOMALIES, HealthRow
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.study import Study

_STYLES = {"reproduced": "green", "not reproduced": "bold red"}
_REASONS = 3
"""Reasons that the closing line gives: the others are alike."""

PROBLEM_MARK = "†"
"""Stands beside every number that rests on a fit whose diagnostics failed."""

BY_CONTEXTS = "by contexts"
"""Heading of the 95% intervals that take contexts as units."""


def number(value: float, *, proportion: bool = False, decimals: int = 2) -> str:
    """Format an estimate as the field prints it.

    Examples
    --------
    >>> number(0.5432), number(-0.0049), number(0.8256, proportion=True)
    ('.54', '.00', '82.6%')
    """
    if proportion:
        return f"{value:.2%}" if abs(value) < 0.01 else f"{value:.1%}"  # noqa: PLR2004
    return decimal(value, decimals)


def interval(ends: Sequence[float] | None, *, proportion: bool = False) -> str:
    """Format an HDI.

    Examples
    --------
    >>> interval((0.468, 0.618)), interval((0.8, 0.85), proportion=True), interval(None)
    ('[.47, .62]', '[80.0%, 85.0%]', '')
    """
    return f"[{', '.join(number(end, proportion=proportion) for end in ends)}]" if ends else ""


def _by_contexts(result: Result | None, kind: str) -> str:
    return interval(result.hdi_contexts, proportion=kind in PROPORTIONS) if result else ""


def _cell(estimate: float | None, ends: Sequence[float] | None, kind: str) -> str:
    middle = "" if estimate is None else number(estimate, proportion=kind in PROPORTIONS)
    return f"{middle} {interval(ends)}".strip()


def _label(base_model: str) -> str:
    return published_labels().get(base_model, base_model)


def _add_intervals(table: Table, name: str, *, wide: bool) -> None:
    """Add the column of estimates; a wide table has one of intervals by contexts, too."""
    if not wide:
        below = escape(f"[{BY_CONTEXTS}]")
        table.add_column(f"{name} [{HDI_PROB:.0%} HDI]\n{below}", no_wrap=True)
    else:
        table.add_column(f"{name} [{HDI_PROB:.0%} HDI]", no_wrap=True)
        table.add_column(BY_CONTEXTS, no_wrap=True)


def _intervals(figure: Reproduction, *, wide: bool) -> list[str]:
    """Return the cells of the columns of `_add_intervals`."""
    result, mark = figure.result, f" {PROBLEM_MARK}" if figure.problems else ""
    here = (_cell(result.estimate, result.hdi, figure.kind) if result else "-") + mark
    units = _by_contexts(result, figure.kind)
    return [here, units] if wide else ["\n".join(filter(None, (here, units)))]


_LONGEST_ID: Final = 34


def figures_table(figures: Iterable[Reproduction], *, wide: bool = False) -> Table:
    """Return the paper's figures beside the reproduced ones.

    Parameters
    ----------
    figures
        The figures.
    wide
        Whether the intervals with contexts as units stand beside the HDIs, not below them.
    """
    table = Table(
        box=box.SIMPLE_HEAD, title="Published and reproduced", title_justify="left", padding=(0, 1)
    )
    table.add_column("id", overflow="fold")
    table.add_column("figure", overflow="fold")
    table.add_column("paper", no_wrap=True)
    _add_intervals(table, "here", wide=wide)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("verdict", min_width=10)
    for figure in figures:
        paper, result = figure.paper, figure.result
        printed = _cell(paper.estimate, paper.hdi, figure.kind) if paper else ""
        table.add_row(
            figure.id,
            figure.title,
            f"at most {printed}" if paper and paper.at_most else printed,
            *_intervals(figure, wide=wide),
            f"{result.n:,}" if result else "",
            Text(figure.verdict, style=_STYLES.get(figure.verdict, "")),
        )
    return table


def estimates_table(
    figures: Iterable[Reproduction],
    truth: Mapping[str, float] | None = None,
    *,
    wide: bool = False,
) -> Table:
    """Return a study's own figures, beside the known truth where the study was simulated.

    Parameters
    ----------
    figures
        The figures.
    truth
        The known truth by id.
    wide
        As for `figures_table`.
    """
    figures = list(figures)
    table = Table(box=box.SIMPLE_HEAD, title="Estimates", title_justify="left")
    # Words of titles can be parted; an id is copied.
    longest = max((len(figure.id) for figure in figures), default=0)
    table.add_column("id", overflow="fold", no_wrap=longest <= _LONGEST_ID)
    table.add_column("figure", overflow="fold")
    _add_intervals(table, "estimate", wide=wide)
    table.add_column("rows", justify="right", no_wrap=True)
    if truth is not None:
        table.add_column("truth", justify="right", no_wrap=True)
        table.add_column("in HDI", no_wrap=True)
    for figure in figures:
        result = figure.result
        cells = [figure.id, figure.title, *_intervals(figure, wide=wide)]
        cells.append(f"{result.n:,}" if result else "")
        if truth is not None:
            known = truth.get(figure.id)
            cells.append("" if known is None else number(known))
            cells.append("" if known is None or result is None else _inside(known, result.hdi))
        table.add_row(*cells)
    return table


def _inside(truth: float, ends: Sequence[float] | None) -> str:
    if not ends:
        return ""
    return "yes" if ends[0] <= truth <= ends[1] else "no"


def failures_table(study: Study) -> Table | None:
    """Return how many replies failed to parse, by stage and reason; None if none did."""
    failures = study.failures
    if failures.empty:
        return None
    table = Table(box=box.SIMPLE_HEAD, title="Replies that failed to parse", title_justify="left")
    for name in ("model", "task", "context set", "failure", "replies", "contexts"):
        table.add_column(name, justify="right" if name in {"replies", "contexts"} else "left")
    keys = ["model", "task", "context_set", "failure"]
    for names, rows in failures.groupby(keys, sort=True):
        counted = (f"{rows['count'].sum():,}", str(rows["context"].nunique()))
        table.add_row(*(str(name) for name in names), *counted)
    return table


def notes(figures: Iterable[Reproduction]) -> list[str]:
    """Return the notes below the table: reasons, and failed diagnostics."""
    lines: dict[str, list[str]] = {}
    for figure in figures:
        if figure.note:
            lines.setdefault(figure.note, []).append(figure.id)
        for problem in figure.problems:
            lines.setdefault(f"{PROBLEM_MARK} {problem}", []).append(figure.id)
    return [f"{', '.join(ids)}: {note}" for note, ids in lines.items()]


def absent(figures: Iterable[Reproduction]) -> str:
    """Return one line on the figures that the study has no data for; empty if it has all.

    Figures that no base model has go by their kind, the others by their id.
    """
    listed = list(figures)
    had = {figure.kind for figure in listed if figure.in_study}
    missing = [figure for figure in listed if not figure.in_study]
    if not missing:
        return ""
    names = dict.fromkeys(f.id if f.kind in had else f.kind for f in missing)
    notes = dict.fromkeys(figure.note for figure in missing)
    # An effect's reason quotes those of the comparisons that it needs.
    reasons = [note for note in notes if not any(o in note and o != note for o in notes)]
    shown = [*reasons[:_REASONS], *(["..."] if len(reasons) > _REASONS else [])]
    return f"Not in this study: {', '.join(names)} ({'; '.join(shown)})"


def health_table(rows: Iterable[HealthRow]) -> Table:
    """Return the data behind each comparison: correlation, invalid reports, pull to A."""
    table = Table(box=box.SIMPLE_HEAD, title="What the data hides", title_justify="left")
    table.add_column("comparison", overflow="fold")
    for name in ("r", "invalid", "choices of A", "pull to A (log-odds)"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            f"{row.figure}.{_label(row.base_model)}" + (f" {PROBLEM_MARK}" if row.problems else ""),
            "-" if row.r is None else number(row.r, decimals=3),
            _invalid(row),
            "-" if row.share_a is None else f"{row.share_a:.1%}",
            "-" if row.intercept is None else f"{row.intercept:+.2f}",
        )
    return table


def _invalid(row: HealthRow) -> str:
    if row.invalid_share is None:
        return "-"
    of = "" if row.asked_at_least is None else f" of at least {row.asked_at_least}"
    return f"{row.invalid_share:.1%}{of}"


def anomalies_table(rows: Iterable[HealthRow]) -> Table:
    """Return every anomaly that occurs, and how r changes without it."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Anomalies, and r without them",
        title_justify="left",
        caption="Contexts without report: r if they said zero. Intercepts: 5% by chance alone.",
        caption_justify="left",
    )
    table.add_column("comparison", overflow="fold")
    table.add_column("anomaly")
    for name in ("count", "of", "r without", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        for name, anomaly in row.anomalies.items():
            if not anomaly.count:
                continue
            change = ""
            if anomaly.r_without is not None and row.r is not None:
                change = f"{anomaly.r_without - row.r:+.3f}".replace("0.", ".")
            table.add_row(
                f"{row.figure}.{_label(row.base_model)}",
                ANOMALIES[name],
                str(anomaly.count),
                f"{anomaly.of:,}",
                "-" if anomaly.r_without is None else number(anomaly.r_without, decimals=3),
                change,
            )
    return table


def exclusion_summary(changes: pd.DataFrame) -> Table:
    """Return the ±100 exclusion: correlations under each reading."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Correlations without weights of exactly ±100, by what is excluded",
        title_justify="left",
    )
    readings = list(dict.fromkeys(changes["reading"]))
    for name in ("comparison", "all rows", *readings):
        table.add_column(name, justify="left" if name == "comparison" else "right")
    for (figure, base_model), rows in changes.groupby(["figure", "base_model"], sort=False):
        by_reading = rows.set_index("reading")["r_without"]
        cells = [number(float(by_reading[reading])) for reading in readings]
        name = f"{figure}.{_label(str(base_model))}"
        table.add_row(name, number(float(rows["r_all"].iloc[0])), *cells)
    return table
