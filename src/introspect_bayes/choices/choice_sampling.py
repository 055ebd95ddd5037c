"""Sampling choice weights: importance sampling context by context, NUTS where that falls short.

The posteriors of the contexts factorize, so the batched model has the same posterior as one
logistic regression per context; a test compares it with single-context Bambi fits.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_importance import sample_importance
from introspect_bayes.choices.choice_model import (
    build_model,
    centring_of_choices,
    model_data,
    require_choices,
)
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.choices.proper_posterior import require_proper_posterior
from introspect_bayes.sampling.chain_models import compile_for_chains
from introspect_bayes.sampling.compiled_models import compiled_once
from introspect_bayes.sampling.importance import ImportanceDraws
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.nuts import Sampler, run_nuts
from introspect_bayes.sampling.shared_data import exchanged
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

CHUNK: Final = 10
"""Contexts that NUTS samples together. One step size serves a whole chunk, so small chunks take
longer steps; large chunks save overhead (measured on the paper's data: 10 to 20 is the fastest)."""


class ChoiceWeightsSampler(ModelSampler):
    """Samples choice weights (`ModelSampler`); other data or prior numbers need no compilation."""

    def fit(
        self,
        spec: Specification,
        data: ChoiceData,
        name: str,
        advance: Callable[[int], None] = lambda _: None,
    ) -> ChoiceWeights:
        """Sample the posterior of all contexts in `data`.

        Parameters
        ----------
        spec
            A specification of choices.
        data
            The choices of one model.
        name
            Name of the fit, from which its seed derives.
        advance
            Called with the number of contexts finished, for a progress bar.

        Raises
        ------
        InputError
            If the specification is not one of choices, flat priors leave contexts without a proper
            posterior, or the engine does not allow the specification.
        """
        require_choices(spec)
        require_proper_posterior(spec, data)
        source = self._posterior(
            spec,
            data,
            name,
            lambda: self._fit(spec, data, name, advance),
            lambda: advance(len(data.contexts)),
        )
        return ChoiceWeights(spec, data, source)

    def _fit(
        self, spec: Specification, data: ChoiceData, name: str, advance: Callable[[int], None]
    ) -> "xr.DataTree":
        everything = np.arange(len(data.contexts))
        parts: list[xr.Dataset] = []
        by_chains = everything
        if self.engine != "nuts" and spec.importance_applies:
            count = self.sampler.chains * self.sampler.draws
            made = sample_importance(spec, data, count, self.sampler.seed_for(name))
            trusted = made.trusted | (self.engine == "importance")
            by_chains = everything[~trusted]
            parts.append(_independent(spec, data, made, self.sampler).isel(context=trusted))
            advance(int(trusted.sum()))
        parts += self._chains(spec, data, by_chains, name, advance)
        return _assembled(data, parts)

    def _chains(
        self,
        spec: Specification,
        data: ChoiceData,
        numbers: np.ndarray,
        name: str,
        advance: Callable[[int], None],
    ) -> "list[xr.Dataset]":
        """Sample some contexts by NUTS, a chunk at a time; all at once if they share parameters."""
        if not len(numbers):
            return []
        # Sizes differ by one at most, so that at most two are compiled.
        chunks = 1 if spec.hyperparameters else -(-len(numbers) // CHUNK)
        bounds = np.linspace(0, len(numbers), chunks + 1).round().astype(int)
        parts = []
        for start, stop in pairwise(bounds):
            chosen = numbers[start:stop]
            # How many contexts importance sampling leaves over differs from fit to fit: filled up
            # with repetitions, they need no compilation of their own.
            filled = np.resize(chosen, CHUNK) if len(numbers) < len(data.contexts) else chosen
            first = data.contexts[chosen[0]]
            sampled = self._sample(spec, data.take(filled), f"{name}:{first}")
            parts.append(sampled.isel(context=slice(len(chosen))))
            advance(int(stop - start))
        return parts

    def _sample(self, spec: Specification, data: ChoiceData, name: str) -> "xr.Dataset":
        held = model_data(spec, data)
        structure = (spec.structure, data.means.shape)
        wanted = [*spec.hyperparameters, "slopes", *(["Intercept"] if spec.has_intercept else [])]
        compiled = compiled_once(
            structure,
            lambda: compile_for_chains(build_model(spec, data, lean=True), wanted),
        )
        # Shorter steps where scales are sampled too.
        target_accept = 0.9 if spec.hyperparameters else 0.8
        tree = run_nuts(exchanged(compiled, held), self.sampler, name, target_accept)
        posterior: xr.Dataset = tree["posterior"].to_dataset()[wanted]
        posterior = posterior.assign_coords(context=list(data.contexts))
        unknown = ("context", np.full(len(data.contexts), np.nan))
        return posterior.assign(
            diverging=tree["sample_stats"]["diverging"].expand_dims("chunk"),
            engine=("context", ["nuts"] * len(data.contexts)),
            pareto_k=unknown,
            effective_draws=unknown,
        )


def _independent(
    spec: Specification, data: ChoiceData, made: ImportanceDraws, sampler: Sampler
) -> "xr.Dataset":
    """Return importance sampling's draws in the shape that chains have."""
    import xarray as xr

    contexts, _, width = made.coefficients.shape
    apart = made.coefficients.reshape(contexts, sampler.chains, sampler.draws, width)
    apart = apart.transpose(1, 2, 0, 3)
    slopes = apart[..., int(spec.has_intercept) :]
    found = {
        "slopes": (("chain", "draw", "context", "attribute"), slopes),
        "engine": ("context", ["importance"] * contexts),
        "pareto_k": ("context", made.pareto_k),
        "effective_draws": ("context", made.effective_draws),
    }
    coords = {
        "chain": np.arange(sampler.chains),
        "draw": np.arange(sampler.draws),
        "context": list(data.contexts),
        "attribute": [f"d{k + 1}" for k in range(slopes.shape[-1])],
    }
    if not spec.has_intercept:
        return xr.Dataset(found, coords)
    found["Intercept"] = (("chain", "draw", "context"), apart[..., 0])
    return centring_of_choices(data).at_zero(xr.Dataset(found, coords))


_STATISTICS: Final = ("engine", "pareto_k", "effective_draws")


def _assembled(data: ChoiceData, parts: "list[xr.Dataset]") -> "xr.DataTree":
    """Put the contexts' posteriors together, in the order of the data."""
    import xarray as xr

    diverging = [part["diverging"] for part in parts if "diverging" in part]
    contexts = xr.concat(
        [part.drop_vars("diverging", errors="ignore") for part in parts if part.sizes["context"]],
        dim="context",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
    ).sel(context=list(data.contexts))
    stats = contexts[list(_STATISTICS)]
    if diverging:
        stats = stats.assign(diverging=xr.concat(diverging, dim="chunk"))
    groups = {
        "posterior": contexts.drop_vars(_STATISTICS),
        "sample_stats": stats,
        "observed_data": xr.Dataset({"selection": ("choice", data.selection)}),
        "constant_data": xr.Dataset(
            {
                "differences": (("choice", "attribute"), data.differences),
                "context_index": ("choice", data.index),
            }
        ),
    }
    return xr.DataTree.from_dict(groups)
