"""The paper's figures beside what a study gives, with a verdict on each."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.figure_sums import context_interval
from introspect_bayes.analysis.figures import FIGURES, OWN_FIGURES, PAPER_ONLY, FigureKind
from introspect_bayes.analysis.published import (
    Published,
    Verdict,
    agrees,
    published_figures,
    published_labels,
)
from introspect_bayes.analysis.result import Result
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.study.download import unchanged


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A figure of the paper beside the reproduced one.

    Attributes
    ----------
    id
        Such as ``e1.acc.4o``; base models that are not the paper's go by their own name.
    kind, base_model
        Key of `FIGURES`; the base model, empty for figures over all of them.
    title
        What the figure is.
    paper
        As published; None where the paper has no such figure.
    result
        As computed here; None if it cannot be.
    verdict
        The comparison.
    note
        Why it cannot be computed, or what a reader should know.
    in_study
        Whether the study has any data for it.
    """

    id: str
    kind: str
    base_model: str
    title: str
    paper: Published | None
    result: Result | None
    verdict: Verdict
    note: str
    in_study: bool = True

    @property
    def problems(self) -> tuple[str, ...]:
        """Failed diagnostics of the fits that the figure rests on."""
        return self.result.problems if self.result else ()

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as JSON-ready values; proportions between 0 and 1."""
        paper, result = self.paper, self.result
        return {
            "id": self.id,
            "title": self.title,
            "base_model": self.base_model or None,
            "estimate": result.estimate if result else None,
            "hdi": list(result.hdi) if result and result.hdi else None,
            "hdi_contexts": list(result.hdi_contexts) if result and result.hdi_contexts else None,
            "hdi_contexts_missing": result.hdi_contexts_missing if result else self.note,
            "n": result.n if result else None,
            "paper": paper.estimate if paper else None,
            "paper_hdi": list(paper.hdi) if paper and paper.hdi else None,
            "brms": paper.brms if paper else None,
            "brms_hdi": list(paper.brms_hdi) if paper and paper.brms_hdi else None,
            "monte_carlo_errors": list(result.errors) if result else None,
            "verdict": self.verdict,
            "problems": list(self.problems),
            "note": self.note,
        }


def figure_ids(base_models: Sequence[str], *, published: bool) -> dict[str, tuple[str, str]]:
    """Return figure kind and base model by id, in the paper's order.

    Parameters
    ----------
    base_models
        Base models of the study.
    published
        Whether to compare with the paper: then the paper's own ids are always there, with its
        labels, and other base models are added. Else only the study's own, under their names,
        and the figures that the paper does not have.
    """
    labels: dict[str, str] = {}
    if published:
        labels = {label: model for model, label in published_labels().items()}
    known = set(labels.values())
    labels |= {model: model for model in base_models if model not in known}
    ids: dict[str, tuple[str, str]] = {}
    for kind, figure in FIGURES.items():
        if kind in (OWN_FIGURES if published else PAPER_ONLY):
            continue
        if figure.per_model:
            ids |= {f"{kind}.{label}": (kind, model) for label, model in labels.items()}
        else:
            ids[kind] = (kind, "")
    return ids


def reproduce(
    analysis: Analysis, only: Collection[str] = (), *, published: bool = True
) -> Iterator[Reproduction]:
    """Compute figures one after the other and compare each with the paper.

    Parameters
    ----------
    analysis
        Analysis of the study.
    only
        Ids, or their beginnings; all figures if empty.
    published
        Whether to compare with the paper's figures.

    Raises
    ------
    InputError
        If `only` names an unknown figure.
    """
    ids = figure_ids(analysis.study.base_models, published=published)
    for name in select_ids(ids, only):
        kind, base_model = ids[name]
        paper = published_figures().get(name) if published else None
        yield _reproduce(analysis, name, kind, base_model, paper)


def _reproduce(
    analysis: Analysis, name: str, kind: str, base_model: str, paper: Published | None
) -> Reproduction:
    figure: FigureKind = FIGURES[kind]
    verdict: Verdict = "no public data" if kind == "d.learned.e2" else "cannot be computed"
    result: Result | None = None
    in_study = True
    if base_model and base_model not in analysis.study.base_models:
        note, in_study = f"the study has no files of {base_model}", False
    else:
        try:
            result = figure.compute(analysis, base_model)
            units = context_interval(analysis, kind, base_model)
            result = replace(result, hdi_contexts=units.ends, hdi_contexts_missing=units.missing)
            verdict, note = _verdict(analysis, figure, paper, result), result.note
        except CannotCompute as reason:
            note, in_study = str(reason), not isinstance(reason, NotInStudy)
    return Reproduction(
        name, kind, base_model, figure.title, paper, result, verdict, note, in_study
    )


def _verdict(
    analysis: Analysis, figure: FigureKind, paper: Published | None, result: Result
) -> Verdict:
    if paper is None:
        return "no published figure"
    over = set(result.base_models or analysis.study.base_models)
    if not figure.per_model and over != set(published_labels()):
        return "not comparable"
    if not unchanged(Path(analysis.study.source)):
        return "not comparable"
    if result.problems:
        return "not judged"
    return compare(paper, result)


def compare(paper: Published, result: Result) -> Verdict:
    """Return whether a result agrees with the paper in estimate and HDI, where it gives them."""
    estimate_error, low_error, high_error = result.errors
    checks = []
    if paper.at_most and paper.estimate is not None:
        checks.append(result.estimate < paper.estimate + 0.5 * 10.0**-paper.decimals)
    elif paper.estimate is not None:
        checks.append(agrees(result.estimate, paper.estimate, paper.decimals, estimate_error))
    if paper.hdi is not None and result.hdi is not None:
        ends = zip(result.hdi, paper.hdi, (low_error, high_error), strict=True)
        checks += [agrees(here, there, paper.decimals, error) for here, there, error in ends]
    return "reproduced" if checks and all(checks) else "not reproduced"
