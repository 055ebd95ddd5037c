"""Sampling choice weights: importance sampling context by context, NUTS where that falls short.

The posteriors of the contexts factorize, so the batched model has the same posterior as one
logistic regression per context; a test compares it with single-context Bambi fits.
"""

from collections.abc import Callable, Hashable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from introspect_bayes.engines import Engine, engine_named
from introspect_bayes.errors import InputError
from introspect_bayes.fits.choice_data import ChoiceData
from introspect_bayes.fits.choice_model import (
    build_model,
    model_data,
    require_choices,
)
from introspect_bayes.fits.choice_weights import ChoiceWeights
from introspect_bayes.fits.compiled_models import compiled_once
from introspect_bayes.fits.finished_fits import FinishedFits, fit_key
from introspect_bayes.fits.importance import ImportanceDraws, applies_to, sample_importance
from introspect_bayes.fits.proper_posterior import require_proper_posterior
from introspect_bayes.fits.sampling import Sampler, run_nuts, target_acceptance
from introspect_bayes.fits.shared_data import exchanged
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

CHUNK: Final = 10
"""Contexts that NUTS samples together. One step size serves a whole chunk, so small chunks take
longer steps; large chunks save overhead (measured on the paper's data: 10 to 20 is the fastest)."""


class ChoiceWeightsSampler:
    """Samples choice weights; other data or prior numbers need no compilation.

    Parameters
    ----------
    sampler
        Settings: chains and draws of every engine; warm-up for NUTS.
    engine
        A value of `engines.Engine`.
    finished
        Where finished fits are found and kept; nowhere if not given.

    Raises
    ------
    InputError
        If there is no such engine.
    """

    def __init__(
        self, sampler: Sampler, engine: Engine = "auto", finished: FinishedFits | None = None
    ) -> None:
        self.sampler = sampler
        self.engine = engine_named(engine)
        self.finished = finished

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
        if self.engine == "importance" and not applies_to(spec):
            msg = (
                f"{spec.name}: importance sampling needs independent contexts and no horseshoe; "
                "take the engine nuts or auto"
            )
            raise InputError(msg)
        if self.finished is None:
            return ChoiceWeights(spec, data, self._fit(spec, data, name, advance))
        key = fit_key(spec, _held(data), self.sampler, name, self.engine)
        if (found := self.finished.find(key)) is not None:
            advance(len(data.contexts))
            return ChoiceWeights(spec, data, found)
        tree = self._fit(spec, data, name, advance)
        return ChoiceWeights(spec, data, self.finished.keep(key, tree))

    def _fit(
        self, spec: Specification, data: ChoiceData, name: str, advance: Callable[[int], None]
    ) -> "xr.DataTree":
        everything = np.arange(len(data.contexts))
        parts: list[xr.Dataset] = []
        by_chains = everything
        if self.engine != "nuts" and applies_to(spec):
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
        import nutpie

        held = model_data(spec, data)
        structure = (_structure(spec), data.means.shape)
        wanted = [*spec.hyperparameters, "slopes", *(["Intercept"] if spec.has_intercept else [])]
        compiled = compiled_once(
            structure,
            lambda: nutpie.compile_pymc_model(build_model(spec, data, lean=True), var_names=wanted),
        )
        tree = run_nuts(exchanged(compiled, held), self.sampler, name, target_acceptance(spec))
        posterior: xr.Dataset = tree["posterior"].to_dataset()[wanted]
        posterior = posterior.assign_coords(context=list(data.contexts))
        unknown = ("context", np.full(len(data.contexts), np.nan))
        return posterior.assign(
            diverging=tree["sample_stats"]["diverging"].expand_dims("chunk"),
            engine=("context", ["nuts"] * len(data.contexts)),
            pareto_k=unknown,
            effective_draws=unknown,
        )


def _held(data: ChoiceData) -> dict[str, Any]:
    """Return all that a fit takes from its data."""
    return {
        "contexts": data.contexts,
        "index": data.index,
        "differences": data.differences,
        "selection": data.selection,
        "attribute_counts": data.attribute_counts,
    }


def _structure(spec: Specification) -> Hashable:
    """Return all of a specification that its compiled model depends on: not the priors' numbers."""
    return tuple(
        (parameter, prior.dist, *(value for value in prior.args.values() if isinstance(value, str)))
        for parameter, prior in spec.priors.items()
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
    if spec.has_intercept:
        # The log-odds of A between equal options, not at the mean difference.
        intercept = apart[..., 0] - (data.means * slopes).sum(axis=-1)
        found["Intercept"] = (("chain", "draw", "context"), intercept)
    coords = {
        "chain": np.arange(sampler.chains),
        "draw": np.arange(sampler.draws),
        "context": list(data.contexts),
        "attribute": [f"d{k + 1}" for k in range(slopes.shape[-1])],
    }
    return xr.Dataset(found, coords)


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
