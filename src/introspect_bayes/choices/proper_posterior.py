"""Whether flat priors leave the choices of every context a proper posterior."""

from typing import Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.errors import InputError
from introspect_bayes.specs import Specification

_IMPROPER: Final = ("Flat", "HalfFlat")
_ROUNDING: Final = 1e-7


def require_proper_posterior(spec: Specification, data: ChoiceData) -> None:
    """Refuse a flat prior where some contexts' choices leave coefficients without bound.

    Under a flat prior a logistic regression has a proper posterior only where choices overlap: no
    direction of the coefficients may make every choice at least as probable, however far one goes
    (Albert & Anderson 1984, doi:10.1093/biomet/71.1.1; Chen & Shao 2001,
    doi:10.1090/S0002-9939-00-05513-1). There is one where the choices are separable, or too few or
    too much alike to tell the attributes apart. A normal prior beside a flat one bounds directions
    that change its coefficients. A heavy-tailed one is not counted on: where d attributes more are
    free along such a direction, the posterior's tail falls like its own times a power d, so that a
    t with 3 degrees of freedom leaves no posterior for d above 2, and no mean for d above 1.

    Parameters
    ----------
    spec
        A specification of choices.
    data
        The choices.

    Raises
    ------
    InputError
        If contexts have no proper posterior; the message counts them and says what to type.
    """
    flat = [name for name in ("Intercept", "slopes") if _dist(spec, name) in _IMPROPER]
    if not flat:
        return
    densities = ContextDensities(spec, data)
    first = int(spec.has_intercept)
    names = ["Intercept"] * first + ["slopes"] * (densities.design.shape[-1] - first)
    free = np.flatnonzero(densities.heavy_tailed)  # the flat ones among them
    columns = [names[place] for place in free]
    positive = np.array([_dist(spec, name).startswith("Half") for name in columns])
    wanted = np.array([name in flat for name in columns])
    unbounded = [
        context
        for context, rows in zip(data.contexts, densities.design[..., free], strict=True)
        if _unbounded(rows, positive, wanted)
    ]
    if unbounded:
        told = " and ".join(f"{name} ~ {spec.priors[name]}" for name in flat)
        changes = " ".join(f"--prior {spec.name}.{name}='Normal(0, 3)'" for name in flat)
        msg = (
            f"{spec.name}: under {told} the choices of {len(unbounded)} of {len(data.contexts)} "
            f"contexts (the first: {unbounded[0]}) have no proper posterior, because they are "
            f"separable or too few to tell all weights; take a proper prior ({changes})"
        )
        raise InputError(msg)


def _dist(spec: Specification, name: str) -> str:
    return spec.priors[name].dist if name in spec.priors else ""


def _unbounded(rows: np.ndarray, positive: np.ndarray, wanted: np.ndarray) -> bool:
    """Return whether a direction makes no choice less probable, and changes what is `wanted`.

    Parameters
    ----------
    rows
        Differences, signed so that a larger product is a more probable choice, shape (choice,
        coefficient).
    positive
        Which coefficients have no negative values.
    wanted
        Which coefficients the direction must change.
    """
    from scipy.optimize import linprog

    bounds = [(0.0 if half else -1.0, 1.0) for half in positive]
    for place in np.flatnonzero(wanted):
        for sign in (1.0,) if positive[place] else (1.0, -1.0):
            gain = np.zeros(len(bounds))
            gain[place] = sign
            found = linprog(-gain, A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=bounds)
            if -found.fun > _ROUNDING:
                return True
    return False
