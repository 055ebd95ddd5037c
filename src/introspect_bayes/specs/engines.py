"""Names of the ways to sample posteriors, known without loading any of them."""

from typing import Literal, get_args

from introspect_bayes.errors import InputError, closest

Engine = Literal["auto", "importance", "nuts"]
"""How posteriors are sampled: importance sampling, with NUTS where its weights cannot be trusted
(auto), or one of the two alone."""


def with_chains(engine: Engine) -> Engine:
    """Return the engine for models that importance sampling alone cannot sample.

    Examples
    --------
    >>> with_chains("importance"), with_chains("nuts")
    ('auto', 'nuts')
    """
    return "nuts" if engine == "nuts" else "auto"


def engine_named(name: str) -> Engine:
    """Return the engine with this name.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> engine_named("nuts")
    'nuts'
    """
    for engine in get_args(Engine):
        if name == engine:
            found: Engine = engine
            return found
    msg = f"no engine {name!r}{closest(name, get_args(Engine))}"
    raise InputError(msg)
