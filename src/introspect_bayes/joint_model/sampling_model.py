"""The joint model of choices and reports in a form that chains explore well.

Every latent weight is written as what the data and the other parameters make of it, on a Gaussian
approximation, plus an offset in units of its uncertainty. The offsets are nearly independent
standard normals, whatever data and parameters are, so there are no funnels; their exact density
follows by the change of variables. Consistencies and correlations of single contexts, of which
data say little, are offsets from their means in units of their scales (non-centred). The variances
of the reports are integrated out. The density is that of `kernel`.
"""

import math
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.information import ChoiceInformation
from introspect_bayes.joint_model.model import parameter_variables, require_joint
from introspect_bayes.sampling.centring import shift_of_intercept
from introspect_bayes.sampling.compiled_operations import compiled_operation
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.prior_distributions import shared_numbers
from introspect_bayes.specs import Specification

LATENT_DIMS: Final = {
    "consistency": ("context",),
    "Intercept": ("context",),
    "used": ("context", "attribute"),
    "rho": ("figure", "context"),
    "report_scale_of_context": ("figure", "context"),
    "reported": ("figure", "context", "attribute"),
}
"""Latent variables that a fit keeps, in the order of their offsets, and their dims. The offsets of
consistency, rho and report scale are deviations of its log, of Fisher's z and of its log from their
means, in units of their spreads."""

SIGNED: Final = ("consistency_scale", "accuracy_scale", "report_scale_spread")
"""Scales that are sampled with a sign (`parameter_variables`)."""


@dataclass(frozen=True, slots=True)
class Room:
    """Numbers of contexts, figures and report sets that a compiled model has room for.

    Contexts, figures and sets beyond those of the data have neither choices nor reports, and so no
    influence on the others: all fits of a study can share one compiled model.
    """

    contexts: int
    figures: int
    report_sets: int

    @classmethod
    def of(cls, *datasets: JointData) -> "Room":
        """Return the room that all of these need."""
        return cls(
            max(len(data.choices.contexts) for data in datasets),
            max(len(data.figures) for data in datasets),
            max(len(data.report_sets) for data in datasets),
        )


def sampling_data(
    spec: Specification, data: JointData, room: Room | None = None
) -> dict[str, np.ndarray]:
    """Return what the model holds as data: other data of the same dims need no compilation."""
    room = room or Room.of(data)
    information = ChoiceInformation.of(data)
    means = data.choices.means
    signed = data.signed_differences - data.sides[:, :, None] * means[:, None, :]
    arrays = {
        "axes": information.axes,
        "curvature": information.curvature,
        "pull": information.pull,
        "intercept_curvature": information.intercept_curvature,
        "intercept_pull": information.intercept_pull,
        "mean_differences": means,
        "signed_differences": signed,
        "sides": data.sides,
        "set_index": data.set_index,
        "cell_counts": data.cell_counts,
        "means": data.means,
        "squares": data.squares,
    }
    by_figure = ("set_index", "cell_counts", "means", "squares")
    more = room.contexts - len(means), room.figures - len(data.figures)
    for name, array in arrays.items():
        grown = [(0, more[0])] if name not in by_figure else [(0, more[1]), (0, more[0])]
        arrays[name] = np.pad(array, grown + [(0, 0)] * (array.ndim - len(grown)))
    return shared_numbers(spec) | arrays


@one_thread_at_a_time
def build_sampling_model(spec: Specification, data: JointData, room: Room | None = None) -> Any:
    """Build the joint model in the form that is sampled; see `build_joint_model` for what it means.

    Parameters
    ----------
    spec, data
        As of `build_joint_model`.
    room
        How many contexts, figures and report sets to make room for; as many as there are if not
        given.

    Returns
    -------
    pymc.Model
        Free variables: the parameters and ``offsets``, one for each latent variable of
        `build_joint_model` but the variances of the reports, in the order of `LATENT_DIMS`.
        `latent_variables` turns draws of offsets into draws of the latent variables.

    Notes
    -----
    With precision P of its Gaussian approximation and mean m, a latent is
    ``x = m + offset / sqrt(P)``, and the log density gains ``log p(x) - log(P) / 2``. This is the
    partly non-centred form of Papaspiliopoulos et al. 2007 (doi:10.1214/088342307000000014), by
    data and parameters.

    The n reports on an attribute, of mean r and squared deviations S, are multivariate t around
    the latent l: with v degrees of freedom and scale s, up to constants::

        log Gamma((v + n)/2) - log Gamma(v/2) + v/2 log(v s²) - (v + n)/2 log(v s² + S + n (r - l)²)
    """
    import pymc as pm
    import pytensor.tensor as pt

    from introspect_bayes.joint_model.kernel import PARAMETERS

    require_joint(spec)
    room = room or Room.of(data)
    coords = {
        "context": range(room.contexts),
        "attribute": range(data.means.shape[2]),
        "figure": range(room.figures),
        "report_set": range(room.report_sets),
    }
    with pm.Model(coords=coords) as model:
        given = sampling_data(spec, data, room)
        held = {name: pm.Data(name, value) for name, value in given.items()}
        made = parameter_variables(spec, held, SIGNED)
        vector = pt.concatenate([pt.atleast_1d(made[name]) for name in PARAMETERS])
        # Their density is part of the potential.
        offsets = pm.Flat("offsets", shape=sum(_sizes(coords).values()))
        arrays = [value for name, value in held.items() if "." not in name]
        pm.Potential("choices_and_reports", density_op()(vector, offsets, *arrays)[0])
    return model


@cache
def density_op() -> Any:
    """Return `kernel.joint_density` as an operation of PyTensor, derivatives included."""
    from introspect_bayes.joint_model.kernel import joint_density

    def pullback(inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:  # noqa: ARG001
        return [cotangents[0] * slope for slope in outputs[1:]]

    return compiled_operation(joint_density, ["dscalar", "dvector", "dvector"], pullback)


def latent_variables(draws: xr.Dataset, held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return draws of the latent variables, from those of parameters and offsets.

    Parameters
    ----------
    draws
        Posterior draws of the model that `build_sampling_model` returns; dims chain and draw first.
    held
        Its data (`sampling_data`).

    Returns
    -------
    dict
        consistency, Intercept (chain, draw, context); used (chain, draw, context, attribute); rho,
        report_scale_of_context (chain, draw, figure, context); reported (chain, draw, figure,
        context, attribute).
    """
    value = {str(name): variable.to_numpy() for name, variable in draws.data_vars.items()}
    value |= {name: value[f"{name}_signed"] for name in SIGNED}
    offsets = _split(value["offsets"], held)
    scalar = {name: array[..., None] for name, array in value.items() if array.ndim == 2}  # noqa: PLR2004
    effect = offsets["consistency"]
    consistency = np.exp(scalar["log_consistency"] + scalar["consistency_scale"] * effect)
    level = consistency[..., None]
    centre = held["axes"].sum(1) * scalar["used_mean"][..., None] * level
    along = _placed(held["pull"], held["curvature"], centre, 1 / level**2, offsets["used"])
    slopes = np.einsum("cka,...ca->...ck", held["axes"], along)
    shift = shift_of_intercept(slopes, held["mean_differences"])
    centred = _placed(
        held["intercept_pull"],
        held["intercept_curvature"],
        scalar["position_bias"] + shift,
        1 / scalar["position_bias_scale"] ** 2,
        offsets["Intercept"],
    )
    location, scale = value["accuracy"][..., None], value["accuracy_scale"][..., None]
    z = location + scale * offsets["rho"]
    own = held["set_index"]
    used = slopes / level
    deviation = used - scalar["used_mean"][..., None]
    return {
        "consistency": consistency,
        "Intercept": centred - shift,
        "used": used,
        "rho": np.tanh(z),
        "report_scale_of_context": value["report_scale"][..., own]
        * np.exp(value["report_scale_spread"][..., own] * offsets["report_scale_of_context"]),
        "reported": _reported(
            {**value, **offsets},
            held,
            np.tanh(z)[..., None],
            deviation[..., None, :, :],
        ),
    }


def _reported(
    value: dict[str, np.ndarray], held: dict[str, np.ndarray], rho: np.ndarray, used: np.ndarray
) -> np.ndarray:
    own = held["set_index"]
    location, level, wideness, noise, df = (
        value[f"report_{what}"][..., own][..., None]
        for what in ("mean", "scale", "scale_spread", "noise", "df")
    )
    scale = level * np.exp(wideness * value["report_scale_of_context"][..., None])
    counts = held["cell_counts"]
    known = counts * (df + counts) / (df * noise**2 + held["squares"])
    prior = 1 / (scale**2 * (1 - rho**2))
    centre = location + scale * rho * used
    latent = _placed(known * held["means"], known, centre, prior, value["reported"])
    return np.asarray((latent - location) / scale)


def _sizes(coords: Mapping[str, Sized]) -> dict[str, int]:
    """Return the number of offsets of each latent variable."""
    return {name: math.prod(len(coords[dim]) for dim in dims) for name, dims in LATENT_DIMS.items()}


def _split(offsets: np.ndarray, held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the offsets of each latent variable, shape (chain, draw, ...)."""
    figures, contexts, width = held["means"].shape
    shape = {"figure": figures, "context": contexts, "attribute": width}
    parts, start = {}, 0
    for name, dims in LATENT_DIMS.items():
        own = [shape[dim] for dim in dims]
        stop = start + math.prod(own)
        parts[name] = offsets[..., start:stop].reshape(*offsets.shape[:-1], *own)
        start = stop
    return parts


def _placed(pull: Any, precision: Any, centre: Any, prior: Any, offset: Any) -> Any:
    whole = precision + prior
    return (pull + centre * prior) / whole + offset / np.sqrt(whole)
