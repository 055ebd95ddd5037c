"""Replicated data of every fit of a study, to be looked at beside the data."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import xarray as xr

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.checks.replies import label
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS, REVEALED
from introspect_bayes.regressions.predictive import posterior_predictive
from introspect_bayes.regressions.regression import Regression

REPLICATES: Final = 200
"""Replicated data sets of each fit: enough for a picture."""


def replicates(analysis: Analysis, draws: int = REPLICATES) -> Iterator[tuple[str, xr.DataTree]]:
    """Yield data replicated from every fit of choices and of reports.

    Parameters
    ----------
    analysis
        Analysis of the study; its fits are made if need be, and its progress told.
    draws
        Replicates of each fit.

    Yields
    ------
    tuple
        What was fitted, such as "choice weights of 4o, native" or "e1.acc.4o" (as in
        `check_study`), and a DataTree with posterior_predictive and observed_data.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> analysis = ib.Analysis(ib.load_study("smollm2"))  # doctest: +SKIP
    >>> [subject for subject, _ in replicates(analysis)]  # doctest: +SKIP
    """
    seed = analysis.settings.choice_sampler.seed
    for subject, make in _fits(analysis):
        try:
            fit = make()
        except CannotCompute:
            continue
        analysis.progress.start(f"Replicates: {subject}", 1)
        yield subject, posterior_predictive(fit, seed, draws)
        analysis.progress.advance(1)


def _fits(analysis: Analysis) -> Iterator[tuple[str, Callable[[], ChoiceWeights | Regression]]]:
    for base_model in analysis.study.base_models:
        for context_set, stage in REVEALED:
            whose = label(base_model) + ("" if stage == "weight-trained" else f", {stage}")
            subject = f"choice weights of {whose}, {context_set}"
            yield subject, partial(analysis.weights, base_model, context_set, stage)
        for figure in COMPARISONS:
            yield f"{figure}.{label(base_model)}", partial(analysis.accuracy, base_model, figure)
