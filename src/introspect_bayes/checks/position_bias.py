"""Whether a model is drawn to the position of an option, whatever the options are."""

import numpy as np

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.outcome import Check, Status
from introspect_bayes.checks.prior_predictive import PRIOR_PREDICTIVE, choices_from_prior
from introspect_bayes.checks.tail_areas import TAIL
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import CannotCompute
from introspect_bayes.sampling.intervals import hdi

POSITION_BIAS = "data.position-bias"


def position_bias(of: Examination[ChoiceWeights]) -> Check:
    """Judge the intercepts: the log-odds of A between equal options, context by context.

    Two of Wald's tests, of which either may fail at half of `TAIL`. That all intercepts are zero:
    the squares of their posterior means, in posterior standard deviations, sum to a chi-squared
    variable with a degree of freedom a context, or less, as the prior pulls them to zero. And that
    their mean is zero: a small pull that all contexts share. A prior of the slopes that is far too
    narrow makes choices seem noisier than they are, and the intercepts less certain: where
    ``prior.predictive`` finds that, nothing found is information only.

    Raises
    ------
    CannotCompute
        If the specification has no intercept.

    Examples
    --------
    >>> position_bias(Examination(fit, "choice weights of 4o, native", 1)).status  # doctest: +SKIP
    'fail'
    """
    from scipy.stats import chi2, norm

    posterior = of.fit.idata["posterior"]
    if "Intercept" not in posterior:
        msg = f"{of.fit.spec.name} has no intercept that would tell"
        raise CannotCompute(msg)
    contexts = of.fit.position_bias()
    count = int(((contexts["hdi_low"] > 0) | (contexts["hdi_high"] < 0)).sum())
    pull = posterior["Intercept"].mean("context").to_numpy().ravel()
    low, high = hdi(pull)
    total = float(((contexts["mean"] / contexts["sd"]) ** 2).sum())
    area = float(chi2.sf(total, len(contexts)))
    mean_area = float(2 * norm.sf(abs(pull.mean()) / pull.std(ddof=1)))
    share = 1 / (1 + np.exp(-pull.mean()))
    biased = min(area, mean_area) < TAIL / 2
    message = (
        f"{share:.0%} A between equal options (mean log-odds {pull.mean():+.2f} "
        f"[{low:+.2f}, {high:+.2f}]); the HDI excludes 0 in {count} of {len(contexts)} contexts "
        f"(chance explains {(1 - HDI_PROB) * len(contexts):.0f}): "
    )
    status: Status = "pass"
    if biased:
        status = "fail"
        message += "position moves choices, so keep the intercept in the model."
    elif _prior_fails(of):
        status = "information"
        message += (
            "no clear pull to a position, but the prior does not allow for such choices "
            f"({PRIOR_PREDICTIVE}), so that the model could miss one."
        )
    else:
        message += "no clear pull to a position."
    numbers = {
        "mean_log_odds": float(pull.mean()),
        "hdi_low": float(low),
        "hdi_high": float(high),
        "contexts": count,
        "contexts_of": len(contexts),
        "chi_squared": total,
        "tail_area": area,
        "mean_tail_area": mean_area,
        "p": min(1.0, 2 * min(area, mean_area)),
    }
    return Check(POSITION_BIAS, of.subject, status, message, numbers)


def _prior_fails(of: Examination[ChoiceWeights]) -> bool:
    try:
        return choices_from_prior(of).status == "fail"
    except CannotCompute:
        return False
