"""Statistical models as data: `models/*.toml` to frozen specifications.

A specification names every parameter of its model and the prior of each. Gaps and misspellings
are errors, because Bambi would fill a gap with a prior scaled to the data and only warn of a
misspelling.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError
from introspect_bayes.priors import Prior, as_prior, closest
from introspect_bayes.shipped import shipped_folder

FAMILIES: Final[dict[str, tuple[str, ...]]] = {"bernoulli": (), "gaussian": ("sigma",)}
"""Response families and the parameters that each has beside the regression coefficients."""

_REPEATED = "d1 + ... + dK"
_KEYS: Final = frozenset(
    {"title", "source", "brms", "formula", "family", "by", "dropped_when_constant", "priors"}
)
_REQUIRED: Final = ("title", "source", "brms", "formula", "family", "priors")


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

    def with_priors(self, **priors: object) -> "Specification":
        """Return a copy with some priors replaced.

        Parameters
        ----------
        **priors
            Parameter and prior: text such as ``"Normal(0, 0.5)"``, a `Prior`, or an unnamed
            distribution of PyMC or PreliZ. Parameters with a colon in their name go in as
            ``**{"a:b": ...}``.

        Raises
        ------
        InputError
            If a parameter does not exist, or a prior is none; the message names what there is.

        Examples
        --------
        >>> print(spec("choice_weights").with_priors(slopes="Normal(0, 2.5)").priors["slopes"])
        Normal(mu=0, sigma=2.5)
        """
        changed = {name: self._prior(name, given) for name, given in priors.items()}
        return replace(self, priors={**self.priors, **changed})

    def _prior(self, parameter: str, given: object) -> Prior:
        try:
            return as_prior(given)
        except InputError as error:
            msg = f"{self.name}.{parameter}: {error}"
            raise InputError(msg) from error

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


ANALYSED: Final = ("choice_weights", "report_accuracy", "introspection_training")
"""The specifications that the paper's analyses use."""


def chosen_specifications(
    priors: Iterable[str] = (), files: Iterable[Path] = ()
) -> dict[str, Specification]:
    """Return the specifications of an analysis, some replaced or with other priors.

    Parameters
    ----------
    priors
        Such as ``report_accuracy.reported=Normal(0, 0.5)``: specification, parameter, prior.
    files
        Specification files of the user's own, each named as the one that it replaces.

    Raises
    ------
    InputError
        If a specification, a parameter or a distribution does not exist, or a file replaces none.

    Examples
    --------
    >>> print(chosen_specifications(["choice_weights.slopes=Laplace(0, 1)"])["choice_weights"]
    ...     .priors["slopes"])
    Laplace(mu=0, b=1)
    """
    chosen = {name: spec(name) for name in ANALYSED}
    for path in files:
        own = read_specification(path)
        if own.name not in chosen:
            msg = f"{path.name}: name the file as the specification that it replaces"
            raise InputError(msg + closest(own.name, chosen))
        chosen[own.name] = own
    for text in priors:
        where, sign, prior = text.partition("=")
        name, dot, parameter = where.strip().partition(".")
        if not (sign and dot and parameter):
            msg = f'--prior {text}: write SPECIFICATION.PARAMETER="Normal(0, 0.5)"'
            raise InputError(msg)
        if name not in chosen:
            msg = f"--prior {text}: no specification {name!r}{closest(name, chosen)}"
            raise InputError(msg)
        chosen[name] = chosen[name].with_priors(**{parameter: prior})
    return chosen


def changed_priors(specs: Mapping[str, Specification]) -> list[str]:
    """Return which priors differ from those of the shipped specifications.

    Examples
    --------
    >>> other = spec("choice_weights").with_priors(slopes="Laplace(0, 1)")
    >>> changed_priors({"choice_weights": other})
    ['choice_weights.slopes ~ Laplace(mu=0, b=1) instead of Normal(mu=0, sigma=1)']
    """
    found = []
    for name, chosen in specs.items():
        shipped = spec(name).priors
        for parameter, prior in chosen.priors.items():
            usual = shipped.get(parameter)
            if prior != usual:
                instead = f" instead of {usual}" if usual else ", which the paper does not have"
                found.append(f"{name}.{parameter} ~ {prior}{instead}")
    return found


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
