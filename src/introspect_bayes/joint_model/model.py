"""The joint PyMC model of choices and reports, as it is written down.

What samples the same posterior well is `sampling_model`.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np

from introspect_bayes.errors import InputError
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.prior_distributions import (
    prior_arguments,
    prior_variable,
    shared_numbers,
    signed_variable,
)
from introspect_bayes.specs import Specification

DIMS: Final[dict[str, str]] = {
    "accuracy": "figure",
    "accuracy_scale": "figure",
    "report_mean": "report_set",
    "report_scale": "report_set",
    "report_scale_spread": "report_set",
    "report_noise": "report_set",
    "report_df": "report_set",
}
"""Dims of the parameters of which a fit has several."""


def require_joint(spec: Specification) -> None:
    """Raise InputError unless the specification is a joint model with proper priors."""
    if spec.family != "joint":
        msg = f"{spec.name}: family {spec.family!r} is no joint model of choices and reports"
        raise InputError(msg)
    for parameter, prior in spec.priors.items():
        if prior.dist in {"Flat", "HalfFlat"}:
            msg = (
                f"{spec.name}.{parameter} ~ {prior} is improper, and the joint model's posterior "
                "may then be none; give it a proper prior"
            )
            raise InputError(msg)


def joint_coords(data: JointData) -> dict[str, list[Any]]:
    """Return the dims of the model and their levels."""
    return {
        "context": list(data.choices.contexts),
        "attribute": [f"d{k + 1}" for k in range(data.means.shape[2])],
        "figure": list(data.figures),
        "report_set": list(data.report_sets),
    }


def parameter_variables(
    spec: Specification, numbers: Mapping[str, Any] | None = None, signed: Collection[str] = ()
) -> dict[str, Any]:
    """Add the parameters of a joint model, hyperparameters first, to the PyMC model at hand.

    Parameters
    ----------
    spec
        The specification.
    numbers
        Numbers of the priors by parameter and argument, such as ``used_mean.sigma``; those of the
        specification if not given.
    signed
        Scales to be sampled with a sign (`prior_distributions.signed_variable`).

    Returns
    -------
    dict
        Variable by parameter; of signed ones, the signed variable.
    """
    held: dict[str, Any] = {**shared_numbers(spec), **(numbers or {})}
    for parameter in (*spec.hyperparameters, *spec.model_parameters):
        prior, dims = spec.priors[parameter], DIMS.get(parameter)
        given = prior_arguments(spec, parameter, held)
        add = signed_variable if parameter in signed else prior_variable
        held[parameter] = add(prior, parameter, given, dims=dims)
    return {parameter: held[parameter] for parameter in spec.parameters}


@one_thread_at_a_time
def build_joint_model(spec: Specification, data: JointData) -> Any:
    """Build the joint model with all its variables, as the specification's equations have it.

    Parameters
    ----------
    spec
        A specification of the family "joint".
    data
        Choices and reports.

    Returns
    -------
    pymc.Model
        Free variables: the parameters, ``Intercept``, ``consistency_log`` (context), ``used``
        (context, attribute), ``fisher_z`` and ``report_scale_log`` (figure, context), ``reported``
        and ``noise_variance`` (figure, context, attribute). Observed: ``selection``
        (choice), ``mean_report`` and ``squared_deviations`` (cell: an attribute of a context and
        figure that was reported on; the sufficient statistics of its reports out of 100, see
        `JointData`).

    Raises
    ------
    InputError
        If the specification is not one of the family "joint", or a prior is improper.

    Examples
    --------
    >>> build_joint_model(spec("joint_accuracy"), data).free_RVs  # doctest: +SKIP
    """
    import pymc as pm
    import pytensor.tensor as pt

    require_joint(spec)
    with pm.Model(coords=joint_coords(data)) as model:
        made = parameter_variables(spec)
        intercept = pm.Normal(
            "Intercept", made["position_bias"], made["position_bias_scale"], dims="context"
        )
        consistency = pt.exp(
            pm.Normal(
                "consistency_log",
                made["log_consistency"],
                made["consistency_scale"],
                dims="context",
            )
        )
        used = pm.Normal("used", made["used_mean"], 1, dims=("context", "attribute"))
        slopes = pm.Deterministic(
            "slopes", consistency[:, None] * used, dims=("context", "attribute")
        )
        index = data.choices.index
        log_odds = intercept[index] + (data.choices.differences * slopes[index]).sum(-1)
        pm.Bernoulli("selection", logit_p=log_odds, observed=data.choices.selection)
        _add_reports(data, made, used)
    return model


def _add_reports(data: JointData, made: Mapping[str, Any], used: Any) -> None:
    """Add what is reported of the used weights to the model at hand, given its parameters."""
    import pymc as pm
    import pytensor.tensor as pt

    location, scale = made["accuracy"][:, None], made["accuracy_scale"][:, None]
    rho = pt.tanh(pm.Normal("fisher_z", location, scale, dims=("figure", "context")))
    rho = rho[:, :, None]
    reported = pm.Normal(
        "reported",
        rho * (used - made["used_mean"]),
        pt.sqrt(1 - rho**2),
        dims=("figure", "context", "attribute"),
    )
    df, noise = made["report_df"], made["report_noise"]
    own = data.set_index[:, :, None]
    variance = pm.InverseGamma(
        "noise_variance",
        (df / 2)[own],
        (df * noise**2 / 2)[own],
        dims=("figure", "context", "attribute"),
    )
    scale = pm.Normal(
        "report_scale_log",
        pt.log(made["report_scale"])[data.set_index],
        made["report_scale_spread"][data.set_index],
        dims=("figure", "context"),
    )
    cells = np.nonzero(data.cell_counts)
    count = data.cell_counts[cells]
    report_set = data.set_index[cells[:2]]
    latent = made["report_mean"][report_set] + pt.exp(scale)[cells[:2]] * reported[cells]
    pm.Normal("mean_report", latent, pt.sqrt(variance[cells] / count), observed=data.means[cells])
    several = count > 1
    # With the mean known, the squared deviations of n reports are a chi-squared of n - 1.
    pm.Gamma(
        "squared_deviations",
        alpha=(count[several] - 1) / 2,
        beta=1 / (2 * variance[cells][several]),
        observed=data.squares[cells][several],
    )
