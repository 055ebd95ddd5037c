"""The paper's Figures 2 and 3, drawn from this study."""

from collections.abc import Iterator

import pandas as pd

from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.published import published_figures, published_labels
from introspect_bayes.analysis.result import Result
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import CannotCompute
from introspect_bayes.findings import Findings
from introspect_bayes.presentation import plots
from introspect_bayes.presentation.drawings import drawing, svg_of
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section
from introspect_bayes.presentation.tables import interval, number
from introspect_bayes.protocol.comparisons import COMPARISONS

_PARTS = {
    "figure-2-reports": ("Learned weights: reports against choices", ("e1.acc", "e2.acc")),
    "figure-3-reports": ("Native weights: reports against choices", ("e3.before", "e3.after")),
    "control-reports": ("Models without training", ("e1.base", "native.acc")),
}
_LIKE_THE_PAPERS = {
    "figure-2-reports": "The paper's Figure 2, left.",
    "figure-3-reports": "The paper's Figure 3, left.",
}

Accuracies = dict[tuple[str, str], Result]
"""Accuracies by comparison and base model."""


def reports(findings: Findings) -> Section:
    """Return scatter plots of reported against learned weights, and all accuracies."""
    return Section("reports", "Reports against choices", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    found = _accuracies(findings)
    if not found:
        yield Paragraph("No comparison of reports with choices can be made of this study.", "note")
        return
    for name, (title, comparisons) in _PARTS.items():
        mine = {key: result for key, result in found.items() if key[0] in comparisons}
        if mine:
            yield _scatter(findings, name, title, mine)
    yield _accuracy(findings, found)


def _accuracies(findings: Findings) -> Accuracies:
    found = {}
    for figure in COMPARISONS:
        for base_model in findings.study.base_models:
            try:
                found[figure, base_model] = FIGURES[figure].compute(findings.analysis, base_model)
            except CannotCompute:
                continue
    return found


def _scatter(findings: Findings, name: str, title: str, found: Accuracies) -> Figure:
    comparisons = list(dict.fromkeys(figure for figure, _ in found))
    paper_axes = findings.published and name in _LIKE_THE_PAPERS
    with drawing():
        drawn = plots.plot_reports(findings.analysis, *comparisons, paper_axes=paper_axes)
        svg = svg_of(drawn)
    said = "; ".join(_accuracy_words(*key, result) for key, result in found.items())
    axes = ("learned", "reported") if paper_axes else ("mean reported", "learned")
    line = "" if paper_axes else f" with the fitted regression and its {HDI_PROB:.0%} HDI"
    return Figure(
        name=name,
        title=title,
        alternative=(
            f"Scatter plots, one for each base model and stage; each point is an attribute, its "
            f"{axes[0]} weight to the right, its {axes[1]} weight upwards{line}. {said}."
        ),
        svg=svg,
        data=points(findings, list(found)),
        caption=(
            f"{_LIKE_THE_PAPERS.get(name, '')} Each point is an attribute of a context: the weight "
            "that choices reveal, and the mean of the reports. A triangle at the margin is a mean "
            "report beyond ±100."
        ).strip(),
    )


def points(findings: Findings, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Return the points of comparisons of base models.

    Columns comparison, base_model, context, position, weight (learned or native), mean_report.
    """
    parts = []
    for figure, base_model in pairs:
        rows = findings.analysis.rows(base_model, figure)
        kept = rows[["context", "position", "weight", "mean_report"]]
        parts.append(kept.assign(comparison=figure, base_model=base_model))
    columns = ["comparison", "base_model", "context", "position", "weight", "mean_report"]
    return pd.concat(parts, ignore_index=True)[columns]


def _accuracy(findings: Findings, found: Accuracies) -> Figure:
    with drawing():
        drawn = plots.plot_accuracy(findings.analysis, published=findings.published)
        svg = svg_of(drawn)
    frame = accuracies_frame(found, published=findings.published)
    said = "; ".join(_accuracy_words(*key, result) for key, result in found.items())
    return Figure(
        name="accuracy",
        title="Accuracy of reports, stage by stage",
        alternative=f"Points with {HDI_PROB:.0%} HDIs for each stage and base model. {said}.",
        svg=svg,
        data=frame,
        caption=(
            f"Lines are {HDI_PROB:.0%} HDIs."
            + (" The paper's own figures, where it gives them, are grey." * findings.published)
            + (" The paper's Figures 2 and 3, right." * findings.published)
        ),
    )


def accuracies_frame(found: Accuracies, *, published: bool) -> pd.DataFrame:
    """Return accuracies as they are drawn.

    Columns comparison, stage, context_set, base_model, estimate, hdi_low, hdi_high, and the
    paper's: paper, paper_low, paper_high.
    """
    rows = []
    for (figure, base_model), result in found.items():
        comparison = COMPARISONS[figure]
        low, high = result.hdi or (None, None)
        row = {
            "comparison": figure,
            "stage": comparison.stage,
            "context_set": comparison.context_set,
            "base_model": base_model,
            "estimate": result.estimate,
            "hdi_low": low,
            "hdi_high": high,
        }
        paper = published_figures().get(f"{figure}.{published_labels().get(base_model)}")
        if published and paper is not None:
            row["paper"] = paper.estimate
            row["paper_low"], row["paper_high"] = paper.hdi or (None, None)
        rows.append(row)
    return pd.DataFrame(rows)


def _accuracy_words(figure: str, base_model: str, result: Result) -> str:
    kind = "r" if figure in plots.PEARSON else "slope"
    title = COMPARISONS[figure].title
    estimate = f"{kind} {number(result.estimate)} {interval(result.hdi)}"
    return f"{base_model}, {title}: {estimate} over {result.n:,} attributes"
