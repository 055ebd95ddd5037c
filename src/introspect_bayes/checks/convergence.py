"""Whether the sampler reached the posterior."""

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, first_upper
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.diagnostics import ESS_MIN, PARETO_K_MAX, RHAT_MAX

CONVERGENCE = "convergence"


def convergence(of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
    """Judge R-hat, effective sample sizes, divergences and Pareto k of a fit.

    Sources of the limits: Vehtari et al. 2021, doi:10.1214/20-BA1221, for chains; Vehtari et al.
    2024, Pareto smoothed importance sampling, JMLR 25(72).

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
    if found.pareto_k is not None:
        numbers["pareto_k"] = found.pareto_k
    if found.problems:
        message = (
            f"{'; '.join(found.problems)}: do not rely on its numbers; "
            + ("a narrower prior" if found.divergences else "more draws (--draws 4000)")
            + " may mend it."
        )
        return Check(CONVERGENCE, of.subject, "fail", message, numbers)
    reached = f"effective sample sizes at least {ESS_MIN:.0f}"
    engines = of.fit.contexts_by_engine if isinstance(of.fit, ChoiceWeights) else {"nuts": 1}
    good = [f"R-hat at most {RHAT_MAX}, no divergences"] if "nuts" in engines else []
    if found.pareto_k is not None:
        good.append(f"Pareto k of importance sampling at most {PARETO_K_MAX}")
    message = f"{first_upper(', '.join([*good, reached]))}."
    return Check(CONVERGENCE, of.subject, "pass", message, numbers)
