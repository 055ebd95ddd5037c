"""How well reports predict weights in each single context."""

from collections.abc import Iterator

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.published import published_labels
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.regressions.regression import Regression, RegressionSampler
from introspect_bayes.specs import spec
from introspect_bayes.specs.engines import with_chains

BY_CONTEXT = "report_accuracy_by_context"
"""The specification that gives each context a slope of its own, around a common one."""


def context_fits(analysis: Analysis) -> Iterator[tuple[str, str, Regression]]:
    """Fit `BY_CONTEXT` to every comparison that the study allows.

    Parameters
    ----------
    analysis
        Analysis of the study; its rows and sampler settings are used, its progress told.

    Yields
    ------
    tuple
        Comparison (key of `COMPARISONS`), base model, and the fit.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> analysis = ib.Analysis(ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> [f"{figure}.{model}" for figure, model, _ in context_fits(analysis)]  # doctest: +SKIP
    """
    settings = analysis.settings
    engine = with_chains(settings.engine)
    sampler = RegressionSampler(settings.regression_sampler, engine, settings.finished)
    for figure in COMPARISONS:
        for base_model in analysis.study.base_models:
            try:
                rows = analysis.accuracy(base_model, figure).data
            except CannotCompute:
                continue
            # The name, from which the seed follows, is that of the checks: they share the fit.
            name = f"{figure}.{published_labels().get(base_model, base_model)}: {BY_CONTEXT}"
            analysis.progress.start(f"By context: {figure}, {base_model}", 1)
            fit = sampler.fit(spec(BY_CONTEXT), rows, name)
            analysis.progress.advance(1)
            yield figure, base_model, fit


def context_slopes(fit: Regression) -> pd.DataFrame:
    """Return each context's own slope, the least accurate context first.

    Parameters
    ----------
    fit
        A fit of `BY_CONTEXT`.

    Returns
    -------
    pandas.DataFrame
        One row a context: context, mean, hdi_low, hdi_high (of the slope of standardized learned
        on standardized reported weights), attributes (those with a report).

    Examples
    --------
    >>> context_slopes(fit).iloc[0]["context"]  # doctest: +SKIP
    """
    slopes = fit.slope_by("context")
    counts = fit.data["context"].value_counts()
    slopes["attributes"] = slopes["context"].map(counts).astype(int)
    return slopes.sort_values(["mean", "context"], ignore_index=True)
