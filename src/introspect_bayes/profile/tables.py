"""The table of the profile, and what to know to read it."""

from collections.abc import Collection
from typing import Final

from rich import box
from rich.table import Table

from introspect_bayes.analysis.published import published_labels
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.profile.rows import ProfileRow

_HEADS: Final = {
    "slope_of_reports": "points a point",
    "sign_accuracy": "right signs (chance)",
    "rank_correlation": "rank r",
    "most_important_named": "top named (chance)",
    "noise_ceiling": "noise ceiling",
}

_BESIDE_CHANCE: Final = frozenset({"sign_accuracy", "most_important_named"})

READING: Final = (
    "Points a point: by how much mean reports rise with a point of weight (below 1: flatter, or "
    "not following, or noisy weights). Right signs: chance pairs the same weights and reports at "
    "random; a report of 0 counts half. Rank r: Spearman's, "
    "within contexts. Top named: contexts whose most important attribute is named. Noise ceiling: "
    "the r that noise in choices and reports would leave to reports that know all."
)
"""What the columns are."""


def profile_table(rows: Collection[ProfileRow], problems: Collection[str] = ()) -> Table:
    """Return one row a comparison and base model, each cell an estimate over its interval.

    Parameters
    ----------
    rows
        Rows of an `AccuracyProfile`.
    problems
        Failed diagnostics, for which every number is marked.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"What accuracy consists of [{HDI_PROB:.0%}, contexts as units]",
        title_justify="left",
        caption=READING,
        caption_justify="left",
        padding=(0, 1),
    )
    table.add_column("comparison", overflow="fold")
    for head in _HEADS.values():
        table.add_column(head)
    mark = f" {PROBLEM_MARK}" if problems else ""
    by_comparison: dict[tuple[str, str], dict[str, ProfileRow]] = {}
    for row in rows:
        by_comparison.setdefault((row.figure, row.base_model), {})[row.quantity] = row
    for (figure, base_model), found in by_comparison.items():
        label = published_labels().get(base_model, base_model)
        table.add_row(f"{figure}.{label}", *(_cell(found[name], mark) for name in _HEADS))
    return table


def notes(rows: Collection[ProfileRow], problems: Collection[str] = ()) -> list[str]:
    """Return why quantities or intervals are missing, and which diagnostics failed."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            label = published_labels().get(row.base_model, row.base_model)
            reasons.setdefault(row.note, []).append(f"{row.figure}.{label} {row.quantity}")
    lines = [f"{', '.join(names)}: {note}" for note, names in reasons.items()]
    return lines + [f"{PROBLEM_MARK} {problem}" for problem in problems]


def _cell(row: ProfileRow, mark: str) -> str:
    if row.estimate is None:
        return "-"
    known = row.chance if row.quantity in _BESIDE_CHANCE else None
    chance = "" if known is None else f" ({number(known)})"
    return f"{number(row.estimate)}{chance}{mark}\n{interval(row.hdi_contexts)}".strip()
