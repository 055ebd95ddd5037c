"""Design analysis: what a study would find and cost, before anybody pays for it."""

from introspect_bayes.designs.assumptions import AssumedModel, AssumedReports
from introspect_bayes.designs.design import Design, grid
from introspect_bayes.designs.design_analysis import DesignAnalysis, plan_study
from introspect_bayes.designs.earlier_study import LikeStudy, like_study
from introspect_bayes.designs.goals import Goals

__all__ = [
    "AssumedModel",
    "AssumedReports",
    "Design",
    "DesignAnalysis",
    "Goals",
    "LikeStudy",
    "grid",
    "like_study",
    "plan_study",
]
