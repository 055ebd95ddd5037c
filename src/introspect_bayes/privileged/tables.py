"""Own and other, as tables for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.analysis.published import published_labels
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import NotInStudy
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.privileged.access_figure import PREFIX
from introspect_bayes.privileged.privileged import PrivilegedAccess
from introspect_bayes.protocol.comparisons import COMPARISONS

_PARTIAL = {
    "coefficient": "own reports",
    "others_coefficient": "others' reports",
    "partial_correlation": "partial r",
    "added_variance": "added variance",
}


def summary(
    access: PrivilegedAccess, truth: Mapping[str, float] | None = None
) -> Iterator[Table | str]:
    """Yield what an analysis shows: own minus other, and what a reader should know of it.

    Nothing if the study allows no such comparison; a sentence if two models would, but do not.
    """
    if access.figures:
        yield differences_table(access, truth)
        yield from notes(access)
    for reason in access.skipped.values():
        if not isinstance(reason, NotInStudy):
            yield str(reason)


def everything(access: PrivilegedAccess) -> Iterator[Table | str]:
    """Yield all tables of privileged access, and its notes."""
    yield differences_table(access)
    yield cells_table(access)
    yield partial_table(access)
    if len(access.given_target):
        yield given_target_table(access)
    yield from notes(access)
    reasons = dict.fromkeys(str(reason) for reason in access.skipped.values())
    yield from reasons


def differences_table(access: PrivilegedAccess, truth: Mapping[str, float] | None = None) -> Table:
    """Return own minus other: overall, and model by model whose reports tell its weights best."""
    table = _table(
        "Do own reports tell weights better than others' do? Correlations of reports and weights"
    )
    table.add_column("id", no_wrap=True)
    table.add_column("weights of", overflow="fold", min_width=15)
    table.add_column("own reports", justify="right")
    table.add_column("others' reports", justify="right")
    table.add_column(f"own minus other [{HDI_PROB:.0%} HDI]", no_wrap=True)
    # The known truth is that of the difference; both would not fit a terminal.
    table.add_column("own reports add" if truth is None else "truth", no_wrap=True)
    frame, added = access.table(), _coefficients(access)
    for row in frame[frame["contrast"].isin(["overall", "target"])].to_dict("records"):
        overall = row["contrast"] == "overall"
        name = f"{PREFIX}{row['figure']}"
        cells = [
            name if overall else "",
            "all models" if overall else _label(row["base_model"]),
            number(row["own"]),
            number(row["other"]),
            _estimate(row) + (f" {PROBLEM_MARK}" if row["problems"] else ""),
        ]
        if truth is None:
            cells.append(added[row["figure"], row["base_model"]])
        else:
            known = truth.get(name) if overall else None
            cells.append("" if known is None else number(known))
        table.add_row(*cells)
    return table


def cells_table(access: PrivilegedAccess) -> Table:
    """Return every model's reports against every model's weights."""
    table = _table("Reports (rows) against weights (columns)")
    frame = access.correlations()
    models = list(dict.fromkeys(frame["target"]))
    table.add_column("id", no_wrap=True)
    table.add_column("reports of", overflow="fold")
    for model in models:
        table.add_column(f"weights of {_label(model)}", min_width=16)
    for (figure, reporter), rows in frame.groupby(["figure", "reporter"], sort=False):
        by_target = {row["target"]: _estimate(row) for row in rows.to_dict("records")}
        cells = [by_target.get(model, "") for model in models]
        first = reporter == rows["target"].iloc[0]
        table.add_row(f"{PREFIX}{figure}" if first else "", _label(str(reporter)), *cells)
    return table


def partial_table(access: PrivilegedAccess) -> Table:
    """Return what own reports add once others' reports and weights are known."""
    table = _table("Regression of own weights on own reports, others' reports, and others' weights")
    table.add_column("id", no_wrap=True)
    table.add_column("weights of", overflow="fold")
    for name in _PARTIAL.values():
        table.add_column(name, no_wrap=True)
    for (figure, model), rows in access.partial().groupby(["figure", "base_model"], sort=False):
        by_quantity = {row["quantity"]: _estimate(row) for row in rows.to_dict("records")}
        name = "" if model else f"{PREFIX}{figure}"
        whose = _label(str(model)) if model else "all models"
        table.add_row(name, whose, *(by_quantity[quantity] for quantity in _PARTIAL))
    return table


def given_target_table(access: PrivilegedAccess) -> Table:
    """Return own reports with own weights, without and with the target known."""
    table = _table("Reports with learned weights, where targets were instilled")
    table.add_column("id", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("r", justify="right")
    table.add_column("r given the target [95% by contexts]", no_wrap=True)
    table.add_column("contexts", justify="right")
    for row in access.given_target.to_dict("records"):
        ends = "" if row["missing"] else f" {interval((row['low'], row['high']))}"
        table.add_row(
            f"{PREFIX}{row['figure']}" + (" (control)" if row["control"] else ""),
            _label(row["base_model"]),
            number(row["alone"]),
            "-" if pd.isna(row["estimate"]) else f"{number(row['estimate'])}{ends}",
            str(row["contexts"]),
        )
    return table


def notes(access: PrivilegedAccess) -> list[str]:
    """Return what a reader should know, the same sentence about several figures only once."""
    lines: dict[str, list[str]] = {}
    for name, figure in access.figures.items():
        if figure.warning:
            lines.setdefault(figure.warning.partition(": ")[2], []).append(f"{PREFIX}{name}")
        for problem in figure.problems:
            lines.setdefault(f"{PROBLEM_MARK} {problem}", []).append(f"{PREFIX}{name}")
    frame = access.table()
    for row in frame[frame["contrast"] == "overall"].to_dict("records"):
        contexts = f"{row['contexts']} shared contexts, {row['n']} attributes"
        lines.setdefault(contexts, []).append(f"{PREFIX}{row['figure']}")
        if not pd.isna(row["share"]):
            reached = interval((row["share_low"], row["share_high"]))
            share = (
                f"own minus other is {number(row['share'])} {reached} of what reports of the own "
                "weights alone would show (noise in estimated weights makes it smaller)"
            )
            lines.setdefault(share, []).append(f"{PREFIX}{row['figure']}")
    shown = [f"{', '.join(ids)}: {note}" for note, ids in lines.items()]
    what = ", ".join(f"{PREFIX}{name}: {COMPARISONS[name].title}" for name in access.figures)
    return [what, *shown]


def _table(title: str) -> Table:
    return Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1))


def _label(base_model: str) -> str:
    return published_labels().get(base_model, base_model)


def _estimate(row: Mapping[Any, Any]) -> str:
    return f"{number(row['estimate'])} {interval((row['hdi_low'], row['hdi_high']))}"


def _coefficients(access: PrivilegedAccess) -> dict[tuple[str, str], str]:
    frame = access.partial()
    mine = frame[frame["quantity"] == "coefficient"].to_dict("records")
    return {(row["figure"], row["base_model"]): _estimate(row) for row in mine}
