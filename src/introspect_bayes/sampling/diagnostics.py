"""How it is judged whether sampling worked."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from introspect_bayes.sampling.one_thread import one_thread_at_a_time

if TYPE_CHECKING:
    import xarray as xr

RHAT_MAX: Final = 1.01
"""Largest acceptable rank-normalized split R-hat (Vehtari et al. 2021, doi:10.1214/20-BA1221)."""

ESS_MIN: Final = 400.0
"""Smallest acceptable bulk and tail effective sample size (Vehtari et al. 2021)."""

PARETO_K_MAX: Final = 0.7
"""Largest Pareto k of importance weights that can be trusted (Vehtari et al. 2024, Pareto smoothed
importance sampling, JMLR 25(72))."""


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Whether the chains mixed: worst values over the parameters of a fit.

    Attributes
    ----------
    rhat, ess_bulk, ess_tail
        Largest R-hat, smallest effective sample sizes.
    divergences
        Divergent transitions after warm-up.
    worst
        The parameter with the largest R-hat.
    pareto_k
        Largest Pareto k of importance sampling; None where all was sampled by chains.
    """

    rhat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    worst: str
    pareto_k: float | None = None

    def as_list(self) -> list[Any]:
        """Return the values in the order of the attributes, for a file."""
        return [getattr(self, name) for name in self.__slots__]

    @property
    def problems(self) -> tuple[str, ...]:
        """What failed, in words; empty if nothing did."""
        found = []
        if not self.rhat <= RHAT_MAX:
            found.append(f"R-hat {self.rhat:.3f} of {self.worst} (should be at most {RHAT_MAX})")
        for kind, ess in (("bulk", self.ess_bulk), ("tail", self.ess_tail)):
            if not ess >= ESS_MIN:
                found.append(f"{kind} effective sample size {ess:.0f} (should reach {ESS_MIN:.0f})")
        if self.divergences:
            found.append(f"{self.divergences} divergent transitions")
        if self.pareto_k is not None and not self.pareto_k <= PARETO_K_MAX:
            found.append(
                f"Pareto k {self.pareto_k:.2f} of importance sampling (should be at most "
                f"{PARETO_K_MAX}; the engine nuts does without)"
            )
        return tuple(found)

    def worst_of(self, other: "Diagnostics") -> "Diagnostics":
        """Return the worse of each of two fits' values."""
        ks = [k for k in (self.pareto_k, other.pareto_k) if k is not None]
        return Diagnostics(
            rhat=max(self.rhat, other.rhat),
            ess_bulk=min(self.ess_bulk, other.ess_bulk),
            ess_tail=min(self.ess_tail, other.ess_tail),
            divergences=self.divergences + other.divergences,
            worst=self.worst if self.rhat > other.rhat else other.worst,
            pareto_k=max(ks) if ks else None,
        )


def independent_draws(pareto_k: np.ndarray, effective_draws: np.ndarray) -> Diagnostics:
    """Return the diagnostics of importance sampling, whose draws are independent (R-hat 1).

    Parameters
    ----------
    pareto_k, effective_draws
        Pareto k of the weights and effective number of draws of each posterior.
    """
    least = float(effective_draws.min())
    return Diagnostics(1.0, least, least, 0, "", pareto_k=float(pareto_k.max()))


def diagnostics_of(tree: "xr.DataTree", judged: "xr.Dataset | None" = None) -> Diagnostics:
    """Return the worst diagnostics of a fit's posteriors, each by the engine that sampled it.

    Parameters
    ----------
    tree
        With sample_stats that tell the engine, of each posterior if there are several; of
        importance sampling pareto_k and effective_draws, of NUTS diverging.
    judged
        The draws to judge; the whole posterior if not given.
    """
    stats = tree["sample_stats"].to_dataset()
    by_chains = np.atleast_1d(stats["engine"] == "nuts")
    found = []
    if not by_chains.all():
        names = ("pareto_k", "effective_draws")
        found.append(independent_draws(*(np.atleast_1d(stats[n])[~by_chains] for n in names)))
    if by_chains.any():
        own = tree["posterior"].to_dataset() if judged is None else judged
        chosen = {dim: np.flatnonzero(by_chains) for dim in stats["engine"].dims}
        own = own.isel(chosen, missing_dims="ignore")
        found.append(diagnose(own, int(stats["diverging"].sum())))
    return reduce(Diagnostics.worst_of, found)


@one_thread_at_a_time
def diagnose(posterior: "xr.Dataset", divergences: int) -> Diagnostics:
    """Return the diagnostics of a posterior with dims chain and draw (and any others)."""
    import arviz_stats as azs

    with np.errstate(divide="ignore", invalid="ignore"):  # chains that stand still
        rhat = azs.rhat(posterior)
        bulk = azs.ess(posterior, method="bulk")
        tail = azs.ess(posterior, method="tail")
    name, rhat_max = max(((str(n), _largest(v)) for n, v in rhat.items()), key=lambda item: item[1])
    return Diagnostics(
        rhat=rhat_max,
        ess_bulk=_smallest(bulk.data_vars.values()),
        ess_tail=_smallest(tail.data_vars.values()),
        divergences=divergences,
        worst=name,
    )


def _largest(values: "xr.DataArray") -> float:
    # A NaN means that a chain did not move: the worst outcome, never to be skipped.
    array = values.to_numpy()
    return float("inf") if np.isnan(array).any() else float(array.max())


def _smallest(variables: "Iterable[xr.DataArray]") -> float:
    arrays = [variable.to_numpy() for variable in variables]
    return 0.0 if any(np.isnan(a).any() for a in arrays) else float(min(a.min() for a in arrays))
