"""The same study analysed otherwise: other weights, other reports, fewer contexts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import standardize
from introspect_bayes.checks.learned_size import weights_under
from introspect_bayes.checks.touched import Revealed, revealed
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.specs import Specification
from introspect_bayes.study.frames import Study, without_rows

_REPORT = ["report_set", "context", "report"]


def with_choice_models(
    analysis: Analysis, models: Mapping[Revealed, Specification], study: Study | None = None
) -> Analysis:
    """Return an analysis in which other specifications of choices reveal some weights.

    Parameters
    ----------
    analysis
        As it is.
    models
        Specifications to which importance sampling applies; other weights stay.
    study
        A changed study; the same if not given.
    """
    source = Analysis(study, analysis.settings) if study else analysis

    def learned(base_model: str, context_set: ContextSet, stage: Stage) -> pd.DataFrame:
        model = models.get(Revealed(base_model, context_set, stage))
        if model is None:
            return analysis.learned(base_model, context_set, stage)
        data = source.choice_data(source.choices(base_model, context_set, stage))
        weights = weights_under(model, data, analysis.settings.choice_sampler.seed)
        number, position = data.present.nonzero()
        columns = {"position": position + 1, "weight": weights[data.present]}
        frame = pd.DataFrame({"context": [data.contexts[n] for n in number], **columns})
        return frame.assign(learned=standardize(frame["weight"]))

    return analysis.with_learned(learned, study)


def with_reports(analysis: Analysis, reports: pd.DataFrame) -> Analysis:
    """Return an analysis of the same choices and other reports."""
    return analysis.with_learned(analysis.learned, replace(analysis.study, reports=reports))


def without_reports(analysis: Analysis, odd: Callable[[pd.Series], pd.Series]) -> Analysis:
    """Return an analysis without odd reports.

    Parameters
    ----------
    analysis
        As it is.
    odd
        From the largest absolute weight of each report to whether it is left out.
    """
    reports = analysis.study.reports
    return with_reports(analysis, reports[~odd(largest_of(reports))])


def largest_of(reports: pd.DataFrame) -> pd.Series:
    """Return the largest absolute weight of the report that each row belongs to."""
    sizes = reports["reported"].abs()
    largest: pd.Series = sizes.groupby([reports[name] for name in _REPORT]).transform("max")
    return largest


def with_one_scale(analysis: Analysis) -> Analysis:
    """Return an analysis in which reports between -1 and 1 are read as shares of ±100."""
    reports = analysis.study.reports
    small = largest_of(reports).between(0, 1, inclusive="right")
    factor = small.map({True: float(WEIGHT_LIMIT), False: 1.0})
    return with_reports(analysis, reports.assign(reported=reports["reported"] * factor))


def with_silence_as_zeros(analysis: Analysis) -> Analysis:
    """Return an analysis in which contexts without a valid report have one of zeros.

    So accuracy would be if nothing were known of the weights in these contexts.
    """
    study = analysis.study
    rows = []
    for asked in study.report_sets.to_dict("records"):
        told = study.reports.loc[study.reports["report_set"] == asked["report_set"], "context"]
        for context in sorted(set(asked["contexts_asked"]) - set(told)):
            for position in range(1, len(study.decision_contexts[context].attributes) + 1):
                shared = {name: asked[name] for name in study.reports.columns if name in asked}
                place = {"context": context, "report": 1, "position": position}
                rows.append({**shared, **place, "reported": 0.0})
    filled = pd.concat([study.reports, pd.DataFrame(rows, columns=study.reports.columns)])
    return with_reports(analysis, filled if rows else study.reports)


def without_contexts(analysis: Analysis, left_out: Mapping[Revealed, Collection[str]]) -> Analysis:
    """Return an analysis without the weights of some contexts.

    Parameters
    ----------
    analysis
        As it is.
    left_out
        Contexts by base model, set of contexts, and stage whose choices reveal the weights.
    """

    def learned(base_model: str, context_set: ContextSet, stage: Stage) -> pd.DataFrame:
        frame = analysis.learned(base_model, context_set, stage)
        gone = left_out.get(Revealed(base_model, context_set, stage), ())
        kept = frame[~frame["context"].isin(gone)].reset_index(drop=True)
        return kept.assign(learned=standardize(kept["weight"]))

    return analysis.with_learned(learned)


def without_odd_rows(analysis: Analysis, oddity: str) -> Analysis:
    """Return an analysis without the rows that have an oddity (`study.frames.Oddity`)."""
    odd = analysis.study.odd_rows
    study = without_rows(analysis.study, odd[odd["oddity"] == oddity])
    specification = analysis.settings.specs["choice_weights"]
    if specification.importance_applies:
        return with_choice_models(analysis, dict.fromkeys(revealed(analysis), specification), study)
    return Analysis(study, replace(analysis.settings, finished=None))
