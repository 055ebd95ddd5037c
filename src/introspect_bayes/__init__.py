"""Can a language model say what drives its decisions? Ask, and let Bayesian models judge.

Bayesian models of the choices that a language model makes and of the reports that it gives about
them, mirroring Plunkett et al. (2025, doi:10.48550/arXiv.2505.17120).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from introspect_bayes.analyses import Analysis, Settings, exclusion_table, reproduce
    from introspect_bayes.analyses.fit import fit
    from introspect_bayes.analyses.scenarios import Scenario
    from introspect_bayes.analyses.sensitivity import prior_sensitivity
    from introspect_bayes.checks import check_study, data_health, study_warnings
    from introspect_bayes.checks.calibration import calibrate
    from introspect_bayes.checks.summary import summary
    from introspect_bayes.collect import (
        CollectionStoppedError,
        Prices,
        RunSettings,
        collect_replies,
    )
    from introspect_bayes.constants import HDI_PROB
    from introspect_bayes.designs import AssumedModel, AssumedReports, Goals, like_study, plan_study
    from introspect_bayes.errors import InputError
    from introspect_bayes.fits import Sampler, hdi
    from introspect_bayes.plan import Conditions
    from introspect_bayes.priors import Prior
    from introspect_bayes.report.plots import plot_accuracy, plot_reports, plot_sensitivity
    from introspect_bayes.specs import Specification, read_specification, spec
    from introspect_bayes.study import Study, load_study
    from introspect_bayes.study.example import example_study

# PEP 562: each name is imported when first used, so that importing the package and asking the
# command for help load neither PyMC nor openai.
_HOMES = {
    "Analysis": "analyses",
    "AssumedModel": "designs",
    "AssumedReports": "designs",
    "CollectionStoppedError": "collect",
    "Conditions": "plan",
    "Goals": "designs",
    "HDI_PROB": "constants",
    "InputError": "errors",
    "Prices": "collect",
    "Prior": "priors",
    "RunSettings": "collect",
    "Sampler": "fits",
    "Scenario": "analyses.scenarios",
    "Settings": "analyses",
    "Specification": "specs",
    "Study": "study",
    "calibrate": "checks.calibration",
    "check_study": "checks",
    "collect_replies": "collect",
    "data_health": "checks",
    "example_study": "study.example",
    "exclusion_table": "analyses",
    "fit": "analyses.fit",
    "hdi": "fits",
    "like_study": "designs",
    "load_study": "study",
    "plan_study": "designs",
    "plot_accuracy": "report.plots",
    "plot_reports": "report.plots",
    "plot_sensitivity": "report.plots",
    "read_specification": "specs",
    "prior_sensitivity": "analyses.sensitivity",
    "reproduce": "analyses",
    "spec": "specs",
    "study_warnings": "checks",
    "summary": "checks.summary",
}

__all__ = [
    "HDI_PROB",
    "Analysis",
    "AssumedModel",
    "AssumedReports",
    "CollectionStoppedError",
    "Conditions",
    "Goals",
    "InputError",
    "Prices",
    "Prior",
    "RunSettings",
    "Sampler",
    "Scenario",
    "Settings",
    "Specification",
    "Study",
    "calibrate",
    "check_study",
    "collect_replies",
    "data_health",
    "example_study",
    "exclusion_table",
    "fit",
    "hdi",
    "like_study",
    "load_study",
    "plan_study",
    "plot_accuracy",
    "plot_reports",
    "plot_sensitivity",
    "prior_sensitivity",
    "read_specification",
    "reproduce",
    "spec",
    "study_warnings",
    "summary",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
