"""Posteriors of correlation matrices."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from introspect_bayes.errors import InputError
from introspect_bayes.privileged.correlation_data import CorrelationData, Moments
from introspect_bayes.privileged.correlation_model import (
    DIMS,
    build_correlation_model,
    exchangeable,
    log_density,
)
from introspect_bayes.privileged.unit_adjustment import adjust_for_units
from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.compiled_models import compiled_once
from introspect_bayes.sampling.diagnostics import diagnostics_of
from introspect_bayes.sampling.fit import Fit
from introspect_bayes.sampling.intervals import Estimate, estimate
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.one_thread import built_once
from introspect_bayes.sampling.ready_model import ReadyModel
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

FAMILY: Final = "correlation_matrix"

NAMES: Final = ("location", "scale", "correlation")
"""Variables of the posterior."""

IMPORTANCE_UP_TO: Final = 50
"""Free variables up to which a multivariate t may be tried as a proposal."""


@dataclass(frozen=True)
class CorrelationFit(Fit[CorrelationData]):
    """Posterior of a correlation matrix.

    Attributes
    ----------
    spec
        The specification, priors included.
    data
        The rows.
    source
        The posterior, or where it is kept. ``idata`` is the DataTree. posterior: ``location`` and
        ``scale`` (chain, draw, variable), ``correlation`` (chain, draw, variable, other_variable),
        adjusted for units (`adjust_for_units`); model_posterior: the same before that, as the
        specification alone has it; sample_stats.
    """

    @built_once
    def model(self) -> Any:
        """The PyMC model."""
        return build_correlation_model(self.spec, self.data)

    def _judged(self) -> "xr.Dataset":
        return _distinct(self.idata["model_posterior"].to_dataset())

    def _told(self) -> "Mapping[Any, xr.DataArray]":
        return _distinct(self.idata["posterior"].to_dataset()).data_vars

    def draws(self, group: str = "posterior") -> np.ndarray:
        """Return draws of the correlation matrix, shape (chain, draw, variable, variable)."""
        return np.asarray(self.idata[group]["correlation"].to_numpy())

    def estimates(self, name: str, of: Callable[[np.ndarray], np.ndarray]) -> list[Estimate]:
        """Return estimates of quantities that follow from the correlation matrix.

        Parameters
        ----------
        name
            What they are called together, by which they are found again.
        of
            A function of this package's room fits (whose changes are noticed), from correlation
            matrices of shape (chain, draw, variable, variable) to (chain, draw, quantity).
        """

        def compute() -> list[list[float]]:
            quantities = np.moveaxis(of(self.draws()), -1, 0)
            return [list(astuple(estimate(values))) for values in quantities]

        return [Estimate(*values) for values in self._remembered(name, compute)]


class CorrelationSampler(ModelSampler):
    """Fits correlation matrices; those of the same structure are prepared once (`ModelSampler`)."""

    def fit(self, spec: Specification, data: CorrelationData, name: str) -> CorrelationFit:
        """Fit a specification to rows.

        Parameters
        ----------
        spec
            A specification of the family correlation_matrix.
        data
            The rows; those that lack some variables count as far as they go.
        name
            Name of the fit, from which its seed derives.

        Raises
        ------
        InputError
            If the specification is of another family.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> from introspect_bayes.sampling.nuts import Sampler
        >>> rows = np.random.default_rng(1).normal(size=(99, 2))
        >>> data = CorrelationData(rows, ("weight", "report"), np.arange(99))
        >>> fit = CorrelationSampler(Sampler(draws=500)).fit(spec("privileged_access"), data, "r")
        >>> bool(abs(fit.draws()[..., 0, 1].mean() - np.corrcoef(rows.T)[0, 1]) < 0.02)
        True
        """
        if spec.family != FAMILY:
            msg = f"{spec.name}: a correlation matrix needs the family {FAMILY!r}"
            raise InputError(msg)
        source = self._posterior(spec, data, name, lambda: self._fit(spec, data, name))
        return CorrelationFit(spec, data, source)

    def _fit(self, spec: Specification, data: CorrelationData, name: str) -> "xr.DataTree":
        import xarray as xr

        prepared = compiled_once(
            (spec.structure, len(data.variables)),
            lambda: ReadyModel(build_correlation_model(spec, data), NAMES),
        )
        values = exchangeable(spec, data)
        by_chains = self.engine == "nuts"
        if self.engine == "auto":
            by_chains = _free_variables(data) > IMPORTANCE_UP_TO or not spec.importance_applies
        if not by_chains:
            tree = prepared.sample(self.sampler, name, "importance", values)
            by_chains = self.engine == "auto" and bool(diagnostics_of(tree).problems)
        if by_chains:
            tree = prepared.sample(self.sampler, name, "nuts", values)
        # The prepared model knows the variables of the first fit of this structure only.
        named = {dim: list(data.variables) for dim in DIMS}
        posterior = tree["posterior"].to_dataset().assign_coords(named)
        groups = {
            "posterior": _adjusted(posterior, data),
            "model_posterior": posterior,
            "sample_stats": tree["sample_stats"].to_dataset(),
        }
        return xr.DataTree.from_dict(groups)


def _distinct(posterior: "xr.Dataset") -> "xr.Dataset":
    """Return a posterior with each correlation once: what is above the diagonal is the same."""
    correlation = posterior["correlation"]
    rows, columns = np.tril_indices(correlation.shape[-1], -1)
    names = correlation[DIMS[0]].to_numpy()
    pairs = [f"{names[row]}, {names[column]}" for row, column in zip(rows, columns, strict=True)]
    below = (("chain", "draw", "pair"), correlation.to_numpy()[:, :, rows, columns])
    return posterior.drop_vars("correlation").assign(correlation=below).assign_coords(pair=pairs)


def _free_variables(data: CorrelationData) -> int:
    width = len(data.variables)
    return 2 * width + width * (width - 1) // 2


def _adjusted(posterior: "xr.Dataset", data: CorrelationData) -> "xr.Dataset":
    """Return a posterior adjusted for units."""
    sizes = posterior["location"].shape
    parts = [posterior[name].to_numpy() for name in NAMES]
    draws = unconstrained(*(part.reshape(-1, *part.shape[2:]) for part in parts))
    made = constrained(adjust_for_units(draws, unit_log_density(data)), sizes[-1])
    return posterior.assign(
        {
            name: (posterior[name].dims, values.reshape(posterior[name].shape))
            for name, values in zip(NAMES, made, strict=True)
        }
    )


def unconstrained(location: np.ndarray, scale: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Return parameters on the real line, side by side, shape (draw, parameter).

    Scales as their logarithms; a correlation matrix by the rows of its Cholesky factor, divided by
    the diagonal.
    """
    root = np.linalg.cholesky(correlation)
    rows, columns = np.tril_indices(root.shape[-1], -1)
    tangents = root[:, rows, columns] / root[:, rows, rows]
    return np.concatenate([location, np.log(scale), tangents], axis=1)


def constrained(draws: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return location, scale and correlation matrix: the inverse of `unconstrained`.

    Examples
    --------
    >>> location, scale, correlation = constrained(np.array([[0.5, 0, 0, 0, 0.75]]), 2)
    >>> scale.tolist(), correlation.round(2).tolist()
    ([[1.0, 1.0]], [[[1.0, 0.6], [0.6, 1.0]]])
    """
    root = np.tile(np.eye(width), (len(draws), 1, 1))
    rows, columns = np.tril_indices(width, -1)
    root[:, rows, columns] = draws[:, 2 * width :]
    root /= np.linalg.norm(root, axis=-1, keepdims=True)
    correlation = root @ root.transpose(0, 2, 1)
    return draws[:, :width], np.exp(draws[:, width : 2 * width]), correlation


def unit_log_density(data: CorrelationData) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from unconstrained parameters to the units' log likelihoods."""
    import pytensor.tensor as pt

    def build() -> Any:
        moments = Moments(pt.dmatrix(), pt.dmatrix(), pt.dtensor3(), pt.dtensor4())
        width = len(data.variables)
        given = [pt.dmatrix(), pt.dmatrix(), pt.tensor(shape=(None, width, width))]
        return array_function([*given, *moments], log_density(moments, *given))

    width = len(data.variables)
    function = compiled_once(("units", width), build)
    return lambda draws: np.asarray(function(*constrained(draws, width), *data.moments))
