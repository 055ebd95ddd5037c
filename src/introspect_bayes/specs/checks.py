"""What the priors of a specification must be, together."""

from collections.abc import Iterable, Mapping
from typing import Literal

from introspect_bayes.errors import InputError, closest
from introspect_bayes.specs.distributions import DISTRIBUTIONS, MATRIX
from introspect_bayes.specs.prior import RESPONSE_STATISTICS, Prior

Kind = Literal["real", "positive", "correlation", "correlation matrix"]
"""What values a parameter can take."""


def hyperparameters(priors: Mapping[str, Prior], parameters: Iterable[str]) -> tuple[str, ...]:
    """Return the parameters of priors, each after those that its own prior refers to.

    Parameters
    ----------
    priors
        Every prior by the name of its parameter.
    parameters
        Parameters of the model, in order.

    Raises
    ------
    InputError
        If priors refer to each other in a circle, or to a parameter of the model.

    Examples
    --------
    >>> slopes = Prior("Normal", {"mu": 0, "sigma": "scale"})
    >>> hyperparameters({"slopes": slopes, "scale": Prior("HalfNormal", {"sigma": 1})}, ["slopes"])
    ('scale',)
    """
    found: list[str] = []

    def follow(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            msg = f"priors refer to each other in a circle: {' -> '.join((*path, name))}"
            raise InputError(msg)
        for reference in priors[name].references.values() if name in priors else ():
            if reference in known:
                msg = (
                    f"{name} ~ {priors[name]}: {reference!r} is a parameter of the model; name a "
                    "hyperparameter, an entry of [priors] of its own"
                )
                raise InputError(msg)
            follow(reference, (*path, name))
            if reference in priors and reference not in found:
                found.append(reference)

    known = list(parameters)
    for name in known:
        follow(name, ())
    return tuple(found)


def check_priors(priors: Mapping[str, Prior], parameters: Mapping[str, Kind]) -> None:
    """Check that priors fit the parameters of a model and each other.

    Parameters
    ----------
    priors
        Every prior by the name of its parameter.
    parameters
        Parameters of the model, without those of the priors, and what values each can take.

    Raises
    ------
    InputError
        If they do not: a gap, a misspelling, a reference to nothing, a scale that may be negative,
        a correlation beyond 1.
    """
    for parameter, prior in priors.items():
        if not isinstance(prior, Prior):
            msg = f"the prior of {parameter} is {prior!r}; write Prior(...)"
            raise InputError(msg)
    for parameter, prior in priors.items():
        _check_references(parameter, prior, priors)
        if "|" in parameter and parameter in parameters:
            _check_grouped(parameter, prior, priors)
    known = [*parameters, *hyperparameters(priors, parameters)]
    for parameter in priors:
        if parameter not in known:
            hint = closest(parameter, known)
            msg = f"[priors] names {parameter!r}, which the model lacks{hint}"
            raise InputError(msg)
    for parameter, prior in priors.items():
        _check_support(parameter, prior, parameters.get(parameter, "real"))
    gaps = [name for name in parameters if name not in priors]
    if gaps:
        msg = f"[priors] lacks {', '.join(gaps)}; every parameter needs a prior"
        raise InputError(msg)


_POSITIVE = "take a distribution such as HalfNormal"


def _check_support(parameter: str, prior: Prior, kind: Kind) -> None:
    """Refuse a prior that allows what its parameter cannot be."""
    where = f"{parameter} ~ {prior}"
    if kind == "positive" and not prior.is_positive:
        msg = f"{where}: {parameter} must be positive; {_POSITIVE}"
        raise InputError(msg)
    if kind == "correlation matrix" and prior.dist not in MATRIX:
        msg = f"{where}: {parameter} is a correlation matrix; take LKJCorr(1), or another eta"
        raise InputError(msg)
    if kind == "correlation" and not prior.is_correlation:
        msg = (
            f"{where}: {parameter} is a correlation; take LKJCorr(1), or a Uniform between -1 and 1"
        )
        raise InputError(msg)
    if kind in {"real", "positive"} and prior.dist in MATRIX:
        msg = f"{where}: {parameter} is no correlation; take a distribution such as Normal"
        raise InputError(msg)


def _check_references(parameter: str, prior: Prior, priors: Mapping[str, Prior]) -> None:
    for argument, reference in prior.references.items():
        where = f"{parameter} ~ {prior}: {argument} = {reference!r}"
        if reference not in priors:
            known = ", ".join(repr(name) for name in RESPONSE_STATISTICS)
            msg = (
                f"{where} is neither a number, nor one of {known}, nor an entry of [priors] "
                f"({', '.join(priors)})"
            )
            raise InputError(msg)
        needed = DISTRIBUTIONS[prior.dist][argument] == "positive"
        if needed and not priors[reference].is_positive:
            msg = f"{where} must be positive, but {reference} ~ {priors[reference]}; {_POSITIVE}"
            raise InputError(msg)


def _check_grouped(term: str, prior: Prior, priors: Mapping[str, Prior]) -> None:
    """Refuse what Bambi refuses or would silently ignore in a group-specific term."""
    if not prior.references:
        msg = (
            f"{term} ~ {prior}: a group-specific term needs a hyperparameter, such as "
            f"sigma = '{term}_sigma'"
        )
        raise InputError(msg)
    if prior.dist == "Normal" and prior.args["mu"] != 0:
        msg = f"{term} ~ {prior}: mu must be 0; the groups' mean is a term of its own"
        raise InputError(msg)
    for argument, reference in prior.references.items():
        if reference != f"{term}_{argument}":
            msg = f"{term} ~ {prior}: call {argument} '{term}_{argument}', as Bambi does"
            raise InputError(msg)
        if priors[reference].references:
            _check_grouped(reference, priors[reference], priors)
