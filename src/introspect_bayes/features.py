"""The features, each a room that imports no other feature: one line each.

A feature may give reports a section and calibration its ranks. What it gives is named, not
imported: nothing of a feature is loaded before it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Feature:
    """A room, and what it gives to those above it.

    Attributes
    ----------
    room
        Its name.
    section
        ``module.function`` within the room, which makes a `presentation.records.Section`; none if
        empty.
    finding
        The attribute of `Findings` that the section is made of, such as "joint", "study" or
        "analysis", whose types lie below features; the whole object if empty.
    family
        The family of specifications that `ranks` serves (`specs.FAMILIES`).
    response
        The response of specifications whose rows `rows` simulates.
    rows
        ``module.function`` within the room, which takes a seed and returns the predictors of a
        small simulated data set for calibration; none if empty.
    ranks
        ``module.function`` within the room, with the signature of
        `joint_model.ranks.simulate_joint_calibration`; none if empty.

    Examples
    --------
    >>> feature = Feature("joint_model", section="section.joint")
    >>> feature.load(feature.section).__name__
    'joint'
    """

    room: str
    section: str = ""
    finding: str = ""
    family: str = ""
    ranks: str = ""
    response: str = ""
    rows: str = ""

    def load(self, name: str) -> Callable[..., Any]:
        """Return a function of the room, by ``module.function``."""
        module, _, function = name.rpartition(".")
        found: Callable[..., Any] = getattr(
            import_module(f"{__package__}.{self.room}.{module}"), function
        )
        return found


FEATURES: Final = (
    Feature("profile", "section.profile", "profile"),
    Feature("joint_model", "section.joint", "joint", "joint", "ranks.simulate_joint_calibration"),
    Feature("privileged", "section.privileged", "access", "correlation_matrix",
            "ranks.simulate_correlation_calibration"),
    Feature("scores", response="score", rows="simulated.simulated_rows"),
    Feature("designs"),
)  # fmt: skip
"""All features, in the order of a report's sections."""
