"""What can go wrong by anybody's doing but the program's, and the words that help out of it."""

import difflib
from collections.abc import Iterable, Sequence


class InputError(ValueError):
    """Something that the user gave is wrong: says what, where, and what to do next.

    The command line prints the message alone and exits with code 2.
    """


class CannotCompute(Exception):  # noqa: N818 - an outcome that is reported, not a fault
    """A figure that this study's data does not allow; the message says why."""


class NotInStudy(CannotCompute):
    """A figure whose data the study does not have at all."""


def cannot_compute(message: str, reasons: Sequence[CannotCompute]) -> CannotCompute:
    """Return the outcome of a figure over several parts, none of which can be computed."""
    missing = all(isinstance(reason, NotInStudy) for reason in reasons)
    return (NotInStudy if missing else CannotCompute)(message)


def none_computable(what: str, reasons: Iterable[CannotCompute]) -> CannotCompute:
    """Return the outcome of several parts, with the reason of each, said once.

    Examples
    --------
    >>> str(none_computable("no figure", [CannotCompute("no reports")] * 2))
    'no figure: no reports'
    """
    found = list(reasons)
    why = "; ".join(dict.fromkeys(str(reason) for reason in found))
    return cannot_compute(f"{what}: {why}", found)


def closest(name: str, known: Iterable[str], listed: Iterable[str] | None = None) -> str:
    """Return " (did you mean ...?)" and the known names, to end an error message.

    Where a name may be meant that is not listed, such as an id's beginning, `listed` has those
    that are.

    Examples
    --------
    >>> closest("Norml", ["Normal", "Laplace"])
    '; did you mean Normal? (known: Normal, Laplace)'
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    question = f"; did you mean {near[0]}?" if near else ""
    return f"{question} (known: {', '.join(names if listed is None else listed)})"
