"""Files of decision contexts: the package's own (TOML), the authors' (JSON and CSV)."""

import csv
import json
import random
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from introspect_bayes.constants import PLAIN_NUMBER
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.contexts import Attribute, DecisionContext, first_duplicate

ROLE_SEED: Final = 0
"""Seed with which the authors shuffled roles (protocol of the paper)."""

PAPER_CONTEXTS: Final = 1100
"""How many of the candidate contexts the authors gave a role."""


def shipped_contexts(context_set: str) -> list[DecisionContext]:
    """Return the package's own decision contexts, "instilled" or "native", 100 each.

    Examples
    --------
    >>> len(shipped_contexts("native"))
    100
    """
    return read_contexts(shipped_folder("data") / "contexts" / f"{context_set}.toml")


def read_contexts(path: Path) -> list[DecisionContext]:
    """Read a TOML file of contexts: tables [[context]] with name, agent, question, attributes.

    Raises
    ------
    InputError
        If the file is not TOML, or a context is malformed or doubled; names file and context.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("context", [])
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise InputError(msg) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: {error}"
        raise InputError(msg) from error
    contexts = [_context(path, number, entry) for number, entry in enumerate(entries, start=1)]
    if not contexts:
        msg = f"{path}: no [[context]] table"
        raise InputError(msg)
    require_unique(contexts, path.name)
    return contexts


def require_unique(contexts: Sequence[DecisionContext], where: str) -> None:
    """Raise InputError if a context's name occurs twice."""
    doubled = first_duplicate([context.name for context in contexts])
    if doubled is not None:
        msg = f"{where}: context {doubled!r} occurs twice"
        raise InputError(msg)


def _context(path: Path, number: int, entry: dict[str, Any]) -> DecisionContext:
    name = entry.get("name", f"number {number}")
    try:
        attributes = tuple(
            Attribute(str(a["name"]), _number(a["minimum"]), _number(a["maximum"]), str(a["unit"]))
            for a in entry["attributes"]
        )
        question = f"Imagine you are {entry['agent']}. {entry['question']}"
        return DecisionContext(str(entry["name"]), question, attributes)
    except KeyError as error:
        msg = f"{path}, context {name}: lacks {error.args[0]}"
        raise InputError(msg) from error
    except (TypeError, ValueError) as error:
        msg = f"{path}, context {name}: {error}"
        raise InputError(msg) from error


def _number(value: Any) -> float:
    """Return a number, or one that is written as text, as a float."""
    if isinstance(value, bool) or (isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value)):
        msg = f"{value!r} is not a number"
        raise ValueError(msg)
    return float(value)


def read_candidates(path: Path) -> list[DecisionContext]:
    """Read the authors' `candidate_scenarios.json`: contexts without an agent.

    Raises
    ------
    InputError
        If the file is not JSON of that form, or a context is malformed or doubled.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        contexts = [
            DecisionContext(
                str(entry["short_name"]),
                str(entry["question"]),
                tuple(
                    Attribute(
                        str(a["name"]),
                        _number(a["range"][0]),
                        _number(a["range"][1]),
                        str(a["units"]),
                    )
                    for a in entry["attributes"]
                ),
            )
            for entry in entries
        ]
    except InputError as error:
        msg = f"{path}: {error}"
        raise InputError(msg) from error
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        msg = (
            f"{path}: expected a list of objects with short_name, question and attributes "
            f"(name, units, range): {type(error).__name__} {error}"
        )
        raise InputError(msg) from error
    require_unique(contexts, path.name)
    return contexts


def write_candidates(contexts: Iterable[DecisionContext], path: Path) -> None:
    """Write contexts in the form of the authors' `candidate_scenarios.json`."""
    entries = [
        {
            "short_name": context.name,
            "question": context.question,
            "attributes": [
                {"name": a.name, "units": a.unit, "range": [a.minimum, a.maximum]}
                for a in context.attributes
            ],
        }
        for context in contexts
    ]
    path.write_text(
        json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )


def read_roles(path: Path) -> list[str]:
    """Read the authors' `roles.csv`; its first line counts as a role, as it did for them.

    Raises
    ------
    InputError
        If the file cannot be read or is empty.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            roles = [row[0] for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: {error}"
        raise InputError(msg) from error
    if not roles:
        msg = f"{path}: no roles"
        raise InputError(msg)
    return roles


def write_roles(roles: Iterable[str], path: Path) -> None:
    """Write roles in the form of the authors' `roles.csv`, one a line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([role] for role in roles)


def assign_roles(
    candidates: Sequence[DecisionContext], roles: Sequence[str], count: int = PAPER_CONTEXTS
) -> list[DecisionContext]:
    """Give a shuffled role to each of the first candidates, as the authors did.

    Raises
    ------
    InputError
        If there are fewer candidates or roles than asked for.
    """
    if min(len(candidates), len(roles)) < count:
        msg = (
            f"{count} contexts need as many roles ({len(roles)}) and candidates ({len(candidates)})"
        )
        raise InputError(msg)
    shuffled = list(roles)
    random.Random(ROLE_SEED).shuffle(shuffled)  # noqa: S311 - the authors' generator
    return [
        DecisionContext(c.name, f"Imagine you are {role}. {c.question}", c.attributes)
        for c, role in zip(candidates[:count], shuffled, strict=False)
    ]


def write_scenarios(contexts: Sequence[DecisionContext], path: Path) -> None:
    """Write contexts in the form of the authors' `scenarios.csv`.

    Raises
    ------
    InputError
        If the contexts differ in their number of attributes.
    """
    counts = {len(context.attributes) for context in contexts}
    if len(counts) != 1:
        msg = f"{path}: contexts with {sorted(counts)} attributes do not fit one table"
        raise InputError(msg)
    ks = range(1, counts.pop() + 1)
    header = ["scenario", "question", *(f"attr{k}" for k in ks)]
    header += [f"attr{k}_{end}" for end in ("min", "max") for k in ks]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for context in contexts:
            attributes = context.attributes
            writer.writerow(
                [
                    context.name,
                    context.question,
                    *context.attribute_names,
                    *(a.minimum for a in attributes),
                    *(a.maximum for a in attributes),
                ]
            )
