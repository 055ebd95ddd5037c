"""What a report needs, computed by the analyses and checks: nothing is sampled here."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.context_accuracy import context_fits
from introspect_bayes.analysis.published import published_labels
from introspect_bayes.analysis.scenarios import usual_scenarios
from introspect_bayes.analysis.sensitivity import prior_sensitivity
from introspect_bayes.checks import check_study
from introspect_bayes.checks.convergence import CONVERGENCE
from introspect_bayes.checks.missing_reports import MISSING_REPORTS
from introspect_bayes.checks.position_bias import POSITION_BIAS
from introspect_bayes.checks.predictive_choices import PREDICTED, SHARE
from introspect_bayes.checks.predictive_reports import PILE_UP, RESIDUALS
from introspect_bayes.checks.replicates import replicates
from introspect_bayes.checks.replies import ANOMALOUS, REPLIES, VARIATION
from introspect_bayes.document.sections import SECTIONS
from introspect_bayes.errors import InputError, closest
from introspect_bayes.findings import Findings, findings_of
from introspect_bayes.joint_model.accuracies import JOINT_SAMPLER, JointAccuracy, joint_accuracy
from introspect_bayes.profile.profile import profile_where_possible

QUICK_CHECKS: Final = (
    VARIATION,
    REPLIES,
    POSITION_BIAS,
    MISSING_REPORTS,
    ANOMALOUS,
    CONVERGENCE,
    SHARE,
    PREDICTED,
    PILE_UP,
    RESIDUALS,
)
"""Checks that take seconds; the others need leave-one-out, other fits or densities."""

SLOW: Final = {
    "joint": "the joint model of choices and reports, which takes their noise out",
    "sensitivity": "every figure under eleven other priors",
    "checks": "all checks, leave-one-out and model comparison among them",
}
"""What takes minutes and is made only when asked for."""


@dataclass(frozen=True)
class Wanted:
    """What a report is to hold.

    Attributes
    ----------
    sections
        Keys of `SECTIONS`.
    slow
        Keys of `SLOW`.
    """

    sections: frozenset[str] = frozenset(SECTIONS)
    slow: frozenset[str] = frozenset()

    @classmethod
    def chosen(cls, added: Collection[str] = (), left_out: Collection[str] = ()) -> "Wanted":
        """Return the usual report with something added or left out.

        Parameters
        ----------
        added
            Keys of `SLOW`, or "all".
        left_out
            Keys of `SECTIONS`.

        Raises
        ------
        InputError
            If a name is unknown, or nothing is left.

        Examples
        --------
        >>> sorted(Wanted.chosen(["all"]).slow)
        ['checks', 'joint', 'sensitivity']
        """
        for name in added:
            if name not in SLOW and name != "all":
                msg = f"nothing to add is called {name!r}{closest(name, [*SLOW, 'all'])}"
                raise InputError(msg)
        for name in left_out:
            if name not in SECTIONS:
                msg = f"no section {name!r}{closest(name, SECTIONS)}"
                raise InputError(msg)
        sections = frozenset(SECTIONS) - frozenset(left_out)
        if not sections:
            msg = "every section is left out; a report needs one"
            raise InputError(msg)
        slow = frozenset(SLOW) if "all" in added else frozenset(added)
        return cls(sections, slow)


def gather(source: Analysis | Findings, wanted: Wanted | None = None) -> Findings:
    """Have the analyses and checks compute what a report is to hold.

    Parameters
    ----------
    source
        What was found in a study, to which the rest is added; or an analysis of it, whose figures
        stand beside the paper's if its base models are the paper's.
    wanted
        What the report is to hold; all that takes no minutes if not given.

    Raises
    ------
    InputError
        If single figures were asked for: a report holds all.

    Examples
    --------
    >>> gather(analysis, Wanted.chosen(["sensitivity"]))  # doctest: +SKIP
    """
    asked = wanted or Wanted()
    found = source if isinstance(source, Findings) else _usual(source, asked)
    if found.only:
        msg = f"a report holds every figure of a study, not only {', '.join(found.only)}"
        raise InputError(msg)
    analysis = found.analysis
    moved = None
    if "sensitivity" in asked.slow and "sensitivity" in asked.sections:
        scenarios = usual_scenarios(analysis.settings.specs)
        moved = prior_sensitivity(analysis, scenarios)
    wants_joint = "joint" in asked.slow and "joint" in asked.sections
    contexts = context_fits(analysis) if "contexts" in asked.sections else ()
    checks = () if "checks" in asked.slow else QUICK_CHECKS
    profile = found.profile
    if profile is None and "profile" in asked.sections:
        profile = profile_where_possible(analysis)
    return replace(
        found,
        profile=profile,
        by_context={(figure, base_model): fit for figure, base_model, fit in contexts},
        replicates=dict(replicates(analysis)) if "predictive" in asked.sections else {},
        checks=tuple(check_study(analysis, checks)),
        sensitivity=moved,
        joint=_joint(analysis) if wants_joint else None,
    )


def _usual(analysis: Analysis, asked: Wanted) -> Findings:
    return findings_of(
        analysis,
        published=set(analysis.study.base_models) <= set(published_labels()),
        access="privileged" in asked.sections,
        health="health" in asked.sections,
    )


def _joint(analysis: Analysis) -> JointAccuracy | str:
    """Return the joint model's accuracies, or why there are none."""
    settings = analysis.settings
    sampler = replace(JOINT_SAMPLER, seed=settings.choice_sampler.seed)
    try:
        return joint_accuracy(
            analysis.study, analysis=analysis, sampler=sampler, keep=settings.finished is not None
        )
    except InputError as reason:
        return str(reason)
