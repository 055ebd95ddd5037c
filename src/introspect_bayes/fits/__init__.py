"""Posteriors: specification and data to draws, with the diagnostics that judge them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from introspect_bayes.choices.choice_data import ChoiceData
    from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
    from introspect_bayes.choices.choice_weights import ChoiceWeights, scaled_weights
    from introspect_bayes.choices.weight_summaries import WeightSummaries, summarize_weights
    from introspect_bayes.fits.correlation_data import CorrelationData
    from introspect_bayes.fits.correlations import CorrelationFit, CorrelationSampler
    from introspect_bayes.regressions.regression import (
        Regression,
        RegressionSampler,
        build_bambi_model,
    )
    from introspect_bayes.sampling.diagnostics import ESS_MIN, RHAT_MAX, Diagnostics
    from introspect_bayes.sampling.finished_fits import FinishedFits
    from introspect_bayes.sampling.intervals import Estimate, estimate, hdi
    from introspect_bayes.sampling.nuts import Sampler

__all__ = [
    "ESS_MIN",
    "RHAT_MAX",
    "ChoiceData",
    "ChoiceWeights",
    "ChoiceWeightsSampler",
    "CorrelationData",
    "CorrelationFit",
    "CorrelationSampler",
    "Diagnostics",
    "Estimate",
    "FinishedFits",
    "Regression",
    "RegressionSampler",
    "Sampler",
    "WeightSummaries",
    "build_bambi_model",
    "estimate",
    "hdi",
    "scaled_weights",
    "summarize_weights",
]

# Whoever needs one of them waits for no other: samplers bring pandas and SciPy along.
_HOMES = {
    "ChoiceData": "choice_data",
    "ChoiceWeights": "choice_weights",
    "ChoiceWeightsSampler": "choice_sampling",
    "CorrelationData": "correlation_data",
    "CorrelationFit": "correlations",
    "CorrelationSampler": "correlations",
    "Diagnostics": "sampling",
    "ESS_MIN": "sampling",
    "Estimate": "intervals",
    "FinishedFits": "finished_fits",
    "RHAT_MAX": "sampling",
    "Regression": "regression",
    "RegressionSampler": "regression",
    "Sampler": "sampling",
    "WeightSummaries": "weight_summaries",
    "build_bambi_model": "regression",
    "estimate": "intervals",
    "hdi": "intervals",
    "scaled_weights": "choice_weights",
    "summarize_weights": "weight_summaries",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
