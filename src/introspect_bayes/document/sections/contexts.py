"""How accurate reports are in each single context."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from introspect_bayes.analysis.context_accuracy import BY_CONTEXT, context_slopes
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.document.tabulating import from_frame
from introspect_bayes.findings import Findings
from introspect_bayes.presentation.drawings import drawing, svg_of
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section
from introspect_bayes.presentation.slope_plots import plot_slopes
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.regressions.regression import Regression


def contexts(findings: Findings) -> Section:
    """Return a forest of per-context slopes, and how much they vary."""
    return Section("contexts", "Accuracy context by context", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    slopes = {key: context_slopes(fit) for key, fit in findings.by_context.items()}
    if not slopes:
        yield Paragraph("No comparison of this study can be fitted context by context.", "note")
        return
    yield Paragraph(
        "Here each context has a slope of its own, drawn towards the common one as far as its few "
        f"attributes leave it open (specification {BY_CONTEXT}). The standard deviation says how "
        "much accuracy differs between contexts."
    )
    spread = pd.DataFrame([_spread(*key, fit) for key, fit in findings.by_context.items()])
    shown = pd.DataFrame([_shown(row) for row in spread.to_dict("records")])
    table = from_frame("contexts-spread", "How much accuracy differs between contexts", shown)
    yield replace(table, data=spread)
    yield _forest(slopes)


def _spread(figure: str, base_model: str, fit: Regression) -> dict[str, object]:
    row: dict[str, object] = {
        "comparison": figure,
        "base_model": base_model,
        "contexts": fit.data["context"].nunique(),
    }
    for name, term in (("slope", "reported"), ("deviation", "reported|context_sigma")):
        found = fit.slope(term)
        row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
    return row | {"problems": "; ".join(fit.diagnostics.problems)}


def _shown(row: dict[Any, Any]) -> dict[str, object]:
    mark = f" {PROBLEM_MARK}" if row["problems"] else ""
    written = {
        name: f"{number(row[name])} {interval((row[f'{name}_low'], row[f'{name}_high']))}{mark}"
        for name in ("slope", "deviation")
    }
    return {
        "comparison": COMPARISONS[row["comparison"]].title,
        "base model": row["base_model"],
        "contexts": row["contexts"],
        f"common slope [{HDI_PROB:.0%} HDI]": written["slope"],
        f"standard deviation [{HDI_PROB:.0%} HDI]": written["deviation"],
    }


def _forest(slopes: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    with drawing():
        svg = svg_of(plot_slopes(slopes))
    data = pd.concat(
        [
            frame.assign(comparison=figure, base_model=base_model)
            for (figure, base_model), frame in slopes.items()
        ],
        ignore_index=True,
    )
    columns = ["comparison", "base_model", "context", "attributes", "mean", "hdi_low", "hdi_high"]
    return Figure(
        name="contexts",
        title="Slope of each context",
        alternative=(
            f"Forest of the slopes of single contexts with {HDI_PROB:.0%} HDIs, sorted. "
            + " ".join(_words(*key, frame) for key, frame in slopes.items())
        ),
        svg=svg,
        data=data[columns],
        caption="Contexts are sorted by their slope within each panel; the CSV file names them.",
    )


def _words(figure: str, base_model: str, frame: pd.DataFrame) -> str:
    apart = int(((frame["hdi_low"] > 0) | (frame["hdi_high"] < 0)).sum())
    least, most = frame.iloc[0], frame.iloc[-1]
    return (
        f"{base_model}, {COMPARISONS[figure].title}: slopes from {number(least['mean'])} "
        f"({least['context']}) to {number(most['mean'])} ({most['context']}); the HDI excludes 0 "
        f"in {apart} of {len(frame)} contexts."
    )
