"""Groups of options that commands share: Typer itself has none."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any


def takes_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take dataclasses whose fields are options.

    Typer reads one option a field, in the place where the command names the group, and the command
    gets the dataclass.

    Parameters
    ----------
    command
        A function; whichever of its keyword-only parameters has a dataclass for its type is a
        group, and needs no default.

    Raises
    ------
    ValueError
        If two options have the same name.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Place:
    ...     x: int = 0
    ...     y: int = 0
    >>> @takes_option_groups
    ... def draw(*, place: Place, colour: str = "red") -> None:
    ...     print(place, colour)
    >>> inspect.signature(draw)
    <Signature (*, x: int = 0, y: int = 0, colour: str = 'red') -> None>
    >>> draw(y=2)
    Place(x=0, y=2) red
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {}
    merged: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        kind = parameter.annotation
        if isinstance(kind, type) and is_dataclass(kind):
            groups[name] = kind
            merged += inspect.signature(kind, eval_str=True).parameters.values()
        else:
            merged.append(parameter)

    @functools.wraps(command)
    def call(*arguments: Any, **options: Any) -> None:
        for name, group in groups.items():
            fields = inspect.signature(group).parameters
            options[name] = group(**{f: options.pop(f) for f in fields if f in options})
        command(*arguments, **options)

    call.__annotations__ = {p.name: p.annotation for p in merged} | {"return": None}
    call.__dict__["__signature__"] = signature.replace(parameters=merged)
    return call
