"""Priors read from text, PyMC or PreliZ; nothing that a user writes is evaluated."""

import ast
from typing import Any, Final

import numpy as np

from introspect_bayes.errors import InputError
from introspect_bayes.specs.distributions import DISTRIBUTIONS
from introspect_bayes.specs.prior import Prior, require_known

_NEVER_NAMES: Final = {"inf", "nan"}


def read_prior(text: str) -> Prior:
    """Read a prior written as a distribution with its arguments; nothing is evaluated.

    Parameters
    ----------
    text
        Such as ``Normal(0, 0.5)`` or ``StudentT(nu=3, mu=0, sigma=1)``: arguments in PyMC's order,
        or by name; numbers, the name of a hyperparameter, or a name in `RESPONSE_STATISTICS`
        (in quotes, as any name that is not one word).

    Raises
    ------
    InputError
        If it is anything else, or no possible prior.

    Examples
    --------
    >>> print(read_prior("Normal(0, sigma=0.5)"))
    Normal(mu=0, sigma=0.5)
    """
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if isinstance(call, ast.Name):
        call = ast.Call(func=call, args=[], keywords=[])
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        msg = f"{text!r} is not a distribution; write one such as Normal(0, 0.5)"
        raise InputError(msg)
    dist = call.func.id
    require_known(dist)
    names = list(DISTRIBUTIONS[dist])
    if len(call.args) > len(names):
        msg = f"{dist} takes {len(names)} arguments: {', '.join(names) or 'none'}"
        raise InputError(msg)
    args = {name: _constant(dist, node) for name, node in zip(names, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in args:
            msg = f"{dist}: argument {keyword.arg or '**'} is given twice or unreadable"
            raise InputError(msg)
        args[keyword.arg] = _constant(dist, keyword.value)
    return Prior(dist, args)


def _constant(dist: str, node: ast.expr) -> float | str:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        node = node.operand
    if isinstance(node, ast.Name) and sign == 1 and node.id not in _NEVER_NAMES:
        return node.id
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, str) and sign == 1:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{dist}: {ast.unparse(node)} is not a number"
        raise InputError(msg)
    return sign * value


def as_prior(given: object) -> Prior:
    """Return a prior from whatever states one.

    Parameters
    ----------
    given
        A `Prior`, its text (`read_prior`), an unnamed PyMC distribution (``pm.Normal.dist(0, 1)``),
        or a PreliZ distribution with all its parameters.

    Raises
    ------
    InputError
        If it is none of these, or no possible prior.

    Examples
    --------
    >>> print(as_prior("Laplace(0, 1)"))
    Laplace(mu=0, b=1)
    """
    if isinstance(given, Prior):
        return given
    if isinstance(given, str):
        return read_prior(given)
    owner = getattr(given, "owner", None)
    if owner is not None and hasattr(owner.op, "dist_params"):
        return _from_pymc(owner)
    if hasattr(given, "params_dict") and hasattr(given, "params"):
        return _from_preliz(given)
    msg = f"{given!r} is not a prior; write one such as Normal(0, 0.5)"
    raise InputError(msg)


def _from_pymc(node: Any) -> Prior:
    """Read PyMC's own parameters, some of which are the inverse of what its users write."""
    kind = node.op.name
    if kind not in _PYMC:
        msg = f"PyMC's {kind!r} is not among the priors (known: {', '.join(DISTRIBUTIONS)})"
        raise InputError(msg)
    dist, names = _PYMC[kind]
    args = {}
    for name, parameter in zip(names, node.op.dist_params(node), strict=True):
        value = np.asarray(parameter.eval())
        if value.ndim:
            msg = f"{dist}: {name} has shape {value.shape}; a prior's arguments are single numbers"
            raise InputError(msg)
        number = float(str(value))  # as it is printed: PyMC keeps 0.1 in single precision
        if name.startswith("1/"):
            args[name.removeprefix("1/")] = float(f"{1 / number:.6g}")
        elif name:
            args[name] = number
        elif number:
            msg = f"{dist} with a location other than 0 is not among the priors"
            raise InputError(msg)
    return Prior(dist, args)


_PYMC: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "asymmetriclaplace": ("AsymmetricLaplace", ("b", "kappa", "mu")),
    "cauchy": ("Cauchy", ("alpha", "beta")),
    "exponential": ("Exponential", ("1/lam",)),
    "flat": ("Flat", ()),
    "gamma": ("Gamma", ("alpha", "1/beta")),
    "gumbel": ("Gumbel", ("mu", "beta")),
    "half_flat": ("HalfFlat", ()),
    "halfcauchy": ("HalfCauchy", ("beta",)),
    "halfnormal": ("HalfNormal", ("", "sigma")),
    "halfstudentt": ("HalfStudentT", ("nu", "sigma")),
    "invgamma": ("InverseGamma", ("alpha", "beta")),
    "laplace": ("Laplace", ("mu", "b")),
    "logistic": ("Logistic", ("mu", "s")),
    "lognormal": ("LogNormal", ("mu", "sigma")),
    "normal": ("Normal", ("mu", "sigma")),
    "skewnormal": ("SkewNormal", ("mu", "sigma", "alpha")),
    "t": ("StudentT", ("nu", "mu", "sigma")),
    "uniform": ("Uniform", ("lower", "upper")),
    "weibull": ("Weibull", ("alpha", "beta")),
}
"""PyMC's operations by name, and what their parameters are; an empty name must be zero."""


def _from_preliz(given: Any) -> Prior:
    dist = type(given).__name__
    require_known(dist)
    arguments = DISTRIBUTIONS[dist]
    stated = {name: getattr(given, name, None) for name in arguments}
    missing = [name for name, value in stated.items() if value is None]
    if missing:
        msg = f"PreliZ's {dist} lacks {', '.join(missing)}"
        raise InputError(msg)
    return Prior(dist, {name: float(str(value)) for name, value in stated.items()})
