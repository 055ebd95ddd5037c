"""Specification files: reading them, choosing among them, and what was changed."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError, closest
from introspect_bayes.places import shipped_folder
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.specification import EQUATION_FAMILIES, Specification

_KEYS: Final = frozenset(
    {
        "title", "source", "brms", "formula", "equations", "family", "by", "dropped_when_constant",
        "priors",
    }
)  # fmt: skip
_REQUIRED: Final = ("title", "source", "family", "priors")
_REQUIRED_WITH_FORMULA: Final = ("brms", "formula")


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


ANALYSED: Final = (
    "choice_weights", "report_accuracy", "introspection_training", "privileged_access",
)  # fmt: skip
"""The specifications that analyses use: the paper's three, and ours for own and other."""


def chosen_specifications(
    priors: Iterable[str] = (), files: Iterable[Path] = (), names: Iterable[str] = ANALYSED
) -> dict[str, Specification]:
    """Return the specifications of an analysis, some replaced or with other priors.

    Parameters
    ----------
    priors
        Such as ``report_accuracy.reported=Normal(0, 0.5)``: specification, parameter, prior.
    files
        Specification files of the user's own, each named as the one that it replaces.
    names
        Shipped specifications that the analysis uses.

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
    chosen = {name: spec(name) for name in names}
    for path in files:
        own = read_specification(path)
        if own.name not in chosen:
            msg = f"{path.name}: name the file as the specification that it replaces"
            raise InputError(msg + closest(own.name, chosen))
        chosen[own.name] = own
    changes: dict[str, dict[str, str]] = {}
    for text in priors:
        name, parameter, prior = split_setting(text, chosen)
        changes.setdefault(name, {})[parameter] = prior
    # Together, because a prior may name a hyperparameter whose prior is given after it.
    return chosen | {name: chosen[name].with_priors(**given) for name, given in changes.items()}


def split_setting(text: str, specs: Iterable[str]) -> tuple[str, str, str]:
    """Split text such as ``choice_weights.slopes=Laplace(0, 1)`` at its dot and its equals sign.

    Parameters
    ----------
    text
        Specification, parameter, and what it is set to.
    specs
        Names of the specifications that there are.

    Raises
    ------
    InputError
        If a part is missing, or there is no such specification.

    Examples
    --------
    >>> split_setting("choice_weights.slopes=Laplace(0, 1)", ["choice_weights"])
    ('choice_weights', 'slopes', 'Laplace(0, 1)')
    """
    where, sign, value = text.partition("=")
    name, dot, parameter = where.strip().partition(".")
    if not (sign and dot and parameter):
        msg = f'{text!r}: write SPECIFICATION.PARAMETER="Normal(0, 0.5)"'
        raise InputError(msg)
    if name not in specs:
        msg = f"{text!r}: no specification {name!r}{closest(name, specs)}"
        raise InputError(msg)
    return name, parameter, value


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
    formula = () if table.get("family") in EQUATION_FAMILIES else _REQUIRED_WITH_FORMULA
    required = _REQUIRED[:2] + formula + _REQUIRED[2:]
    missing = [key for key in required if key not in table]
    if missing:
        msg = f"lacks {', '.join(missing)}"
        raise InputError(msg)
    priors = {parameter: _prior(parameter, entry) for parameter, entry in table["priors"].items()}
    return Specification(
        name=name,
        title=str(table["title"]),
        source=str(table["source"]),
        brms=str(table.get("brms", "")),
        formula=str(table.get("formula", "")),
        family=str(table["family"]),
        priors=priors,
        by=tuple(table.get("by", ())),
        dropped_when_constant=tuple(table.get("dropped_when_constant", ())),
        equations=str(table.get("equations", "")),
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
