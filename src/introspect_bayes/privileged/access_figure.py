"""The posterior of every model's reports and weights in one experiment and stage."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.privileged.access_rows import KEYS, alike_warning, shared_rows
from introspect_bayes.privileged.correlation_data import CorrelationData
from introspect_bayes.privileged.correlations import CorrelationFit, CorrelationSampler
from introspect_bayes.protocol.comparisons import COMPARISONS

SPECIFICATION: Final = "privileged_access"

PREFIX: Final = "privileged."
"""Beginning of the ids of these figures, before that of a comparison."""


@dataclass(frozen=True)
class AccessFigure:
    """One experiment and stage: the fit, and what a reader should know.

    Attributes
    ----------
    figure
        A key of `COMPARISONS`.
    models
        Base models that chose and reported, in the order of the fit's variables.
    rows
        One row an attribute of a shared context: context, position, and the variables of the fit
        (``weights of NAME``, ``reports of NAME``).
    fit
        The posterior.
    problems
        Failed diagnostics of the fit and of the choice weights that it rests on.
    warning
        What makes the comparison say little, in words; empty if nothing does.
    """

    figure: str
    models: tuple[str, ...]
    rows: pd.DataFrame = field(repr=False)
    fit: CorrelationFit = field(repr=False)
    problems: tuple[str, ...]
    warning: str


def access_figure(analysis: Analysis, figure: str) -> AccessFigure:
    """Fit the correlations of one experiment and stage.

    Parameters
    ----------
    analysis
        The analysis.
    figure
        A key of `COMPARISONS`.

    Raises
    ------
    CannotCompute
        If fewer than two models chose in shared contexts and reported on them.
    """
    models, rows = shared_rows(analysis, figure)
    comparison = COMPARISONS[figure]
    settings = analysis.settings
    variables = tuple(name for name in rows.columns if name not in KEYS)
    data = CorrelationData(
        rows[list(variables)].to_numpy(), variables, rows["context"].to_numpy(dtype=str)
    )
    analysis.progress.start(f"Own and other: {figure}", 1)
    sampler = CorrelationSampler(settings.regression_sampler, settings.engine, settings.finished)
    fit = sampler.fit(settings.specs[SPECIFICATION], data, f"{PREFIX}{figure}")
    analysis.progress.advance(1)
    problems = [
        f"choice weights of {model}: {problem}"
        for model in models
        for problem in analysis.weights(
            model, comparison.context_set, comparison.chooser
        ).diagnostics.problems
    ]
    return AccessFigure(
        figure,
        models,
        rows,
        fit,
        (*problems, *fit.diagnostics.problems),
        alike_warning(analysis, figure, models, rows),
    )
