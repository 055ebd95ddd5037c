"""Compiled models, kept as long as Python runs: fits of the same structure share them."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, Final

from introspect_bayes.sampling.one_thread import TURN

KEPT: Final = 32
"""How many are kept; the one that has waited the longest for a use goes first."""

_compiled: dict[Hashable, Any] = {}
_changing: Final = threading.Lock()


def compiled_once(structure: Hashable, compile_model: Callable[[], Any]) -> Any:
    """Return the compiled model of a structure, compiling it if none is kept.

    Threads get the same model: it must not hold what one fit sets and another reads.

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
    if (model := _taken(structure)) is not None:
        return model
    with TURN:
        # Another thread may have compiled it meanwhile.
        model = _taken(structure)
        return _kept(structure, compile_model()) if model is None else model


def _taken(structure: Hashable) -> Any:
    with _changing:
        if structure in _compiled:
            _compiled[structure] = _compiled.pop(structure)
        return _compiled.get(structure)


def _kept(structure: Hashable, model: Any) -> Any:
    with _changing:
        _compiled[structure] = model
        while len(_compiled) > KEPT:
            del _compiled[next(iter(_compiled))]
    return model


def forget_compiled() -> None:
    """Forget all compiled models, as for measuring what compiling costs."""
    with _changing:
        _compiled.clear()
