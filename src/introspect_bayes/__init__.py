"""Can a language model say what drives its decisions? Ask, and let Bayesian models judge.

Bayesian models of the choices that a language model makes and of the reports that it gives about
them, mirroring Plunkett et al. (2025, doi:10.48550/arXiv.2505.17120).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any
from warnings import warn

from introspect_bayes.constants import __version__ as __version__

if TYPE_CHECKING:
    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.analysis.exclusion import exclusion_table
    from introspect_bayes.analysis.fit import fit
    from introspect_bayes.analysis.reproduce import reproduce
    from introspect_bayes.analysis.scenarios import Scenario
    from introspect_bayes.analysis.sensitivity import prior_sensitivity
    from introspect_bayes.analysis.settings import Settings
    from introspect_bayes.calibration.calibration import calibrate
    from introspect_bayes.checks import check_study, conclude, data_health, study_warnings
    from introspect_bayes.checks.summary import summary
    from introspect_bayes.collect import (
        CollectionStoppedError,
        Prices,
        RunSettings,
        collect_replies,
    )
    from introspect_bayes.constants import HDI_PROB
    from introspect_bayes.designs import AssumedModel, AssumedReports, Goals, like_study, plan_study
    from introspect_bayes.document import write_report
    from introspect_bayes.errors import InputError
    from introspect_bayes.findings import Findings, analyze
    from introspect_bayes.joint_model.accuracies import joint_accuracy
    from introspect_bayes.joint_model.tables import plot_contexts
    from introspect_bayes.presentation.plots import plot_accuracy, plot_reports, plot_sensitivity
    from introspect_bayes.privileged.plots import plot_own_minus_other, plot_reporters
    from introspect_bayes.privileged.privileged import PrivilegedAccess, privileged_access
    from introspect_bayes.profile.profile import AccuracyProfile, accuracy_profile
    from introspect_bayes.protocol.ablations import prepare_ablations
    from introspect_bayes.protocol.requests import SamplingOptions
    from introspect_bayes.sampling.intervals import hdi
    from introspect_bayes.sampling.nuts import Sampler
    from introspect_bayes.scores.answers import explanation_scores
    from introspect_bayes.scores.checks import check_scores
    from introspect_bayes.scores.plots import plot_advantage, plot_cells, plot_learning_curve
    from introspect_bayes.scores.simulated import ScoreDesign, simulate_scores
    from introspect_bayes.specs import Specification, read_specification, spec
    from introspect_bayes.specs.prior import Prior
    from introspect_bayes.study import Study, load_study
    from introspect_bayes.study.ablations import ablation_answers, ablation_scores
    from introspect_bayes.study.example import example_study

# PEP 562: each name is imported when first used, so that importing the package and asking the
# command for help load neither PyMC nor openai.
_HOMES = {
    "AccuracyProfile": "profile.profile",
    "Analysis": "analysis.analysis",
    "AssumedModel": "designs",
    "AssumedReports": "designs",
    "CollectionStoppedError": "collect",
    "Findings": "findings",
    "Goals": "designs",
    "HDI_PROB": "constants",
    "InputError": "errors",
    "Prices": "collect",
    "Prior": "specs.prior",
    "PrivilegedAccess": "privileged.privileged",
    "RunSettings": "collect",
    "Sampler": "sampling.nuts",
    "SamplingOptions": "protocol.requests",
    "Scenario": "analysis.scenarios",
    "Settings": "analysis.settings",
    "Specification": "specs",
    "Study": "study",
    "ablation_answers": "study.ablations",
    "ablation_scores": "study.ablations",
    "accuracy_profile": "profile.profile",
    "analyze": "findings",
    "calibrate": "calibration.calibration",
    "ScoreDesign": "scores.simulated",
    "check_scores": "scores.checks",
    "check_study": "checks",
    "conclude": "checks",
    "collect_replies": "collect",
    "data_health": "checks",
    "example_study": "study.example",
    "exclusion_table": "analysis.exclusion",
    "explanation_scores": "scores.answers",
    "fit": "analysis.fit",
    "hdi": "sampling.intervals",
    "joint_accuracy": "joint_model.accuracies",
    "like_study": "designs",
    "load_study": "study",
    "plan_study": "designs",
    "plot_contexts": "joint_model.tables",
    "plot_accuracy": "presentation.plots",
    "plot_own_minus_other": "privileged.plots",
    "plot_reporters": "privileged.plots",
    "plot_advantage": "scores.plots",
    "plot_cells": "scores.plots",
    "plot_learning_curve": "scores.plots",
    "plot_reports": "presentation.plots",
    "plot_sensitivity": "presentation.plots",
    "prepare_ablations": "protocol.ablations",
    "read_specification": "specs",
    "prior_sensitivity": "analysis.sensitivity",
    "privileged_access": "privileged.privileged",
    "reproduce": "analysis.reproduce",
    "simulate_scores": "scores.simulated",
    "spec": "specs",
    "study_warnings": "checks",
    "summary": "checks.summary",
    "write_report": "document",
}

# Names of earlier versions, and what they are called now.
_RENAMED = {"Conditions": "SamplingOptions"}

__all__ = [
    "HDI_PROB",
    "AccuracyProfile",
    "Analysis",
    "AssumedModel",
    "AssumedReports",
    "CollectionStoppedError",
    "Findings",
    "Goals",
    "InputError",
    "Prices",
    "Prior",
    "PrivilegedAccess",
    "RunSettings",
    "Sampler",
    "SamplingOptions",
    "Scenario",
    "ScoreDesign",
    "Settings",
    "Specification",
    "Study",
    "ablation_answers",
    "ablation_scores",
    "accuracy_profile",
    "analyze",
    "calibrate",
    "check_scores",
    "check_study",
    "collect_replies",
    "conclude",
    "data_health",
    "example_study",
    "exclusion_table",
    "explanation_scores",
    "fit",
    "hdi",
    "joint_accuracy",
    "like_study",
    "load_study",
    "plan_study",
    "plot_accuracy",
    "plot_advantage",
    "plot_cells",
    "plot_contexts",
    "plot_learning_curve",
    "plot_own_minus_other",
    "plot_reporters",
    "plot_reports",
    "plot_sensitivity",
    "prepare_ablations",
    "prior_sensitivity",
    "privileged_access",
    "read_specification",
    "reproduce",
    "simulate_scores",
    "spec",
    "study_warnings",
    "summary",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        new = _RENAMED[name]
        msg = f"introspect_bayes.{name} is called introspect_bayes.{new} now"
        warn(msg, DeprecationWarning, stacklevel=2)
        name = new
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
