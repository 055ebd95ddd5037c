"""Simulated decision makers and studies, whose truth is known."""

from introspect_bayes.simulate.decision_maker import DecisionMaker, Introspection
from introspect_bayes.simulate.studies import SimulatedDesign, SimulatedModel, simulate_study

__all__ = [
    "DecisionMaker",
    "Introspection",
    "SimulatedDesign",
    "SimulatedModel",
    "simulate_study",
]
