"""Arrays of a PyMC model as shared variables, to be exchanged after compilation."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np


def with_shared_data(model: Any, constants: Mapping[str, np.ndarray]) -> Any:
    """Return a copy of a PyMC model in which arrays of data are shared variables.

    Parameters
    ----------
    model
        A PyMC model that holds the arrays as constants.
    constants
        Name of each new shared variable and the array that it replaces, wherever it is held.

    Raises
    ------
    RuntimeError
        If the model does not hold one of the arrays, or two of them are the same.

    Examples
    --------
    >>> import pymc as pm
    >>> seen = np.array([1.0, 2.0, 4.0])
    >>> with pm.Model() as model:
    ...     sight = pm.Normal("sight", mu=0, sigma=1, observed=seen)
    >>> shared = with_shared_data(model, {"seen": seen})
    >>> shared.rvs_to_values[shared["sight"]].name
    'seen'
    """
    import pytensor
    from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
    from pytensor.graph.fg import FunctionGraph
    from pytensor.graph.replace import clone_replace
    from pytensor.tensor.variable import TensorConstant

    graph, _ = fgraph_from_model(model)
    held = [v for v in graph.variables if isinstance(v, TensorConstant) and v.data.ndim]
    replacements: dict[Any, Any] = {}
    for name, array in constants.items():
        matches = [v for v in held if np.array_equal(v.data, array)]
        if not matches or any(v in replacements for v in matches):
            times = f"{len(matches)} times, perhaps as another array" if matches else "0 times"
            msg = f"the Bambi model holds the array {name!r} {times}"
            raise RuntimeError(msg)
        shared = pytensor.shared(matches[0].data, name=name, shape=(None,) * array.ndim)
        replacements |= dict.fromkeys(matches, shared)
    # Rebuilt, not merely replaced: every node inferred its shape from the constants.
    outputs = clone_replace(graph.outputs, replacements, rebuild_strict=False)
    rebuilt = FunctionGraph(outputs=outputs, clone=False)
    for attribute in ("_coords", "_dim_lengths"):  # PyMC keeps the model's dims here
        setattr(rebuilt, attribute, getattr(graph, attribute))
    return model_from_fgraph(rebuilt, mutate_fgraph=True)


def products_as_sums(model: Any) -> Any:
    """Return a copy of a PyMC model whose products of matrix and column are plain sums.

    Numba takes half a minute to compile the first matrix product, and is no faster with it.

    Parameters
    ----------
    model
        A PyMC model. The shared data of the copy have the same names and values.
    """
    from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
    from pytensor.tensor.math import Dot

    graph, _ = fgraph_from_model(model)
    for node in graph.toposort():
        if isinstance(node.op, Dot) and node.inputs[1].type.broadcastable[1]:
            matrix, column = node.inputs
            total = (matrix * column.T).sum(axis=-1, keepdims=True)
            graph.replace(node.outputs[0], total, import_missing=True)
    return model_from_fgraph(graph, mutate_fgraph=True)


_starting: Final = threading.Lock()
"""Held while a chain's start is computed, by a thread of nutpie's; nothing else is waited for."""


def exchanged(compiled: Any, values: Mapping[str, np.ndarray]) -> Any:
    """Return a model that nutpie compiled, with other shared data.

    Fits of several threads may hold and sample models that were exchanged from the same one: the
    density reads a copy of the data, and only the start of a chain needs the shared variables,
    which are set for it. Unlike nutpie's ``with_data`` it lets the chains start from where they
    would in a model compiled with these data, so that draws do not depend on what was fitted before
    or beside.

    Parameters
    ----------
    compiled
        The compiled model.
    values
        All or some of its shared data by name; others are as when it was compiled. Names of none
        are passed over.
    """
    known = {variable.name for variable in compiled.shared_var_keys}
    made = compiled.with_data(**{name: value for name, value in values.items() if name in known})

    def start(seed: Any = None) -> np.ndarray:
        with _starting:
            for variable, key in made.shared_var_keys.items():
                variable.set_value(made.shared_data[key])
            return np.asarray(compiled.initial_point_func(seed))

    return replace(made, initial_point_func=start)


def shared_variables(outputs: Sequence[Any]) -> list[Any]:
    """Return the shared variables that symbolic arrays depend on."""
    from pytensor.compile.sharedvalue import SharedVariable
    from pytensor.graph.traversal import graph_inputs

    return list(dict.fromkeys(v for v in graph_inputs(outputs) if isinstance(v, SharedVariable)))
