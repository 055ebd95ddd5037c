"""Settings of samplers, and the No-U-Turn sampler."""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Sampler:
    """Settings of the No-U-Turn sampler (nutpie).

    Parameters
    ----------
    draws
        Draws kept in each chain. The paper kept 1,000; more narrow the Monte Carlo error of
        the interval ends, and keep the largest R-hat of thousands of parameters below 1.01.
    warmup
        Warm-up iterations in each chain.
    chains
        Independent chains; four, as in the paper.
    cores
        Chains that run at the same time.
    seed
        Every fit derives its own seed from this one and from its name.

    Raises
    ------
    InputError
        If a count is too small for the diagnostics.
    """

    draws: int = 1500
    warmup: int = 600
    chains: int = 4
    cores: int = 2
    seed: int = 2025

    def __post_init__(self) -> None:
        smallest = {"draws": 4, "warmup": 1, "chains": 2, "cores": 1, "seed": 0}
        for name, low in smallest.items():
            if getattr(self, name) < low:
                msg = f"{name} = {getattr(self, name)}: must be at least {low}"
                raise InputError(msg)

    def seed_for(self, name: str) -> int:
        """Return a seed for the fit called `name`, independent of the order of fits.

        Examples
        --------
        >>> Sampler(seed=1).seed_for("e1.acc") == Sampler(seed=1).seed_for("e1.acc")
        True
        """
        entropy = (self.seed, zlib.crc32(name.encode()))
        return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def run_nuts(
    compiled: Any, sampler: Sampler, name: str, target_accept: float = 0.8
) -> "xr.DataTree":
    """Sample a model that nutpie compiled.

    Parameters
    ----------
    compiled
        The compiled model.
    sampler
        Settings.
    name
        Name of the fit, from which its seed derives.
    target_accept
        Acceptance rate that the step size aims at; larger where scales are sampled too.

    Raises
    ------
    InputError
        If no chain could start.
    KeyboardInterrupt
        If interrupted. (nutpie's own blocking call would return what it had so far, as if
        nothing had happened.)
    """
    import nutpie

    running = nutpie.sample(
        compiled,
        draws=sampler.draws,
        tune=sampler.warmup,
        chains=sampler.chains,
        cores=sampler.cores,
        seed=sampler.seed_for(name),
        target_accept=target_accept,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )
    try:
        tree: xr.DataTree = running.wait()
    except RuntimeError as error:
        msg = (
            f"{name}: the chains could not start, as where a prior is too narrow or too wide for "
            f"numbers to hold its density ({str(error).splitlines()[0]}); choose a milder prior"
        )
        raise InputError(msg) from error
    except BaseException:
        running.cancel()
        raise
    return tree
