"""Whether prior and data pull apart, or the prior decides where the data are weak."""

from dataclasses import replace
from typing import Final

import pandas as pd

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, Status, first_upper
from introspect_bayes.checks.power_scaling import CONFLICT, RELATIVE, WEAK, power_scaling
from introspect_bayes.checks.tail_areas import TAIL
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.predictive import ImproperPriorError, prior_predictive
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.nuts import Sampler

PRIOR_SENSITIVITY: Final = "prior.sensitivity"

CONFLICT_SHARE: Final = 0.05
"""Share of a fit's parameters in conflict above which the check fails: a convention of ours."""

WEAK_SHARE: Final = 0.2
"""Share of a fit's parameters that the prior decides above which the check fails: a convention of
ours."""


def prior_sensitivity(of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
    """Judge the power-scaling sensitivities of a fit.

    In a regression, parameters that move with the prior as well as with the data (ArviZ: potential
    prior-data conflict) are rare where the prior is right; more than `CONFLICT_SHARE` of them fail.
    Choices of a context say so little that every informative prior moves its weights. There the
    check fails only if they move more than where the prior is right: than in a second fit, of
    choices drawn from the prior between the same options (Wilcoxon's signed rank test over
    contexts). More than `WEAK_SHARE` of parameters that move with the prior alone fail in any case.

    A flat prior is as flat to any power: of it, this cannot tell.

    Examples
    --------
    >>> prior_sensitivity(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    'information'
    """
    table = power_scaling(of)
    relative = table["parameter"].str.startswith(RELATIVE)
    own = table[~relative]
    conflict, weak = ((own["diagnosis"] == words) for words in (CONFLICT, WEAK))
    numbers = {
        "parameters": len(own),
        "conflict": int(conflict.sum()),
        "weak_likelihood": int(weak.sum()),
        "median_prior": float(own["prior"].median()),
        "median_likelihood": float(own["likelihood"].median()),
        "relative_weights": int(relative.sum()),
        "relative_conflict": int((table.loc[relative, "diagnosis"] == CONFLICT).sum()),
    }
    moved = f"{conflict.sum()} of {len(own)} parameters"
    moved += f" and {_relative(numbers)}" if relative.any() else ""
    found: list[str] = []
    reference = _of_choices_from_the_prior(of)
    if reference is not None:
        numbers |= {"conflict_expected": _conflicts(reference), "p": _excess(own, reference)}
        where = f"; {_conflicts(reference)} parameters where choices are drawn from the prior"
        if numbers["p"] < TAIL:
            found.append(f"estimates move more with the prior than they should ({moved}{where})")
        elif conflict.any():
            moved += where
    elif conflict.mean() > CONFLICT_SHARE:
        found.append(f"estimates move with the prior as well as with the data ({moved})")
    if weak.mean() > WEAK_SHARE:
        found.append(
            f"estimates move with the prior and hardly with the data in {weak.sum()} of "
            f"{len(own)} parameters, which are prior more than data"
        )
    if found:
        message = f"{first_upper('; '.join(found))}: {of.other_prior}."
        return Check(PRIOR_SENSITIVITY, of.subject, "fail", message, numbers)
    return _passed(of, moved, numbers)


def _passed(
    of: Examination[ChoiceWeights] | Examination[Regression],
    moved: str,
    numbers: dict[str, float],
) -> Check:
    """Return the outcome where nothing fails; only information if flat priors are untested."""
    flat = [name for name, prior in of.fit.spec.priors.items() if "Flat" in prior.dist]
    message = "No parameter moves with the prior"
    if "conflict_expected" in numbers and numbers["conflict"]:
        message = f"Estimates move with the prior no more than they should, in {moved}"
    elif numbers["conflict"]:
        message = f"Few estimates move with the prior ({moved})"
    status: Status = "pass"
    if flat:
        status = "information"
        message += (
            f"; but power-scaling cannot tell of flat ones ({', '.join(flat)}): compare with "
            "others (`introspect-bayes sensitivity`)"
        )
    return Check(PRIOR_SENSITIVITY, of.subject, status, f"{message}.", numbers)


def _relative(numbers: dict[str, float]) -> str:
    return f"{numbers['relative_conflict']} of {numbers['relative_weights']} relative weights"


def _of_choices_from_the_prior(
    of: Examination[ChoiceWeights] | Examination[Regression],
) -> pd.DataFrame | None:
    """Return the sensitivities in a fit of choices drawn from the prior between the same options.

    None for regressions, and where the prior is improper, shared by contexts, or so wide that
    choices drawn from it leave nothing to sample.
    """
    fit = of.fit
    if not isinstance(fit, ChoiceWeights) or not fit.spec.importance_applies:
        return None
    try:
        tree = prior_predictive(fit, of.seed, 1)
    except ImproperPriorError:
        return None
    drawn = tree["prior_predictive"][fit.spec.response].to_numpy()[0, 0].astype(int)
    sizes = fit.idata["posterior"].sizes
    sampler = Sampler(draws=sizes["draw"], chains=sizes["chain"], seed=of.seed)
    again = ChoiceWeightsSampler(sampler, "importance").fit(
        fit.spec, replace(fit.data, selection=drawn), f"{of.subject}, from the prior"
    )
    try:
        table = power_scaling(Examination(again, of.subject, of.seed))
    except InputError:
        return None
    return table[~table["parameter"].str.startswith(RELATIVE)]


def _conflicts(table: pd.DataFrame) -> int:
    return int((table["diagnosis"] == CONFLICT).sum())


def _excess(observed: pd.DataFrame, reference: pd.DataFrame) -> float:
    """Return the p value of contexts' mean sensitivities being no larger than the reference's."""
    from scipy.stats import wilcoxon

    means = [table.groupby("context")["prior"].mean() for table in (observed, reference)]
    both = pd.concat(means, axis=1, join="inner").to_numpy()
    difference = both[:, 0] - both[:, 1]
    return float(wilcoxon(difference, alternative="greater").pvalue) if difference.any() else 1.0
