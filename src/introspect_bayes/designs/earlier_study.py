"""Assumptions calibrated from an earlier study: models that would have answered like it.

What an analysis finds depends on the design: few choices shrink weights, few reports blur beliefs.
So the assumptions are chosen such that simulated studies, analysed alike, show what the earlier
study shows (indirect inference; Gouriéroux, Monfort & Renault 1993, doi:10.1002/jae.3950080507).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import reports_of
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.designs.assumptions import AssumedModel
from introspect_bayes.designs.design import Design
from introspect_bayes.designs.matching import (
    SimulatedChooser,
    choice_statistics,
    match_choices,
    match_reports,
    report_statistics,
)
from introspect_bayes.errors import CannotCompute, InputError, closest
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS
from introspect_bayes.study import Study
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows

KINDS: Final = tuple(dict.fromkeys(("native.acc", "e3.effect", "e2.effect", *COMPARISONS)))
"""Figures of an earlier study that can be planned for, the usual one first."""


@dataclass(frozen=True)
class LikeStudy:
    """Models that would have answered like an earlier study's.

    Attributes
    ----------
    figure
        The figure of the study that is planned for, such as "e3.effect".
    models
        What to assume of each base model.
    designs
        The study's own design, by base model (contexts asked, median choices, reports asked).
    matched
        One row a base model and comparison: what the study shows, and beside it (beginning with
        simulated_) what a simulated study of the same models shows; see `ReportStatistics`.
        asked_known: whether it is known how many reports were asked, or at least so many.
    chosen_rows
        Which rows of the earlier study were used, and which columns were pooled over.
    """

    figure: str
    models: tuple[AssumedModel, ...]
    designs: dict[str, Design]
    matched: pd.DataFrame
    chosen_rows: ChosenRows = EVERYTHING


def like_study(
    study: Study,
    figure: str | None = None,
    base_model: str | None = None,
    *,
    seed: int = 1,
    settings: Settings | None = None,
    start: Callable[[str], None] = lambda _: None,
) -> LikeStudy:
    """Find assumptions under which simulated studies look like an earlier one.

    Parameters
    ----------
    study
        The earlier study.
    figure
        What to plan for: a comparison ("native.acc", "e1.acc", ...), or an effect of training
        ("e2.effect", "e3.effect"). If not given, the first of `KINDS` that the study allows.
    base_model
        One of its base models; if not given, for an effect all that allow it.
    seed
        Seed of the simulations.
    settings
        Of the earlier study's analysis.
    start
        Told which base model is worked on.

    Raises
    ------
    InputError
        If there is no such figure or base model, or the study does not allow the figure.

    Notes
    -----
    Consistency and position bias follow from the posterior means of slopes and intercepts;
    accuracy, spread and noise from the reports and their correlation with the learned weights;
    shares of invalid reports and of silent contexts are counted. The prior of slopes holds large
    ones back, so that a large consistency is known roughly only (of 5, from 30 choices in each of
    100 contexts: with a standard error of 8%). Instilled contexts are simulated like native ones,
    their weights drawn uniformly and scaled.

    Examples
    --------
    >>> found = like_study(load_study("plunkett2025"), "e3.effect")  # doctest: +SKIP
    >>> plan_study(found.models, contexts=[50, 100])  # doctest: +SKIP
    """
    if base_model is not None and base_model not in study.base_models:
        msg = f"no base model {base_model!r}{closest(base_model, study.base_models)}"
        raise InputError(msg)
    names = study.base_models if base_model is None else [base_model]
    chosen = figure or _usual(study, names)
    if chosen not in KINDS:
        msg = f"no figure {chosen!r} to plan for{closest(chosen, KINDS)}"
        raise InputError(msg)
    allowed = [name for name in names if _allows(study, name, chosen)]
    if not allowed:
        msg = f"{study.name} does not allow {chosen}: no such reports or choices"
        raise InputError(msg)
    if chosen not in EFFECTS and len(allowed) > 1:
        msg = (
            f"{study.name} has several base models ({', '.join(allowed)}), and an accuracy is that "
            "of one of them: choose it (--base-model)"
        )
        raise InputError(msg)
    analysis = Analysis(study, settings or Settings.default())
    found = []
    for name in allowed:
        start(name)
        try:
            found.append(_alike(analysis, chosen, name, seed))
        except CannotCompute as reason:
            msg = f"{study.name} does not allow {chosen} of {name}: {reason}"
            raise InputError(msg) from reason
    return LikeStudy(
        chosen,
        tuple(model for model, _, _ in found),
        {model.name: design for model, design, _ in found},
        pd.DataFrame([row for _, _, rows in found for row in rows]),
        study.chosen_rows,
    )


def _allows(study: Study, base_model: str, figure: str) -> bool:
    """Return whether a base model has the choices and reports that a figure needs."""
    analysis = Analysis(study)
    try:
        for name in EFFECTS.get(figure, (figure,)):
            comparison = COMPARISONS[name]
            reports_of(study, base_model, comparison)
            analysis.choices(base_model, comparison.context_set, comparison.chooser)
    except CannotCompute:
        return False
    return True


def _usual(study: Study, base_models: list[str]) -> str:
    for kind in KINDS:
        if any(_allows(study, name, kind) for name in base_models):
            return kind
    msg = f"{study.name} has no model that both chose and reported"
    raise InputError(msg)


def _alike(
    analysis: Analysis, figure: str, base_model: str, seed: int
) -> tuple[AssumedModel, Design, list[dict[str, object]]]:
    """Return the assumptions about one base model, its design, and what was matched."""
    comparisons = EFFECTS.get(figure, (figure,))
    first = COMPARISONS[comparisons[0]]
    shown = {
        name: report_statistics(
            reports_of(analysis.study, base_model, COMPARISONS[name]),
            _sets(analysis.study, base_model, name),
            analysis.learned(base_model, first.context_set, first.chooser),
        )
        for name in comparisons
    }
    trials = analysis.choices(base_model, first.context_set, first.chooser)
    choices = int(trials.groupby("context").size().median())
    chosen = choice_statistics(analysis.weights(base_model, first.context_set, first.chooser))
    consistency, position_bias = match_choices(chosen, choices, seed)
    sets = _sets(analysis.study, base_model, comparisons[0])
    design = Design(
        max(2, sum(len(each) for each in sets["contexts_asked"])),
        choices,
        int(sets["reports_asked"].max()),
    )
    chooser = SimulatedChooser(consistency, position_bias, design, seed)
    matched, rows = [], []
    for name, statistics in shown.items():
        reports, simulated = match_reports(chooser, statistics)
        matched.append(reports)
        beside = {f"simulated_{part}": value for part, value in asdict(simulated).items()}
        both = {**asdict(chosen), **asdict(statistics), **beside}
        known = bool(_sets(analysis.study, base_model, name)["asked_known"].all())
        rows.append({"base_model": base_model, "figure": name, **both, "asked_known": known})
    model = AssumedModel(
        matched[0],
        after=matched[1] if len(matched) > 1 else None,
        consistency=consistency,
        position_bias=position_bias,
        name=base_model,
    )
    return model, design, rows


def _sets(study: Study, base_model: str, figure: str) -> pd.DataFrame:
    comparison, sets = COMPARISONS[figure], study.report_sets
    return sets[
        (sets["base_model"] == base_model)
        & (sets["stage"] == comparison.stage)
        & (sets["context_set"] == comparison.context_set)
    ]
