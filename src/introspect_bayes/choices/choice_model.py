"""The PyMC model of choices: all decision contexts of a model at once."""

from typing import Any, Final

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.centring import Centring, shift_of_intercept
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.prior_distributions import (
    prior_arguments,
    prior_variable,
    shared_numbers,
)
from introspect_bayes.specs import Specification

COEFFICIENTS = {"Intercept": "centred_intercept", "slopes": "slopes"}
"""Parameters of a specification of choices, and the model's free variables that they are."""


def require_choices(spec: Specification) -> None:
    """Raise InputError unless the specification is one of choices."""
    coefficients = [name for name in spec.parameters if name not in spec.hyperparameters]
    if spec.family != "bernoulli" or coefficients not in (["Intercept", "slopes"], ["slopes"]):
        msg = f"{spec.name}: not a model of choices (needs bernoulli, selection ~ d1 + ... + dK)"
        raise InputError(msg)


def model_data(spec: Specification, data: ChoiceData) -> dict[str, Any]:
    """Return what the model holds as data: other data or priors need no compilation.

    Numbers of the priors go by parameter and argument, such as ``slopes.sigma``.
    """
    numbers = shared_numbers(spec)
    held = {"context_index": data.index, "selected_a": data.selection, **numbers}
    if not spec.has_intercept:
        return {**held, "centred_differences": data.differences}
    centred = data.differences - data.means[data.index]
    return {**held, "centred_differences": centred, "mean_differences": data.means}


def centring_of_choices(data: ChoiceData) -> Centring:
    """Return where differences are centred: in each context, so that each has an intercept."""
    return Centring(("slopes",), data.means, COEFFICIENTS["Intercept"])


@one_thread_at_a_time
def build_model(spec: Specification, data: ChoiceData, *, lean: bool = False) -> Any:
    """Build the PyMC model of all contexts.

    For choice i in context c, with the differences d centred within the context as brms and
    Bambi do::

        selection_i ~ Bernoulli(logit⁻¹(a_c + (d_i - mean_c) · b_c))
        Intercept_c = a_c - mean_c · b_c

    Without an intercept, a and the means are zero.

    Parameters
    ----------
    spec
        A Bernoulli specification with the parameters slopes (b), perhaps Intercept (the prior
        of a), and their hyperparameters, which all contexts share.
    data
        The choices.
    lean
        Whether to write the same model so that it samples better: the likelihood as one softplus,
        which is 1.7 times as fast, instead of ``pm.Bernoulli``; and normal coefficients with a
        common scale as offsets from their mean, without which chains hardly reach small scales
        (partly non-centred: Papaspiliopoulos et al. 2007, doi:10.1214/088342307000000014). A test
        holds both against each other.

    Returns
    -------
    pymc.Model
        Free variables ``centred_intercept`` (context) and ``slopes`` (context, attribute), or
        their offsets, deterministic ``Intercept`` (context), observed ``selection`` (choice); the
        priors' numbers as data.

    Raises
    ------
    InputError
        If the specification is not one of choices.
    """
    import pymc as pm

    require_choices(spec)
    attributes = [f"d{k + 1}" for k in range(data.differences.shape[1])]
    coords = {"context": list(data.contexts), "attribute": attributes}
    dims = {"Intercept": ("context",), "slopes": ("context", "attribute")}
    with pm.Model(coords=coords) as model:
        held = {name: pm.Data(name, value) for name, value in model_data(spec, data).items()}
        made: dict[str, Any] = {}
        for parameter in (*spec.hyperparameters, *COEFFICIENTS):
            if parameter in spec.parameters:
                made[parameter] = _variable(
                    spec, parameter, {**held, **made}, dims.get(parameter), offset=lean
                )
        slopes, index = made["slopes"], held["context_index"]
        utility = (held["centred_differences"] * slopes[index]).sum(-1)
        if "Intercept" in made:
            shift = shift_of_intercept(slopes, held["mean_differences"])
            pm.Deterministic("Intercept", made["Intercept"] - shift, dims="context")
            utility = utility + made["Intercept"][index]
        if lean:
            observed = held["selected_a"]
            pm.CustomDist("selection", utility, logp=_bernoulli_logp, observed=observed)
        else:
            pm.Bernoulli("selection", logit_p=utility, observed=held["selected_a"])
    return model


_INFORMATION: Final = 4.0
"""What a context's choices tell of a coefficient, roughly: between 1 and 4 chains mix as well, in
simulation-based calibration and on the paper's data."""


def _variable(
    spec: Specification,
    parameter: str,
    held: dict[str, Any],
    dims: tuple[str, ...] | None,
    *,
    offset: bool,
) -> Any:
    prior = spec.priors[parameter]
    numbers = prior_arguments(spec, parameter, held)
    name = COEFFICIENTS.get(parameter, parameter)
    if offset and prior.dist == "Normal" and "sigma" in prior.references:
        import pymc as pm

        # Where the scale is small, the prior rules and the offset is in its units; where it is
        # large, the data do, and the offset's unit grows with its root only.
        scale = numbers["sigma"]
        spread = (1 + _INFORMATION * scale**2) ** 0.25
        free = pm.Normal(f"{name}_offset", 0, spread, dims=dims)
        return pm.Deterministic(name, numbers["mu"] + free * scale / spread, dims=dims)
    return prior_variable(prior, name, numbers, dims=dims)


def _bernoulli_logp(value: Any, logit: Any) -> Any:
    """Return log p of a 0/1 value: minus softplus of the logit, its sign turned for a 1."""
    import pytensor.tensor as pt

    return -pt.softplus((1 - 2 * value) * logit)
