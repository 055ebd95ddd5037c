"""What the sections of a report are written from: everything that had to be computed first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import xarray as xr

from introspect_bayes.analyses import Analysis, Reproduction
from introspect_bayes.analyses.joint_accuracy import JointAccuracy
from introspect_bayes.analyses.privileged import PrivilegedAccess
from introspect_bayes.analyses.sensitivity import PriorSensitivity
from introspect_bayes.checks import Check, HealthRow
from introspect_bayes.fits import Regression


@dataclass(frozen=True)
class Materials:
    """A study's results, as far as they were asked for.

    Attributes
    ----------
    analysis
        Analysis of the study, its fits made.
    figures
        Every figure, in the paper's order.
    published
        Whether the paper's figures stand beside them.
    truth
        The known truth by figure, of a simulated study.
    health
        The data behind each comparison.
    by_context
        Fits with a slope for each context, by comparison and base model.
    replicates
        Replicated data by what was fitted.
    checks
        Checks made.
    sensitivity
        Figures under other priors; None if not asked for.
    access
        Own reports against others' reports; None if not asked for.
    joint
        The joint model's accuracies; why there are none; None if not asked for.
    """

    analysis: Analysis
    figures: tuple[Reproduction, ...]
    published: bool
    truth: Mapping[str, float] | None = None
    health: tuple[HealthRow, ...] = ()
    by_context: Mapping[tuple[str, str], Regression] = field(default_factory=dict)
    replicates: Mapping[str, xr.DataTree] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    sensitivity: PriorSensitivity | None = None
    access: PrivilegedAccess | None = None
    joint: JointAccuracy | str | None = None

    @property
    def failed(self) -> bool:
        """Whether the diagnostics of any fit failed that a number rests on."""
        found = [bool(figure.problems) for figure in self.figures]
        found += [bool(fit.diagnostics.problems) for fit in self.by_context.values()]
        if self.access is not None:
            found.append(bool(self.access.problems))
        if isinstance(self.joint, JointAccuracy):
            found.append(bool(self.joint.problems))
        return any(found)
