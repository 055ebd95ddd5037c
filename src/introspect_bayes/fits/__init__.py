"""Posteriors: specification and data to draws, with the diagnostics that judge them."""

from introspect_bayes.fits.choice_data import ChoiceData
from introspect_bayes.fits.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.fits.choice_weights import ChoiceWeights, scaled_weights
from introspect_bayes.fits.correlation_data import CorrelationData
from introspect_bayes.fits.correlations import CorrelationFit, CorrelationSampler
from introspect_bayes.fits.finished_fits import FinishedFits
from introspect_bayes.fits.intervals import Estimate, estimate, hdi
from introspect_bayes.fits.regression import Regression, RegressionSampler, build_bambi_model
from introspect_bayes.fits.sampling import ESS_MIN, RHAT_MAX, Diagnostics, Sampler
from introspect_bayes.fits.weight_summaries import WeightSummaries, summarize_weights

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
