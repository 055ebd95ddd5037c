"""PyMC models compiled for chains, by nutpie: its only door."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from introspect_bayes.sampling.one_thread import one_thread_at_a_time


@one_thread_at_a_time
def compile_for_chains(model: Any, names: Sequence[str]) -> Any:
    """Return a PyMC model compiled by nutpie.

    It is what `nutpie.compile_pymc_model` returns and samples the same draws, made in half the time
    where a model has many shared variables: numba takes long for nutpie's loop over them.

    Parameters
    ----------
    model
        A PyMC model.
    names
        Variables of the posterior.
    """
    import nutpie
    from nutpie import compile_pymc

    theirs = compile_pymc.make_extraction_fn
    compile_pymc.make_extraction_fn = _with_shared_data
    try:
        return nutpie.compile_pymc_model(model, var_names=list(names))
    finally:
        compile_pymc.make_extraction_fn = theirs


def _with_shared_data(
    inner: Any, shared_data: Mapping[str, np.ndarray], names: Sequence[str], layout: Any
) -> Any:
    """Return a function that calls `inner` with the shared data that a record points to.

    Takes and does what nutpie's `make_extraction_fn` does, without a loop.
    """
    import numba
    from nutpie.compile_pymc import address_as_void_pointer

    shared, start = layout.fields["shared"][:2]

    def word(part: str, name: str) -> int:
        # The record holds nothing but words of eight bytes.
        kind, before = shared.fields[part][:2]
        return int(start + before + kind.fields[name][1]) // 8

    known: dict[str, Any] = {
        "inner": inner,
        "array": numba.carray,  # type: ignore[attr-defined]
        "at": address_as_void_pointer,
        "words": np.dtype(np.uint64),
    }
    lines = [f"record = array(user_data, ({layout.itemsize // 8},), words)"] if names else []
    for number, name in enumerate(names):
        values = shared_data[name]
        known[f"kind_{number}"] = values.dtype
        sizes = range(word("shape", name), word("shape", name) + values.ndim)
        shape = "".join(f"int(record[{size}]), " for size in sizes)
        address = f"at(record[{word('data', name)}])"
        lines.append(f"values_{number} = array({address}, ({shape}), kind_{number})")
    given = "".join(f", values_{number}" for number in range(len(names)))
    body = "\n    ".join([*lines, f"return inner(x{given})"])
    # Numba unrolls no loop over arrays of several types in reasonable time.
    exec(f"def extract(x, user_data):\n    {body}", known)  # noqa: S102 - of numbers alone
    return numba.njit(inline="always")(known["extract"])
