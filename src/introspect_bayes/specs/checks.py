"""What the priors of a specification must be, together."""

from collections.abc import Collection, Iterable, Mapping

from introspect_bayes.distributions import DISTRIBUTIONS
from introspect_bayes.errors import InputError
from introspect_bayes.priors import RESPONSE_STATISTICS, Prior, closest


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


def check_priors(
    priors: Mapping[str, Prior], parameters: Collection[str], positive: Collection[str]
) -> None:
    """Check that priors fit the parameters of a model and each other.

    Parameters
    ----------
    priors
        Every prior by the name of its parameter.
    parameters
        Parameters of the model, without those of the priors.
    positive
        Those of them that cannot be negative.

    Raises
    ------
    InputError
        If they do not: a gap, a misspelling, a reference to nothing, a scale that may be negative.
    """
    for parameter, prior in priors.items():
        if not isinstance(prior, Prior):
            msg = f"the prior of {parameter} is {prior!r}; write Prior(...)"
            raise InputError(msg)
    for parameter, prior in priors.items():
        _check_references(parameter, prior, priors)
        if parameter in positive and not prior.is_positive:
            msg = f"{parameter} ~ {prior}: {parameter} must be positive; {_POSITIVE}"
            raise InputError(msg)
        if "|" in parameter and parameter in parameters:
            _check_grouped(parameter, prior, priors)
    known = [*parameters, *hyperparameters(priors, parameters)]
    for parameter in priors:
        if parameter not in known:
            hint = closest(parameter, known)
            msg = f"[priors] names {parameter!r}, which the model lacks{hint}"
            raise InputError(msg)
    gaps = [name for name in parameters if name not in priors]
    if gaps:
        msg = f"[priors] lacks {', '.join(gaps)}; every parameter needs a prior"
        raise InputError(msg)


_POSITIVE = "take a distribution such as HalfNormal"


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
