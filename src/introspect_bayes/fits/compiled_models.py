"""Compiled models, kept as long as Python runs: fits of the same structure share them."""

from collections.abc import Callable, Hashable
from typing import Any, Final

KEPT: Final = 32
"""How many are kept; the one that has waited the longest for a use goes first."""

_compiled: dict[Hashable, Any] = {}


def compiled_once(structure: Hashable, compile_model: Callable[[], Any]) -> Any:
    """Return the compiled model of a structure, compiling it if none is kept.

    Parameters
    ----------
    structure
        All that the compiled model depends on, but for what can be exchanged in it.
    compile_model
        Compiles it.

    Examples
    --------
    >>> compiled_once("example", lambda: "compiled"), compiled_once("example", lambda: "again")
    ('compiled', 'compiled')
    """
    model = _compiled.pop(structure) if structure in _compiled else compile_model()
    _compiled[structure] = model
    while len(_compiled) > KEPT:
        del _compiled[next(iter(_compiled))]
    return model


def forget_compiled() -> None:
    """Forget all compiled models, as for measuring what compiling costs."""
    _compiled.clear()
