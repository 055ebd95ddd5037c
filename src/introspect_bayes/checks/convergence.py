"""Whether the sampler reached the posterior."""

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check
from introspect_bayes.fits import ESS_MIN, RHAT_MAX, ChoiceWeights, Regression

CONVERGENCE = "convergence"


def convergence(of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
    """Judge R-hat, effective sample sizes and divergences of a fit.

    Source of the limits: Vehtari et al. 2021, doi:10.1214/20-BA1221.

    Examples
    --------
    >>> convergence(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    'pass'
    """
    found = of.fit.diagnostics
    numbers = {
        "rhat": found.rhat,
        "ess_bulk": found.ess_bulk,
        "ess_tail": found.ess_tail,
        "divergences": found.divergences,
    }
    if found.problems:
        message = (
            f"{'; '.join(found.problems)}: do not rely on its numbers; more draws may mend it "
            "(--draws 4000)."
        )
        return Check(CONVERGENCE, of.subject, "fail", message, numbers)
    message = (
        f"R-hat at most {RHAT_MAX}, effective sample sizes at least {ESS_MIN:.0f}, no divergences."
    )
    return Check(CONVERGENCE, of.subject, "pass", message, numbers)
