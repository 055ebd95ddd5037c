"""What a check found: pass, fail, error or information, in a sentence; never silence."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from introspect_bayes.errors import CannotCompute, InputError, NotInStudy

Status = Literal["pass", "fail", "error", "information"]
"""pass: nothing was found. fail: something was, and the message says what follows from it.
error: the check went wrong, and the message says what to mend. information: nothing to judge,
or not on this data."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check of one thing.

    Attributes
    ----------
    name
        Key of `checks.CHECKS`, such as "convergence".
    subject
        What was checked, such as "choice weights of 4o, native" or "e1.acc.4o".
    status
        A value of `Status`.
    message
        One sentence: what was found, and what to conclude or do.
    numbers
        The figures behind it, by name.
    """

    name: str
    subject: str
    status: Status
    message: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; a number that is not finite becomes None.

        Examples
        --------
        >>> Check("convergence", "e1.acc.4o", "pass", "Chains mixed.", {"rhat": 1.0}).as_dict()
        ... # doctest: +NORMALIZE_WHITESPACE
        {'name': 'convergence', 'subject': 'e1.acc.4o', 'status': 'pass',
         'message': 'Chains mixed.', 'numbers': {'rhat': 1.0}}
        """
        numbers = {
            key: float(value) if math.isfinite(value) else None
            for key, value in self.numbers.items()
        }
        return {
            "name": self.name,
            "subject": self.subject,
            "status": self.status,
            "message": self.message,
            "numbers": numbers,
        }


def attempt(name: str, subject: str, make: Callable[[], Check]) -> Check:
    """Make a check; where it cannot be made, say why.

    What the data does not allow (`CannotCompute`) is information; what a user can mend
    (`InputError`) is an error. Everything else is a fault of the program and is raised; so is
    `NotInStudy`, for there is nothing to check.

    Examples
    --------
    >>> def missing() -> Check:
    ...     raise CannotCompute("no reports of m")
    >>> attempt("convergence", "e1.acc.m", missing).message
    'Cannot be checked: no reports of m.'
    """
    try:
        return make()
    except NotInStudy:
        raise
    except CannotCompute as reason:
        return Check(name, subject, "information", f"Cannot be checked: {_sentence(reason)}")
    except InputError as reason:
        return Check(name, subject, "error", f"Went wrong: {_sentence(reason)}")


def _sentence(reason: Exception) -> str:
    return str(reason).rstrip(".") + "."


def first_upper(text: str) -> str:
    """Begin a sentence with a capital.

    Examples
    --------
    >>> first_upper("r is .418")
    'R is .418'
    """
    return text[0].upper() + text[1:]
