"""PyTensor functions that NumPy evaluates.

Compiling by numba takes seconds a function, NumPy's loops over long arrays of draws are as fast.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from introspect_bayes.sampling.one_thread import TURN, one_thread_at_a_time


class ArrayFunction:
    """A function from arrays to arrays that any number of threads may call.

    PyTensor's functions keep arguments and results in places of their own while they run, so that
    each thread evaluates a copy.

    Parameters
    ----------
    function
        A function of PyTensor, without shared variables.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self._of_thread = threading.local()

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """Return what the function gives: one array, or a list."""
        if not hasattr(self._of_thread, "copy"):
            with TURN:
                self._of_thread.copy = self._function.copy()
        return self._of_thread.copy(*arrays, **named)


@one_thread_at_a_time
def array_function(inputs: Sequence[Any], outputs: Any) -> ArrayFunction:
    """Return a function from arrays to arrays, made in milliseconds.

    Parameters
    ----------
    inputs
        Symbolic arrays; an unused one is ignored.
    outputs
        What to compute of them: one symbolic array, or a list.

    Raises
    ------
    ValueError
        If an output depends on shared variables: threads would read what others set.

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor.tensor as pt
    >>> utility = pt.dvector("utility")
    >>> array_function([utility], pt.log(pt.sigmoid(utility)))(np.array([0.0, -800.0]))
    array([-6.93147181e-01, -8.00000000e+02])
    """
    import pytensor

    made = pytensor.function(list(inputs), outputs, mode=_mode(), on_unused_input="ignore")
    if shared := [variable.name for variable in made.get_shared()]:
        msg = f"an array function takes all it needs as inputs, not {shared} as shared variables"
        raise ValueError(msg)
    return ArrayFunction(made)


@cache
def _mode() -> Any:
    import pymc  # noqa: F401 - registers a rewriting, which it cannot once a mode has named it
    from pytensor.compile.mode import OPT_FAST_RUN, Mode
    from pytensor.graph.rewriting.basic import in2out

    # A fused loop would be a Python loop; the C compiler is never asked, not even about its BLAS.
    # NumPy inverts a stack of small matrices at once, where a solver is called for each.
    rewrites = OPT_FAST_RUN.excluding("fusion", "inplace", "BlasOpt", "c_blas", "inv_to_solve")
    rewrites = rewrites.including("local_remove_check_parameter")
    after_all = 49.05
    return Mode(linker="py", optimizer=rewrites).register(
        (in2out(_softplus_rewriter(), name="softplus_in_numpy"), after_all)
    )


def _softplus_rewriter() -> Any:
    """Return the rewriting of softplus, which NumPy lacks, as log(1 + exp(x)).

    In the form max(x, 0) + log1p(exp(-|x|)), so that nothing overflows.
    """
    import numpy as np
    import pytensor.tensor as pt
    from pytensor.graph.rewriting.basic import node_rewriter
    from pytensor.tensor.math import softplus

    @node_rewriter([softplus])  # type: ignore[untyped-decorator]
    def rewrite(_: Any, node: Any) -> list[Any]:
        (x,) = node.inputs
        return [pt.maximum(x, np.float64(0)) + pt.log(np.float64(1) + pt.exp(-pt.abs(x)))]

    return rewrite
