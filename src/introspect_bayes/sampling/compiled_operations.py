"""Functions compiled by numba as operations of PyTensor, with derivatives that are written out."""

import zlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

Pullback = Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], list[Any]]
"""Takes inputs, outputs and the derivatives by these; returns those by the first two inputs."""


def compiled_operation(
    function: Any,
    outputs: Sequence[str],
    pullback: Pullback | None = None,
    differentiable: Collection[int] = (0,),
) -> Any:
    """Return a function of numba as an operation of PyTensor.

    Parameters
    ----------
    function
        What numba compiles; it takes arrays and returns a tuple.
    outputs
        PyTensor's names of the types of what it returns, such as "dvector".
    pullback
        Derivatives by the first two inputs; none if not given. Others are data.
    differentiable
        Which outputs have derivatives.
    """
    import pytensor.tensor as pt
    from pytensor.gradient import disconnected_type
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op
    from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

    class Compiled(Op):  # type: ignore[misc] # PyTensor has no types
        __props__ = ()

        def make_node(self, *inputs: Any) -> Any:
            given = [pt.as_tensor(value) for value in inputs]
            return Apply(self, given, [getattr(pt, kind)() for kind in outputs])

        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:  # noqa: ARG002
            for place, value in zip(output_storage, function(*inputs), strict=True):
                place[0] = value

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
            slopes = [] if pullback is None else pullback(inputs, outputs, cotangents)
            return slopes + [disconnected_type() for _ in inputs[len(slopes) :]]

        def connection_pattern(self, node: Any) -> list[list[bool]]:
            known = [place in differentiable for place in range(len(outputs))]
            nothing = [False] * len(outputs)
            return [
                known if pullback is not None and place in {0, 1} else nothing
                for place in range(len(node.inputs))
            ]

    source = function.py_func
    Compiled.__name__ = Compiled.__qualname__ = source.__name__.title().replace("_", "")
    # PyTensor keeps compiled functions on disk; another source is another function.
    version = zlib.crc32(Path(source.__code__.co_filename).read_bytes())

    def compiled(op: Any, **_: Any) -> Any:  # noqa: ARG001
        return function, version

    register_funcify_default_op_cache_key(Compiled)(compiled)
    return Compiled()
