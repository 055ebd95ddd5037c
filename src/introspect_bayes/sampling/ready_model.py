"""A PyMC model made ready once, then sampled with whatever data, by either engine."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from introspect_bayes.sampling.chain_models import compile_for_chains
from introspect_bayes.sampling.importance import ImportanceDraws, sample_around
from introspect_bayes.sampling.model_densities import ModelDensities
from introspect_bayes.sampling.nuts import Sampler, run_nuts
from introspect_bayes.sampling.one_thread import built_once
from introspect_bayes.sampling.shared_data import exchanged, products_as_sums
from introspect_bayes.specs.engines import Engine

if TYPE_CHECKING:
    import xarray as xr


class ReadyModel:
    """A PyMC model whose shared data may be exchanged; each engine readies it on first use.

    Threads may sample it side by side: nothing in it changes once it is ready.

    Importance sampling (`importance`) needs no compilation. Its proposal is a multivariate t around
    the summit, so that it suits posteriors of some ten variables that are nearly Gaussian once
    unconstrained; Pareto k tells whether that is so.

    Parameters
    ----------
    model
        The model, its data shared variables where they are to be exchanged.
    names
        Variables of the posterior, deterministic ones included.

    Examples
    --------
    >>> import pymc as pm
    >>> with pm.Model() as model:
    ...     size = pm.LogNormal("size")
    ...     seen = pm.Normal("seen", size, 1, observed=np.full(20, 2.0))
    >>> tree = ReadyModel(model, ["size"]).sample(Sampler(draws=500, seed=1), "example")
    >>> round(float(tree["posterior"]["size"].mean()), 1)
    2.0
    >>> tree["sample_stats"]["engine"].item()
    'importance'
    """

    def __init__(self, model: Any, names: Sequence[str]) -> None:
        self.model = model
        self.names = list(names)

    @built_once
    def _densities(self) -> ModelDensities:
        return ModelDensities(self.model, self.names)

    @built_once
    def _compiled(self) -> Any:
        return compile_for_chains(products_as_sums(self.model), self.names)

    def sample(
        self,
        sampler: Sampler,
        name: str,
        engine: Engine = "auto",
        values: Mapping[str, np.ndarray] | None = None,
        target_accept: float = 0.8,
    ) -> "xr.DataTree":
        """Sample the posterior.

        Parameters
        ----------
        sampler
            Settings: chains and draws of every engine; warm-up for NUTS.
        name
            Name of the fit, from which its seed derives.
        engine
            auto: importance sampling, unless its weights cannot be trusted.
        values
            All or some of the shared data by name; others are as in the model.
        target_accept
            Acceptance rate at which NUTS aims.

        Returns
        -------
        xarray.DataTree
            posterior (chain, draw, ...) and sample_stats, which tells the engine; of importance
            sampling Pareto k and the effective draws, of NUTS what nutpie tells.
        """
        import xarray as xr

        given = values or {}
        if engine != "nuts":
            count = sampler.chains * sampler.draws
            densities = self._densities.given(given)
            centre, information = densities.mode()
            generators = [np.random.default_rng(sampler.seed_for(name))]
            made = sample_around(densities, centre[None], information[None], count, generators)
            if engine == "importance" or made.trusted.all():
                return self._independent(densities.variables(made.coefficients[0]), made, sampler)
        tree = run_nuts(exchanged(self._compiled, given), sampler, name, target_accept)
        stats = tree["sample_stats"].to_dataset().assign(engine="nuts")
        groups = {"posterior": tree["posterior"].to_dataset()[self.names], "sample_stats": stats}
        return xr.DataTree.from_dict(groups)

    def _independent(
        self, found: Mapping[str, np.ndarray], made: ImportanceDraws, sampler: Sampler
    ) -> "xr.DataTree":
        """Return importance sampling's draws in the shape that chains have."""
        import xarray as xr

        chains = {"chain": np.arange(sampler.chains), "draw": np.arange(sampler.draws)}
        apart = (sampler.chains, sampler.draws)
        variables = {}
        for name, values in found.items():
            given = self.model.named_vars_to_dims.get(name) or ()
            missing = range(len(given), values.ndim - 1)
            dims = (*given, *(f"{name}_dim_{number}" for number in missing))
            variables[name] = (("chain", "draw", *dims), values.reshape(*apart, *values.shape[1:]))
        used = {dim for dims, _ in variables.values() for dim in dims}
        levels = {
            dim: list(names)
            for dim, names in self.model.coords.items()
            if dim in used and names is not None
        }
        stats = {
            "engine": "importance",
            "pareto_k": made.pareto_k[0],
            "effective_draws": made.effective_draws[0],
        }
        groups = {
            "posterior": xr.Dataset(variables, {**chains, **levels}),
            "sample_stats": xr.Dataset(stats),
        }
        return xr.DataTree.from_dict(groups)
