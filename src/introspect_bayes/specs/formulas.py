"""Formulas as brms and Bambi write them, read into their terms."""

import re
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from introspect_bayes.errors import InputError

REPEATED: Final = "d1 + ... + dK"
"""What a formula writes for one term per attribute; as a parameter it is called ``slopes``."""

_SUMMANDS: Final = re.compile(r"\+(?![^()]*\))")
_GROUPED: Final = re.compile(r"\(([^()|]+)\|\s*([A-Za-z_]\w*)\s*\)")
_TERM: Final = re.compile(r"[A-Za-z_]\w*(\s*[*:]\s*[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, its terms named as Bambi names them.

    Attributes
    ----------
    response
        Name of the response variable.
    intercept
        Whether there is an intercept: the right-hand side has no ``0``.
    common
        Terms beside the intercept, main effects before interactions; ``slopes`` stands for
        ``d1 + ... + dK``.
    grouped
        Group-specific terms, such as ``reported|context`` for ``(0 + reported | context)``.
    parts
        Parameters of the family that vary with predictors, each with its terms.

    Examples
    --------
    >>> read_formula("learned ~ reported + (1 + reported | context)").grouped
    ('1|context', 'reported|context')
    >>> read_formula("score ~ own; zero ~ own").parts
    (('zero', ('own',)),)
    """

    response: str
    intercept: bool
    common: tuple[str, ...]
    grouped: tuple[str, ...] = ()
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        parts = [REPEATED if term == "slopes" else term for term in self.common]
        for term in self.grouped:
            inner, group = term.split("|")
            parts.append(f"({inner} | {group})" if inner == "1" else f"(0 + {inner} | {group})")
        intercept = [] if self.intercept and parts else [str(int(self.intercept))]
        mean = f"{self.response} ~ {' + '.join(intercept + parts)}"
        return "; ".join([mean, *(f"{name} ~ {' + '.join(terms)}" for name, terms in self.parts)])

    def without(self, factor: str) -> "Formula":
        """Return the formula without a factor and all terms that it is part of.

        Examples
        --------
        >>> print(read_formula("y ~ 0 + a * b + (0 + a | g)").without("b"))
        y ~ 0 + a + (0 + a | g)
        """
        common = tuple(term for term in self.common if factor not in variables(term))
        grouped = tuple(term for term in self.grouped if factor not in variables(term))
        parts = (
            (name, tuple(term for term in terms if factor not in variables(term)))
            for name, terms in self.parts
        )
        kept = tuple((name, terms) for name, terms in parts if terms)
        return Formula(self.response, self.intercept, common, grouped, kept)


def variables(term: str) -> tuple[str, ...]:
    """Return the names of the variables in a term.

    Examples
    --------
    >>> variables("reported:trained|context")
    ('reported', 'trained', 'context')
    """
    return tuple(name for name in re.split(r"[:|]", term) if name != "1")


def read_formula(text: str) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text
        Response, ``~``, and terms joined by ``+``; a term is a product of variables (``a:b``, or
        ``a * b`` for ``a + b + a:b``), ``0`` (no intercept), ``1``, ``d1 + ... + dK`` or a
        group-specific ``(0 + a | g)``, ``(1 | g)``, ``(a | g)`` (which is ``(1 + a | g)``).
        After a semicolon, as in ``; kappa ~ a``, what a parameter of the family varies with.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> read_formula("y ~ a * b + c").common
    ('a', 'b', 'c', 'a:b')
    >>> read_formula("selection ~ 0 + d1 + ... + dK")
    Formula(response='selection', intercept=False, common=('slopes',), grouped=(), parts=())
    """
    mean, *others = text.split(";")
    response, right_hand_side = _sides(mean, text)
    common: list[str] = []
    grouped: list[str] = []
    for part in _SUMMANDS.split(right_hand_side.replace(REPEATED, "slopes")):
        (grouped if part.strip().startswith("(") else common).append(part.strip())
    intercept, terms = _expand(common, text)
    parts = tuple(_part(other, text) for other in others)
    return Formula(response, intercept, terms, _expand_grouped(grouped, text), parts)


def _sides(part: str, formula: str) -> tuple[str, str]:
    if part.count("~") != 1:
        msg = f"formula {formula!r} needs one '~' in each part"
        raise InputError(msg)
    left, right = (side.strip() for side in part.split("~"))
    return left, right


def _part(text: str, formula: str) -> tuple[str, tuple[str, ...]]:
    """Return a parameter of the family and the terms that it varies with."""
    name, right = _sides(text, formula)
    intercept, terms = _expand([term.strip() for term in right.split("+")], formula)
    if not intercept or not terms:
        msg = f"formula {formula!r}: {name} needs terms, and no 0"
        raise InputError(msg)
    return name, terms


def _expand(parts: list[str], formula: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether there is an intercept, and the terms by order of interaction."""
    terms: list[tuple[str, ...]] = []
    for part in parts:
        if part in {"0", "1"}:
            continue
        if not _TERM.fullmatch(part):
            msg = (
                f"formula {formula!r}: {part!r} is not a term; write names joined by '+', '*' or "
                "':', 0 for no intercept, or (0 + name | group)"
            )
            raise InputError(msg)
        factors = ["".join(factor.split()) for factor in part.split("*")]
        for size in range(1, len(factors) + 1):
            for subset in combinations(factors, size):
                term = tuple(factor for piece in subset for factor in piece.split(":"))
                if term not in terms:
                    terms.append(term)
    return "0" not in parts, tuple(":".join(term) for term in sorted(terms, key=len))


def _expand_grouped(parts: list[str], formula: str) -> tuple[str, ...]:
    grouped: list[str] = []
    for part in parts:
        match = _GROUPED.fullmatch(part)
        if not match:
            msg = f"formula {formula!r}: {part!r} is not a term; write (0 + name | group)"
            raise InputError(msg)
        inner = [piece.strip() for piece in match[1].split("+")]
        if "slopes" in inner:
            msg = (
                f"formula {formula!r}: pool {REPEATED} by a hyperparameter instead: "
                'slopes = { dist = "Normal", mu = 0, sigma = "slopes_scale" }'
            )
            raise InputError(msg)
        intercept, terms = _expand(inner, formula)
        grouped += [f"{term}|{match[2]}" for term in (("1",) if intercept else ()) + terms]
    return tuple(dict.fromkeys(grouped))
