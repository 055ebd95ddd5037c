"""Statistical models as data: `models/*.toml` to frozen specifications.

A specification names every parameter of its model and the prior of each. Gaps and misspellings
are errors, because Bambi would fill a gap with a prior scaled to the data and only warn of a
misspelling.
"""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from introspect_bayes.distributions import DISTRIBUTIONS
from introspect_bayes.errors import InputError
from introspect_bayes.shipped import shipped_folder

FAMILIES: Final[dict[str, tuple[str, ...]]] = {"bernoulli": (), "gaussian": ("sigma",)}
"""Response families and the parameters that each has beside the regression coefficients."""

_REPEATED = "d1 + ... + dK"
_KEYS: Final = frozenset(
    {"title", "source", "brms", "formula", "family", "by", "dropped_when_constant", "priors"}
)
_REQUIRED: Final = ("title", "source", "brms", "formula", "family", "priors")


def _median(response: np.ndarray) -> float:
    return round(float(np.median(response)), 1) + 0.0  # never -0.0


def _scale(response: np.ndarray) -> float:
    deviation = 1.4826 * float(np.median(np.abs(response - np.median(response))))
    return max(2.5, round(deviation, 1))


RESPONSE_STATISTICS: Final = {"median(response)": _median, "max(2.5, mad(response))": _scale}
"""Prior arguments that brms takes from the response; it rounds both to one decimal."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior distribution: a PyMC distribution's name and its arguments.

    Parameters
    ----------
    dist
        A name in `DISTRIBUTIONS`.
    args
        All arguments of the distribution: numbers, or a name in `RESPONSE_STATISTICS`.

    Raises
    ------
    InputError
        If the distribution or an argument is unknown, missing or out of range.

    Examples
    --------
    >>> print(Prior("Normal", {"mu": 0, "sigma": 1}))
    Normal(mu=0, sigma=1)
    """

    dist: str
    args: Mapping[str, float | str]

    def __post_init__(self) -> None:
        if self.dist not in DISTRIBUTIONS:
            msg = f"unknown distribution {self.dist!r}{closest(self.dist, DISTRIBUTIONS)}"
            raise InputError(msg)
        arguments = DISTRIBUTIONS[self.dist]
        for name in self.args:
            if name not in arguments:
                msg = f"{self.dist} has no argument {name!r}{closest(name, arguments)}"
                raise InputError(msg)
        missing = [name for name in arguments if name not in self.args]
        if missing:
            msg = f"{self.dist} lacks {', '.join(missing)} (its arguments: {', '.join(arguments)})"
            raise InputError(msg)
        for name, value in self.args.items():
            _check_argument(self.dist, name, value)

    def __str__(self) -> str:
        return f"{self.dist}({', '.join(f'{k}={v}' for k, v in self.args.items())})"

    def numbers(self, response: ArrayLike = ()) -> dict[str, float]:
        """Return the arguments as numbers, those that depend on the data taken from `response`.

        Parameters
        ----------
        response
            The response of the regression, one-dimensional; needed only by
            `RESPONSE_STATISTICS` (brms's default priors for Gaussian models).

        Examples
        --------
        >>> Prior("StudentT", {"nu": 3, "mu": "median(response)", "sigma": 2.5}).numbers([0, 1, 2])
        {'nu': 3.0, 'mu': 1.0, 'sigma': 2.5}
        """
        values = np.asarray(response, dtype=float)
        return {
            name: RESPONSE_STATISTICS[value](values) if isinstance(value, str) else float(value)
            for name, value in self.args.items()
        }


def _check_argument(dist: str, name: str, value: object) -> None:
    if isinstance(value, str):
        if value not in RESPONSE_STATISTICS:
            known = ", ".join(repr(key) for key in RESPONSE_STATISTICS)
            msg = f"{dist}: {name} = {value!r} is neither a number nor one of {known}"
            raise InputError(msg)
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{dist}: {name} = {value!r} is not a finite number"
        raise InputError(msg)
    if DISTRIBUTIONS[dist][name] == "positive" and value <= 0:
        msg = f"{dist}: {name} = {value:g} must be positive"
        raise InputError(msg)


@dataclass(frozen=True, slots=True)
class Specification:
    """A statistical model: formula, family, and a prior for every parameter.

    Attributes
    ----------
    name
        Name of its file under `models/`, without the ending.
    title, source, brms
        What it is, where the paper states it, and the brms call that it mirrors.
    formula
        As in brms and Bambi. ``d1 + ... + dK`` stands for one term per attribute.
    family
        A name in `FAMILIES`.
    by
        Columns by which independent fits are made.
    dropped_when_constant
        Factors that fall away, with all their interactions, where the data has a single level.
    priors
        One for each parameter; ``slopes`` is the prior of every ``dk``.

    Examples
    --------
    >>> spec("choice_weights").priors["slopes"].dist
    'Normal'
    """

    name: str
    title: str
    source: str
    brms: str
    formula: str
    family: str
    priors: Mapping[str, Prior]
    by: tuple[str, ...] = ()
    dropped_when_constant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            msg = f"{self.name}: unknown family {self.family!r}{closest(self.family, FAMILIES)}"
            raise InputError(msg)
        if self.formula.count("~") != 1:
            msg = f"{self.name}: formula {self.formula!r} needs one '~'"
            raise InputError(msg)
        for parameter, prior in self.priors.items():
            if not isinstance(prior, Prior):
                msg = f"{self.name}: the prior of {parameter} is {prior!r}; write Prior(...)"
                raise InputError(msg)
            if parameter not in self.parameters:
                hint = closest(parameter, self.parameters)
                msg = f"{self.name}: [priors] names {parameter!r}, which the model lacks{hint}"
                raise InputError(msg)
        for parameter, prior in self.priors.items():
            if self.family == "bernoulli" and any(isinstance(v, str) for v in prior.args.values()):
                msg = f"{self.name}: {parameter} ~ {prior}: a choice has no median; give numbers"
                raise InputError(msg)
        gaps = [name for name in self.parameters if name not in self.priors]
        if gaps:
            listed = ", ".join(gaps)
            msg = f"{self.name}: [priors] lacks {listed}; every parameter needs a prior"
            raise InputError(msg)

    @property
    def response(self) -> str:
        """Name of the response variable."""
        return self.formula.split("~")[0].strip()

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the formula beside the intercept, main effects before interactions."""
        return expand_terms(self.formula.split("~")[1])

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names that `priors` must hold, in the model's order."""
        return ("Intercept", *self.terms, *FAMILIES[self.family])

    def with_priors(self, **priors: Prior) -> "Specification":
        """Return a copy with some priors replaced.

        Raises
        ------
        InputError
            If a parameter does not exist; the message names those that do.

        Examples
        --------
        >>> wide = Prior("Normal", {"mu": 0, "sigma": 2.5})
        >>> print(spec("choice_weights").with_priors(slopes=wide).priors["slopes"])
        Normal(mu=0, sigma=2.5)
        """
        return replace(self, priors={**self.priors, **priors})

    def without(self, factor: str) -> "Specification":
        """Return a copy without a factor, its interactions and their priors.

        Examples
        --------
        >>> spec("introspection_training").without("base_model").formula
        'learned ~ reported + introspection_trained + reported:introspection_trained'
        """
        kept = [term for term in self.terms if factor not in term.split(":")]
        priors = {
            name: prior
            for name, prior in self.priors.items()
            if name not in self.terms or name in kept
        }
        return replace(self, formula=f"{self.response} ~ {' + '.join(kept)}", priors=priors)


def expand_terms(right_hand_side: str) -> tuple[str, ...]:
    """Return the terms of a formula's right-hand side, ``*`` expanded, by order of interaction.

    Examples
    --------
    >>> expand_terms("a * b + c")
    ('a', 'b', 'c', 'a:b')
    >>> expand_terms("d1 + ... + dK")
    ('slopes',)
    """
    terms: list[tuple[str, ...]] = []
    for part in right_hand_side.replace(_REPEATED, "slopes").split("+"):
        factors = [factor.strip() for factor in part.split("*")]
        for size in range(1, len(factors) + 1):
            for subset in combinations(factors, size):
                term = tuple(factor for piece in subset for factor in piece.split(":"))
                if term not in terms:
                    terms.append(term)
    return tuple(":".join(term) for term in sorted(terms, key=len))


def spec(name: str) -> Specification:
    """Return a shipped specification by name.

    Raises
    ------
    InputError
        If no such specification ships; the message names those that do.

    Examples
    --------
    >>> spec("report_accuracy").formula
    'learned ~ reported'
    """
    folder = shipped_folder("models")
    path = folder / f"{name}.toml"
    if not path.is_file():
        names = sorted(file.stem for file in folder.glob("*.toml"))
        msg = f"no specification {name!r}{closest(name, names)}"
        raise InputError(msg)
    return read_specification(path)


def read_specification(path: Path) -> Specification:
    """Read a specification file.

    Raises
    ------
    InputError
        If the file is not TOML, has unknown or missing keys, or its priors have gaps or
        misspellings; the message starts with the file's name.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _from_table(path.stem, table)
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError, InputError) as error:
        msg = f"{path.name}: {error}"
        raise InputError(msg) from error


def _from_table(name: str, table: dict[str, Any]) -> Specification:
    for key in table:
        if key not in _KEYS:
            msg = f"unknown key {key!r}{closest(key, sorted(_KEYS))}"
            raise InputError(msg)
    missing = [key for key in _REQUIRED if key not in table]
    if missing:
        msg = f"lacks {', '.join(missing)}"
        raise InputError(msg)
    priors = {parameter: _prior(parameter, entry) for parameter, entry in table["priors"].items()}
    return Specification(
        name=name,
        title=str(table["title"]),
        source=str(table["source"]),
        brms=str(table["brms"]),
        formula=str(table["formula"]),
        family=str(table["family"]),
        priors=priors,
        by=tuple(table.get("by", ())),
        dropped_when_constant=tuple(table.get("dropped_when_constant", ())),
    )


def _prior(parameter: str, entry: object) -> Prior:
    if not isinstance(entry, dict) or "dist" not in entry:
        msg = (
            f'[priors] {parameter}: write a table such as {{ dist = "Normal", mu = 0, sigma = 1 }}'
        )
        raise InputError(msg)
    try:
        return Prior(str(entry["dist"]), {k: v for k, v in entry.items() if k != "dist"})
    except InputError as error:
        msg = f"[priors] {parameter}: {error}"
        raise InputError(msg) from error


def closest(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean ...?)" and the known names, to end an error message.

    Examples
    --------
    >>> closest("Norml", ["Normal", "Laplace"])
    '; did you mean Normal? (known: Normal, Laplace)'
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    question = f"; did you mean {near[0]}?" if near else ""
    return f"{question} (known: {', '.join(names)})"
