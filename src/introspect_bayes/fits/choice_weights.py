"""Choice weights: one batched PyMC model for all decision contexts of a model.

The posteriors of the contexts factorize, so the batched model has the same posterior as one
logistic regression per context; a test compares it with single-context Bambi fits.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.fits.intervals import hdi
from introspect_bayes.fits.sampling import Diagnostics, Sampler, diagnose, run_nuts
from introspect_bayes.specs import Specification

CHUNK: Final = 20
"""Contexts sampled together. One step size serves a whole chunk, so small chunks take longer
steps; large chunks save overhead (measured on the paper's data: 10 to 20 is the fastest)."""


@dataclass(frozen=True)
class ChoiceData:
    """Choices as arrays, contexts numbered in order of first appearance.

    Attributes
    ----------
    contexts
        Names of the C contexts.
    index
        Context of each choice, shape (choice,), values 0 to C - 1.
    differences
        Normalized differences A minus B, shape (choice, attribute).
    selection
        1 for A, 0 for B, shape (choice,).
    """

    contexts: tuple[str, ...]
    index: np.ndarray
    differences: np.ndarray
    selection: np.ndarray

    @classmethod
    def from_frame(cls, choices: pd.DataFrame, columns: list[str]) -> "ChoiceData":
        """Take the choices of one model from a study's frame."""
        index, contexts = pd.factorize(choices["context"])
        return cls(
            contexts=tuple(contexts),
            index=index,
            differences=choices[columns].to_numpy(dtype=float),
            selection=(choices["selection"] == "A").to_numpy(dtype=int),
        )

    @cached_property
    def means(self) -> np.ndarray:
        """Mean difference in each context, shape (context, attribute); 0 without choices."""
        count = np.bincount(self.index, minlength=len(self.contexts))[:, None]
        sums = np.zeros((len(self.contexts), self.differences.shape[1]))
        np.add.at(sums, self.index, self.differences)
        return sums / np.maximum(count, 1)

    def chunk(self, start: int, stop: int) -> "ChoiceData":
        """Return the contexts from start to stop (excluded)."""
        rows = (self.index >= start) & (self.index < stop)
        return ChoiceData(
            self.contexts[start:stop],
            self.index[rows] - start,
            self.differences[rows],
            self.selection[rows],
        )

    def shared(self) -> dict[str, np.ndarray]:
        """Return what the model holds as data: other data of the same size needs no compilation."""
        return {
            "context_index": self.index,
            "centred_differences": self.differences - self.means[self.index],
            "mean_differences": self.means,
            "selected_a": self.selection,
        }


def build_model(spec: Specification, data: ChoiceData, *, lean: bool = False) -> Any:
    """Build the PyMC model of all contexts.

    For choice i in context c, with the differences d centred within the context as brms and
    Bambi do::

        selection_i ~ Bernoulli(logit⁻¹(a_c + (d_i - mean_c) · b_c))
        Intercept_c = a_c - mean_c · b_c

    Parameters
    ----------
    spec
        A Bernoulli specification with the parameters Intercept (the prior of a) and slopes (b).
    data
        The choices.
    lean
        Whether to write the same likelihood as one softplus, which samples 1.7 times as fast
        (a test holds both against each other); else as ``pm.Bernoulli``.

    Returns
    -------
    pymc.Model
        Free variables ``centred_intercept`` (context) and ``slopes`` (context, attribute),
        deterministic ``Intercept`` (context), observed ``selection`` (choice).

    Raises
    ------
    InputError
        If the specification is not one of choices.
    """
    import pymc as pm

    if spec.family != "bernoulli" or spec.parameters != ("Intercept", "slopes"):
        msg = f"{spec.name}: not a model of choices (needs bernoulli, selection ~ d1 + ... + dK)"
        raise InputError(msg)
    attributes = [f"d{k + 1}" for k in range(data.differences.shape[1])]
    coords = {"context": list(data.contexts), "attribute": attributes}
    with pm.Model(coords=coords) as model:
        shared = {name: pm.Data(name, value) for name, value in data.shared().items()}
        intercept = _prior(spec, "Intercept", "centred_intercept", dims="context")
        slopes = _prior(spec, "slopes", "slopes", dims=("context", "attribute"))
        pm.Deterministic(
            "Intercept", intercept - (shared["mean_differences"] * slopes).sum(-1), dims="context"
        )
        index = shared["context_index"]
        utility = intercept[index] + (shared["centred_differences"] * slopes[index]).sum(-1)
        observed = shared["selected_a"]
        if lean:
            pm.CustomDist("selection", utility, logp=_bernoulli_logp, observed=observed)
        else:
            pm.Bernoulli("selection", logit_p=utility, observed=observed)
    return model


def _bernoulli_logp(value: Any, logit: Any) -> Any:
    """Return log p of a 0/1 value: minus softplus of the logit, its sign turned for a 1."""
    import pytensor.tensor as pt

    return -pt.softplus((1 - 2 * value) * logit)


def _prior(spec: Specification, parameter: str, name: str, dims: str | tuple[str, ...]) -> Any:
    import pymc as pm

    prior = spec.priors[parameter]
    return getattr(pm, prior.dist)(name, **prior.numbers(), dims=dims)


@dataclass(frozen=True)
class ChoiceWeights:
    """Posterior of one model's choice weights in a set of contexts.

    Attributes
    ----------
    spec
        The specification, priors included.
    data
        The choices.
    idata
        DataTree; posterior with ``Intercept`` (chain, draw, context), the log-odds of A between
        equal options, and ``slopes`` (chain, draw, context, attribute).
    counts
        Number of attributes of each context; further slopes are draws from the prior.
    """

    spec: Specification
    data: ChoiceData
    idata: xr.DataTree
    counts: dict[str, int]

    @cached_property
    def model(self) -> Any:
        """The PyMC model of all contexts, for whatever else PyMC can do with it."""
        return build_model(self.spec, self.data)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all contexts."""
        posterior = self.idata["posterior"].to_dataset()
        return diagnose(posterior, int(self.idata["sample_stats"]["diverging"].sum()))

    def hdi(self) -> pd.DataFrame:
        """Return posterior means, standard deviations and 95% HDIs.

        Returns
        -------
        pandas.DataFrame
            One row an attribute: context, position, mean, sd, hdi_low, hdi_high (log-odds for
            the attribute's whole range) and weight (`scaled_weights`).
        """
        slopes = _draws_last(self.idata, "slopes")
        frame = self._frame(slopes.mean(-1), slopes.std(-1, ddof=1), hdi(slopes))
        frame["weight"] = scaled_weights(slopes.mean(-1), self._present).reshape(-1)
        return frame[self._present.reshape(-1)].reset_index(drop=True)

    def position_bias(self) -> pd.DataFrame:
        """Return the intercepts, one row a context: context, mean, sd, hdi_low, hdi_high."""
        intercept = _draws_last(self.idata, "Intercept")[:, None, :]
        frame = self._frame(intercept.mean(-1), intercept.std(-1, ddof=1), hdi(intercept))
        return frame.drop(columns="position")

    @property
    def _present(self) -> np.ndarray:
        count = np.array([self.counts[name] for name in self.data.contexts])
        return np.arange(self.data.differences.shape[1]) < count[:, None]

    def _frame(self, mean: np.ndarray, sd: np.ndarray, interval: np.ndarray) -> pd.DataFrame:
        width = mean.shape[1]
        return pd.DataFrame(
            {
                "context": np.repeat(self.data.contexts, width),
                "position": np.tile(np.arange(1, width + 1), len(mean)),
                "mean": mean.reshape(-1),
                "sd": sd.reshape(-1),
                "hdi_low": interval[..., 0].reshape(-1),
                "hdi_high": interval[..., 1].reshape(-1),
            }
        )


def _draws_last(idata: xr.DataTree, name: str) -> np.ndarray:
    array = idata["posterior"][name].to_numpy()
    return np.moveaxis(array.reshape(-1, *array.shape[2:]), 0, -1)


def scaled_weights(means: np.ndarray, present: np.ndarray | None = None) -> np.ndarray:
    """Scale weights so that each context's largest is 100 in absolute value, and round.

    Parameters
    ----------
    means
        Posterior means, shape (context, attribute).
    present
        Which attributes the context has; the others become 0.

    Source: Plunkett et al. 2025, Appendix D (doi:10.48550/arXiv.2505.17120).

    Examples
    --------
    >>> import numpy as np
    >>> scaled_weights(np.array([[0.5, -2.0, 1.0]]))
    array([[  25., -100.,   50.]])
    """
    kept = means if present is None else np.where(present, means, 0.0)
    largest = np.abs(kept).max(axis=1, keepdims=True)
    return np.asarray(np.round(kept / np.where(largest > 0, largest, 1.0) * WEIGHT_LIMIT))


class ChoiceWeightsSampler:
    """Samples choice weights, compiling once for all data of the same shape.

    Parameters
    ----------
    spec
        The specification of choices.
    sampler
        Settings.
    """

    def __init__(self, spec: Specification, sampler: Sampler) -> None:
        self.spec = spec
        self.sampler = sampler
        self._compiled: dict[Hashable, Any] = {}

    def fit(
        self,
        data: ChoiceData,
        counts: dict[str, int],
        name: str,
        advance: Callable[[int], None] = lambda _: None,
    ) -> ChoiceWeights:
        """Sample the posterior of all contexts in `data`.

        Parameters
        ----------
        data
            The choices of one model.
        counts
            Number of attributes of each context.
        name
            Name of the fit, from which its seed derives.
        advance
            Called with the number of contexts finished, for a progress bar.
        """
        self._require_proper(data, counts)
        # Sizes differ by one at most, so that at most two are compiled.
        chunks = -(-len(data.contexts) // CHUNK)
        bounds = np.linspace(0, len(data.contexts), chunks + 1).round().astype(int)
        parts = []
        for number, (start, stop) in enumerate(pairwise(bounds)):
            parts.append(self._sample(data.chunk(start, stop), f"{name}:{number}"))
            advance(int(stop - start))
        posterior = xr.concat([part["posterior"].to_dataset() for part in parts], dim="context")
        stats = xr.concat([part["sample_stats"].to_dataset() for part in parts], dim="chunk")
        groups = {
            "posterior": posterior.assign_coords(context=list(data.contexts)),
            "sample_stats": stats,
            "observed_data": xr.Dataset({"selection": ("choice", data.selection)}),
            "constant_data": xr.Dataset(
                {
                    "differences": (("choice", "attribute"), data.differences),
                    "context_index": ("choice", data.index),
                }
            ),
        }
        return ChoiceWeights(self.spec, data, xr.DataTree.from_dict(groups), counts)

    def _require_proper(self, data: ChoiceData, counts: dict[str, int]) -> None:
        """Refuse an improper prior for slopes that no choice informs."""
        absent = any(counts[name] < data.differences.shape[1] for name in data.contexts)
        if absent and self.spec.priors["slopes"].dist in {"Flat", "HalfFlat"}:
            msg = (
                f"{self.spec.name}: slopes ~ {self.spec.priors['slopes']} is improper, and some "
                "contexts lack an attribute; give the slopes a proper prior"
            )
            raise InputError(msg)

    def _sample(self, data: ChoiceData, name: str) -> xr.DataTree:
        import nutpie

        key = data.means.shape
        if key not in self._compiled:
            self._compiled[key] = nutpie.compile_pymc_model(
                build_model(self.spec, data, lean=True), var_names=["Intercept", "slopes"]
            )
        return run_nuts(self._compiled[key].with_data(**data.shared()), self.sampler, name)
