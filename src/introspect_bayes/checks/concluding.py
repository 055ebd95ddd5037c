"""From checks to findings, and from findings to the conclusion."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.checks.checking import CHECKS
from introspect_bayes.checks.evidence import Evidence
from introspect_bayes.checks.finding import Conclusion, Finding, concluded
from introspect_bayes.checks.findings_of_data import (
    few_choices,
    files,
    missing_at_random,
    odd_reports,
    odd_rows,
    one_sided,
    scale,
    silence,
    telling_nothing,
    unanswered,
)
from introspect_bayes.checks.findings_of_models import (
    another_regression,
    bounds,
    choices_without_weights,
    contexts_as_units,
    position,
    regression_prior,
    sampler,
    size_of_weights,
)
from introspect_bayes.checks.outcome import Check

FINDINGS: Final[dict[str, Callable[[Evidence], Iterator[Finding]]]] = {
    "sampler": sampler,
    "files": files,
    "unanswered": unanswered,
    "one-sided": one_sided,
    "no-weights": choices_without_weights,
    "silence": silence,
    "missing-at-random": missing_at_random,
    "odd-reports": odd_reports,
    "scale": scale,
    "odd-rows": odd_rows,
    "few-choices": few_choices,
    "telling-nothing": telling_nothing,
    "size-of-weights": size_of_weights,
    "position": position,
    "regression-prior": regression_prior,
    "another-regression": another_regression,
    "contexts-as-units": contexts_as_units,
    "bounds": bounds,
}
"""What finds each kind of fact, by the finding's name."""


def conclude(analysis: Analysis, checks: Sequence[Check], unseen: Sequence[str] = ()) -> Conclusion:
    """Conclude from the checks of a study.

    Parameters
    ----------
    analysis
        The analysis that was checked.
    checks
        What `check_study` yielded.
    unseen
        What else was not looked at, in words.

    Returns
    -------
    Conclusion
        A sentence, and findings in three classes: *stop* (cannot be trusted), *numbers move* (with
        every accuracy that moves) and *known and harmless*. All tests of a study share one error
        rate (`evidence.FALSE_ALARMS`).

    Examples
    --------
    >>> conclude(analysis, list(check_study(analysis))).text  # doctest: +SKIP
    'Nothing was found that stops you or moves an accuracy.'
    """
    evidence = Evidence(analysis, checks)
    found = [finding for find in FINDINGS.values() for finding in find(evidence)]
    errors = [check for check in checks if check.status == "error"]
    if errors:
        said = "; ".join(dict.fromkeys(check.message.rstrip(".") for check in errors))
        subjects = tuple(dict.fromkeys(check.subject for check in errors))
        names = tuple(dict.fromkeys(check.name for check in errors))
        message = f"{len(errors)} checks could not be made: {said}"
        found.append(Finding("went-wrong", "stop", message, subjects, checks=names))
    made = {check.name for check in checks}
    left_out = [name for name in CHECKS if name not in made and name != "fits"]
    partial = [f"{len(left_out)} kinds of checks ({', '.join(left_out)})"] if left_out else []
    return concluded(found, [*partial, *unseen])
