"""Sampling the joint model of choices and reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.model import DIMS, build_joint_model, joint_coords, require_joint
from introspect_bayes.joint_model.paper_scale import noise_free_figures
from introspect_bayes.joint_model.predictive import (
    REPLICATES,
    STATISTICS,
    predictive_draws,
    predictive_rows,
)
from introspect_bayes.joint_model.replicates import latent_reports
from introspect_bayes.joint_model.sampling_model import (
    LATENT_DIMS,
    SIGNED,
    Room,
    build_sampling_model,
    latent_variables,
    sampling_data,
)
from introspect_bayes.sampling.chain_models import compile_for_chains
from introspect_bayes.sampling.compiled_models import compiled_once
from introspect_bayes.sampling.finished_fits import FinishedFits, arrays_of
from introspect_bayes.sampling.fit import Fit
from introspect_bayes.sampling.intervals import estimate
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.nuts import Sampler, run_nuts
from introspect_bayes.sampling.one_thread import built_once
from introspect_bayes.sampling.shared_data import exchanged
from introspect_bayes.specs import Specification
from introspect_bayes.specs.engines import Engine

TARGET_ACCEPT: Final = 0.8
"""Acceptance rate that the sampler aims at; no transition diverges in the paper's data."""

_NODES: Final = 40


@dataclass(frozen=True)
class JointFit(Fit[JointData]):
    """A fitted joint model.

    Attributes
    ----------
    spec
        The specification.
    data
        Choices and reports.
    source
        The posterior, or where it is kept. ``idata`` is the DataTree with the posterior, the
        sampler's statistics, and in the group predictive what was ``observed`` (figure, statistic)
        and ``replicated`` (replicate, figure, statistic; `predictive.STATISTICS`). Dims beside
        chain and draw: context, attribute (d1 to dK), figure, report_set. Variables: the
        specification's parameters; ``noise_free`` (figure), the paper's figure of used weights and
        latent reports; ``mean_rho`` and ``sd_rho`` (figure), mean and standard deviation over
        contexts of the correlation of reported and used weights; ``rho`` (figure, context), that
        of each; ``report_scale_of_context`` (figure, context); ``consistency`` and ``Intercept``
        (context); ``used`` (context, attribute); ``reported`` (figure, context, attribute). Absent
        attributes and contexts without reports have draws from what the rest says of them.
    """

    @built_once
    def model(self) -> Any:
        """The PyMC model as the equations have it (`build_joint_model`)."""
        return build_joint_model(self.spec, self.data)

    @property
    def problems(self) -> tuple[str, ...]:
        """Failed diagnostics and failed predictive checks, in words; empty if none failed."""
        return (*self.diagnostics.problems, *self.misfits.values())

    @property
    def misfits(self) -> dict[str, str]:
        """What the fitted model does not make as it was observed, by figure; in words."""
        found: dict[str, str] = {}
        rows = self.predicted()
        for row in rows[rows["missed"]].to_dict("records"):
            said = (
                f"replicated data differ: {row['figure']}, {row['statistic']} {row['observed']:.3f}"
                f", not {row['low']:.3f} to {row['high']:.3f}"
            )
            before = found.get(row["figure"])
            found[row["figure"]] = f"{before}; {said}" if before else said
        return found

    def predicted(self) -> pd.DataFrame:
        """Return the predictive check: what was observed beside what the fitted model makes.

        Returns
        -------
        pandas.DataFrame
            As of `predictive.predictive_rows`.
        """
        return predictive_rows(self.idata["predictive"].to_dataset())

    def _judged(self) -> xr.Dataset:
        """Return everything that is reported: all but single weights."""
        kept = [*self.spec.parameters, *_TOLD, "rho", "consistency", "Intercept"]
        return self.idata["posterior"].to_dataset()[kept]

    def _told(self) -> Mapping[Any, xr.DataArray]:
        names = [*_TOLD, *self.spec.parameters]
        return self.idata["posterior"].to_dataset()[names].data_vars

    def mean_correlation(self, figure: str) -> np.ndarray:
        """Return draws of the mean correlation of reported and used weights: (chain, draw)."""
        return np.asarray(self.idata["posterior"]["mean_rho"].sel(figure=figure))

    def noise_free(self, figure: str) -> np.ndarray:
        """Return draws of the paper's figure without noise, shape (chain, draw)."""
        return np.asarray(self.idata["posterior"]["noise_free"].sel(figure=figure))

    def rho_by_context(self, figure: str) -> pd.DataFrame:
        """Return the correlation of reported and used weights in each context.

        A context has few attributes, so each is drawn towards the mean of all.

        Returns
        -------
        pandas.DataFrame
            One row a context: context, mean, hdi_low, hdi_high, reports (valid ones).
        """
        rho = self.idata["posterior"]["rho"].sel(figure=figure).transpose("context", ...)
        counts = self.data.counts[self.data.figures.index(figure)]
        rows = []
        for context, values, count in zip(
            self.data.choices.contexts, rho.to_numpy(), counts, strict=True
        ):
            summary = estimate(values)
            rows.append((context, summary.mean, summary.low, summary.high, int(count)))
        return pd.DataFrame(rows, columns=["context", "mean", "hdi_low", "hdi_high", "reports"])


class JointSampler(ModelSampler):
    """Fits joint models, by chains alone; other data of the same dims need no compilation.

    Parameters
    ----------
    sampler, engine, finished
        As of `ModelSampler`; importance sampling does not apply.
    target_accept
        Acceptance rate that the step size aims at: few contexts and few reports want it higher.
    """

    def __init__(
        self,
        sampler: Sampler,
        engine: Engine = "auto",
        finished: FinishedFits | None = None,
        *,
        target_accept: float = TARGET_ACCEPT,
    ) -> None:
        super().__init__(sampler, engine, finished)
        self.target_accept = target_accept

    def fit(
        self, spec: Specification, data: JointData, name: str, room: Room | None = None
    ) -> JointFit:
        """Sample the posterior.

        Parameters
        ----------
        spec, data
            As of `build_joint_model`.
        name
            Name of the fit, from which its seed derives.
        room
            Room of the compiled model, such as that which all fits of a study need; the data's own
            if not given.

        Raises
        ------
        InputError
            If the specification is of another family, a prior is improper, or the engine is
            importance sampling.
        """
        require_joint(spec)
        room = room or Room.of(data)
        held = arrays_of(data) | {
            "room": [room.contexts, room.figures, room.report_sets],
            "target_accept": [self.target_accept],
        }
        source = self._posterior(spec, held, name, lambda: self._fit(spec, data, name, room))
        return JointFit(spec, data, source)

    def _fit(self, spec: Specification, data: JointData, name: str, room: Room) -> xr.DataTree:
        signed = [f"{parameter}_signed" for parameter in SIGNED]
        wanted = [*spec.parameters, *signed, "offsets"]
        structure = (spec.structure, room, data.means.shape[2])
        compiled = compiled_once(
            structure,
            lambda: compile_for_chains(build_sampling_model(spec, data, room), wanted),
        )
        held = sampling_data(spec, data, room)
        tree = run_nuts(exchanged(compiled, held), self.sampler, name, self.target_accept)
        draws = tree["posterior"].to_dataset()
        posterior = _posterior(spec, data, draws, held)
        posterior = with_noise_free(posterior, data, self.sampler.seed)
        stats = tree["sample_stats"].to_dataset().assign(engine="nuts")
        groups = {"posterior": posterior, "sample_stats": stats}
        predictive = predictive_check(posterior, data, self.sampler.seed)
        return xr.DataTree.from_dict(groups | {"predictive": predictive})


_TOLD: Final = ("noise_free", "mean_rho", "sd_rho")


def with_noise_free(posterior: xr.Dataset, data: JointData, seed: int) -> xr.Dataset:
    """Return the posterior with draws of the paper's figures without noise added."""
    stacked = _stacked(posterior[["used", "reported", "report_scale_of_context", "report_mean"]])
    told = latent_reports(data, stacked)
    figures = noise_free_figures(data, stacked["used"].to_numpy().astype(float), told, seed)
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], len(data.figures))
    return posterior.assign(noise_free=(("chain", "draw", "figure"), figures.reshape(shape)))


def predictive_check(posterior: xr.Dataset, data: JointData, seed: int) -> xr.Dataset:
    """Return what was observed and what data replicated from the posterior are like."""
    names = [
        "used", "reported", "consistency", "Intercept", "report_scale_of_context", "report_mean",
        "report_noise", "report_df",
    ]  # fmt: skip
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    chosen = np.linspace(0, size - 1, min(size, REPLICATES)).astype(int)
    some = _stacked(posterior[names]).isel(sample=chosen)
    coords = {"figure": list(data.figures), "statistic": list(STATISTICS)}
    return xr.Dataset(predictive_draws(data, some, seed), coords)


def _stacked(draws: xr.Dataset) -> xr.Dataset:
    """Return draws with one dim sample, first, in the order of chains."""
    together = draws.stack(sample=("chain", "draw"))  # noqa: PD013 - xarray's
    return together.transpose("sample", ...)


def _posterior(
    spec: Specification, data: JointData, draws: xr.Dataset, held: dict[str, np.ndarray]
) -> xr.Dataset:
    latent = latent_variables(draws, held)
    coords = joint_coords(data)
    used = {dim: slice(len(levels)) for dim, levels in coords.items()}
    found: dict[str, Any] = {}
    for parameter in spec.parameters:
        dims = ("chain", "draw", *([DIMS[parameter]] if parameter in DIMS else []))
        found[parameter] = (dims, draws[parameter].isel(used, missing_dims="ignore").to_numpy())
    for name, dims in LATENT_DIMS.items():
        # Single weights are many, and of no use beyond four digits.
        many = name in {"used", "reported"}
        own = (slice(None), slice(None), *(used[dim] for dim in dims))
        values = latent[name][own].astype(np.float32 if many else float)
        found[name] = (("chain", "draw", *dims), values)
    mean, deviation = moments_of_rho(found["accuracy"][1], found["accuracy_scale"][1])
    found["mean_rho"] = (("chain", "draw", "figure"), mean)
    found["sd_rho"] = (("chain", "draw", "figure"), deviation)
    chains = {"chain": np.arange(mean.shape[0]), "draw": np.arange(mean.shape[1])}
    return xr.Dataset(found, chains | coords)


def moments_of_rho(location: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of ``tanh(z)``, z being normal, by quadrature.

    Examples
    --------
    >>> mean, deviation = moments_of_rho(np.array([0.0, 1.0]), np.array([0.5, 1e-9]))
    >>> bool(abs(mean[0]) < 1e-12), round(float(mean[1]), 4), round(float(deviation[1]), 4)
    (True, 0.7616, 0.0)
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    values = np.tanh(location[..., None] + scale[..., None] * nodes)
    weights = weights / weights.sum()
    mean = values @ weights
    return mean, np.sqrt(((values - mean[..., None]) ** 2) @ weights)
