"""Tables of explanation scores for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.scores.answers import ExplanationScores

LARGEST: Final = 40
"""Rows of the table of cells beyond which only a file has them all."""


def score_tables(
    found: ExplanationScores, truth: Mapping[str, float] | None = None
) -> Iterator[Table]:
    """Yield the answers as tables, beside the known truth where scores were simulated.

    Parameters
    ----------
    found
        What `explanation_scores` returned.
    truth
        True values by the name of the answer, such as ``advantage.overall``.
    """
    mark = f" {PROBLEM_MARK}" if found.diagnostics.problems else ""
    title = "Expected score of self and of other"
    yield _compared(found.advantage(), "advantage", title, mark, truth)
    if found.rows.sizes:
        title = "Gained by a doubling of the training size"
        yield _compared(found.learning(), "difference", title, mark, _learning(truth))
    yield _cells(found.cells(), mark)


def _learning(truth: Mapping[str, float] | None) -> Mapping[str, float] | None:
    if truth is None:
        return None
    return {k.replace("learning", "difference"): v for k, v in truth.items() if k[:8] == "learning"}


def _compared(
    rows: pd.DataFrame, name: str, title: str, mark: str, truth: Mapping[str, float] | None
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1))
    table.add_column("task", overflow="fold")
    for side in ("self", "other"):
        table.add_column(side, justify="right", no_wrap=True)
    table.add_column(f"self - other [{HDI_PROB:.0%} HDI]", no_wrap=True)
    table.add_column("P(above 0)", justify="right", no_wrap=True)
    if truth is not None:
        table.add_column("truth", justify="right", no_wrap=True)
        table.add_column("in HDI", no_wrap=True)
    for row in rows.to_dict("records"):
        table.add_row(*_compared_cells({str(k): v for k, v in row.items()}, name, mark, truth))
    return table


def _compared_cells(
    row: dict[str, Any], name: str, mark: str, truth: Mapping[str, float] | None
) -> list[str]:
    if row["note"]:
        return [row["task"], "-", "-", "cannot be told", "-", *(["", ""] if truth else [])]
    ends = (row["hdi_low"], row["hdi_high"])
    decimals = 2 if name == "advantage" else 3
    shown = ", ".join(number(end, decimals=decimals) for end in ends)
    cells = [
        row["task"],
        number(row["self"], decimals=decimals),
        number(row["other"], decimals=decimals),
        f"{number(row[name], decimals=decimals)} [{shown}]{mark}",
        number(row["probability"], decimals=3),
    ]
    if truth is not None:
        known = truth[f"{name}.{row['task']}"]
        inside = "yes" if ends[0] <= known <= ends[1] else "no"
        cells += [number(known, decimals=decimals), inside]
    return cells


def _cells(rows: pd.DataFrame, mark: str) -> Table:
    left = len(rows) - LARGEST
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Which explainer helps where",
        title_justify="left",
        padding=(0, 1),
        caption=f"{left} more rows in --json FILE" if left > 0 else None,
        caption_justify="left",
    )
    for name in ("task", "target", "explainer"):
        table.add_column(name, overflow="fold")
    table.add_column("scores", justify="right", no_wrap=True)
    table.add_column("observed", justify="right", no_wrap=True)
    table.add_column("expected", no_wrap=True)
    table.add_column("minus self", no_wrap=True)
    table.add_column("P(best)", justify="right", no_wrap=True)
    ordered = rows.sort_values(["task", "target", "mean"], ascending=[True, True, False])
    for row in ordered.head(LARGEST).to_dict("records"):
        over = ""
        if not pd.isna(row["over_self"]):
            ends = (row["over_self_low"], row["over_self_high"])
            over = f"{number(row['over_self'])} {interval(ends)}"
        own = row["explainer"] == row["target"]
        table.add_row(
            row["task"],
            row["target"],
            "itself" if own else row["explainer"],
            f"{row['scores']:,}",
            number(row["observed"]),
            f"{number(row['mean'])} {interval((row['hdi_low'], row['hdi_high']))}{mark}",
            over,
            number(row["best"]),
        )
    return table


def score_provenance(found: ExplanationScores) -> str:
    """Return one paragraph: data, model, what fell away, and diagnostics behind the numbers."""
    table, spec, judged = found.rows.table, found.fit.spec, found.diagnostics
    posterior = found.idata["posterior"].sizes
    fallen = "; ".join(f"{name} ({reason})" for name, reason in found.rows.dropped.items())
    return (
        f"Data: {len(table):,} scores, {table['explainer'].nunique()} explainers, "
        f"{table['target'].nunique()} targets, {table['task'].nunique()} tasks\n"
        f"Model: {spec.name}, {spec.formula}\n"
        + (f"Fell away: {fallen}\n" if fallen else "")
        + f"Priors: {', '.join(f'{name} ~ {prior}' for name, prior in spec.priors.items())}\n"
        f"Sampling: NUTS, {posterior['chain']} chains x {posterior['draw']} draws; R-hat "
        f"{judged.rhat:.3f}, effective sample size {judged.ess_bulk:,.0f} (bulk), "
        f"{judged.ess_tail:,.0f} (tail), {judged.divergences} divergences"
    )
