"""Simulation-based calibration: whether posteriors hold truths as often as they say.

Truths drawn from the prior, ranked among the draws of the posteriors of data drawn with them, are
uniform if sampler, centring and priors are right (Talts et al. 2020,
doi:10.48550/arXiv.1804.06788). That judges computation, not whether the model suits real data.

The package simuk does the same for what ``pymc.sample`` and Bambi's ``fit`` make; here samplers of
our own are on trial, which neither calls.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from introspect_bayes.calibration.simulated_ranks import simulate_calibration
from introspect_bayes.calibration.simulated_truths import with_proper_priors
from introspect_bayes.calibration.uniform_ranks import uniformity
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.truth_among_draws import RANKED
from introspect_bayes.places import shipped_folder
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.specs import Specification
from introspect_bayes.specs import spec as shipped

CALIBRATION: Final = "simulation.calibration"

FAMILY_ERROR: Final = 0.05
"""Probability that any check of a right fit fails: its quantities share it (Bonferroni)."""

RECORD: Final = "calibration.json"
"""File in `data/` with the outcome for every shipped model."""

_SPREAD: Final = 1 / 12


def calibrate(
    specification: str | Specification,
    simulations: int = 300,
    *,
    seed: int = 2025,
    fitter: ModelSampler | None = None,
    predictors: pd.DataFrame | None = None,
) -> list[Check]:
    """Check that posteriors of a specification hold truths as often as they say.

    Parameters
    ----------
    specification
        A shipped specification's name, or a specification with any priors. Priors that nothing can
        be drawn from are replaced (`with_proper_priors`), and the checks' subject says so.
    simulations
        Truths to draw; some hundreds, for fewer find only gross errors.
    seed
        Seed of everything random.
    fitter
        A ``ChoiceWeightsSampler`` or ``RegressionSampler`` with settings of one's own.
    predictors
        One row an observation, such as ``fit.data`` of a regression; simulated if not given.

    Returns
    -------
    list of Check
        One for each parameter, and for the log likelihood (`calibration_checks`).

    Raises
    ------
    InputError
        If there is no such specification.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> found = ib.calibrate("choice_weights_no_intercept", simulations=100, seed=1)
    >>> {check.status for check in found}
    {'pass'}
    """
    chosen = shipped(specification) if isinstance(specification, str) else specification
    proper = with_proper_priors(chosen)
    changed = [
        f"{parameter} ~ {prior}"
        for parameter, prior in proper.priors.items()
        if prior != chosen.priors[parameter]
    ]
    subject = f"{chosen.name} with {', '.join(changed)}" if changed else chosen.name
    ranks = simulate_calibration(
        proper, simulations, seed=seed, fitter=fitter, predictors=predictors
    )
    return calibration_checks(ranks, subject)


def calibration_checks(ranks: pd.DataFrame, subject: str) -> list[Check]:
    """Judge ranks of truths by simultaneous bands of their distribution function.

    A check fails if the distribution function leaves the band of probability 1 - 0.05 / P, where P
    is the number of quantities; a sound fit fails any of them once in twenty times.

    Parameters
    ----------
    ranks
        As `simulate_calibration` returns them.
    subject
        What the ranks are of.

    Notes
    -----
    Source of the bands: Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6.

    Examples
    --------
    >>> ranks = pd.DataFrame({"parameter": "slope", "simulation": range(101), "rank": range(101),
    ...     "draws": 100, "ess": 900.0, "divergences": 0})
    >>> calibration_checks(ranks, "a perfect spread")[0].status
    'pass'
    >>> calibration_checks(ranks.assign(rank=ranks["rank"] // 3), "far too low")[0].message
    'Ranks of 101 truths of slope are not uniform (p < 0.001): the posterior lies too high.'
    """
    return list(_judged(ranks, subject))


def _judged(ranks: pd.DataFrame, subject: str) -> Iterator[Check]:
    limit = FAMILY_ERROR / ranks["parameter"].nunique()
    for parameter, mine in ranks.groupby("parameter", sort=False):
        draws = int(mine["draws"].iloc[0])
        p = uniformity(mine["rank"].to_numpy(), draws)
        shares = (mine["rank"] + 0.5) / (draws + 1)
        numbers = {
            "p": p,
            "p_limit": limit,
            "simulations": len(mine),
            "draws": draws,
            "mean_rank": float(shares.mean()),
            "spread": float(shares.var(ddof=0) / _SPREAD),
            "few_draws": float((mine["ess"] < draws).mean()),
            "diverging": float((mine["divergences"] > 0).mean()),
        }
        what = f"Ranks of {len(mine)} truths of {parameter}"
        shown = f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"  # noqa: PLR2004
        if p >= limit:
            message = f"{what} are uniform ({shown})."
            yield Check(CALIBRATION, subject, "pass", message, numbers)
        else:
            message = f"{what} are not uniform ({shown}): {_reading(numbers)}."
            yield Check(CALIBRATION, subject, "fail", message, numbers)


def _reading(numbers: dict[str, float]) -> str:
    """Say what is wrong with a posterior, by the larger of two standardized deviations."""
    count = numbers["simulations"]
    # The variance of a uniform's squared deviation, in units of its variance, is 4/5.
    location = (numbers["mean_rank"] - 0.5) / (_SPREAD / count) ** 0.5
    spread = (numbers["spread"] - 1) / (0.8 / count) ** 0.5
    if abs(location) > abs(spread):
        reading = f"the posterior lies too {'low' if location > 0 else 'high'}"
    else:
        reading = f"the posterior is too {'narrow' if spread > 0 else 'wide'}"
    if numbers["few_draws"] > FAMILY_ERROR:
        reading += (
            f", or draws depend on each other (fewer than {RANKED} effective in "
            f"{numbers['few_draws']:.0%} of fits)"
        )
    return reading


def recorded_calibration() -> dict[str, Any]:
    """Return the recorded calibration of every shipped model.

    Returns
    -------
    dict
        ``date``, ``command``, ``versions``, ``seed``, ``family_error``, and ``models``: one entry
        each, with specification, method, engine, priors, replaced_priors, simulations, draws,
        quantities, smallest_p, quantity (with the smallest p), outside_95 (quantities outside their
        own 95% band), status, few_draws, diverging (shares of fits) and seconds.

    Examples
    --------
    >>> {model["status"] for model in recorded_calibration()["models"]}
    {'pass'}
    """
    text = (shipped_folder("data") / RECORD).read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)
    return record
