"""Decision contexts in the authors' layout: `scenarios.csv`, and units."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import Attribute, DecisionContext
from introspect_bayes.study.authors_layout.columns import numbered
from introspect_bayes.study.authors_layout.file_names import CONTEXTS_FILE, UNITS_FILE
from introspect_bayes.study.checked_csv import CheckedTable, one_spelling


def read_contexts(folder: Path, units_folder: Path) -> dict[str, DecisionContext]:
    """Read the decision contexts of a folder, and their units, by name, in the file's order."""
    table = CheckedTable(
        folder / CONTEXTS_FILE, ("scenario", "question", "attr1", "attr1_min", "attr1_max")
    )
    ks = numbered(table, r"attr(\d+)")
    table.require(f"attr{k}_{end}" for k in ks for end in ("min", "max"))
    absent = (table.text[[f"attr{k}" for k in ks]] == "").to_numpy()
    for index, k in enumerate(ks[1:], start=1):
        gap = absent[:, index - 1] & ~absent[:, index]
        table.refuse(gap, f"attr{k}", lambda cell: f"attribute {cell!r} follows an empty one")
    lows = table.numbers([f"attr{k}_min" for k in ks], blank=absent)
    highs = table.numbers([f"attr{k}_max" for k in ks], blank=absent)
    names = table.strings("scenario")
    table.refuse(names.duplicated(), "scenario", lambda cell: f"context {cell!r} occurs twice")
    units = _read_units(units_folder)
    contexts = {}
    for row, name in enumerate(names):
        attributes = []
        for index, k in enumerate(ks):
            label = str(table.text[f"attr{k}"].iloc[row])
            if label:
                with _located(table, row, f"attr{k}_max"):
                    low, high = float(lows[row, index]), float(highs[row, index])
                    attributes.append(Attribute(label, low, high, units.get((name, label), "")))
        with _located(table, row, "attr1"):
            question = str(table.text["question"].iloc[row])
            contexts[name] = DecisionContext(name, question, tuple(attributes))
    return contexts


@contextmanager
def _located(table: CheckedTable, row: int, column: str) -> Iterator[None]:
    """Add file, line and column to an InputError raised inside."""
    try:
        yield
    except InputError as error:
        msg = f"{table.locate(row, column)}: {error}"
        raise InputError(msg) from error


def _read_units(folder: Path) -> dict[tuple[str, str], str]:
    path = folder / UNITS_FILE
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            (one_spelling(entry["short_name"]), one_spelling(attribute["name"])): str(
                attribute["units"]
            )
            for entry in entries
            for attribute in entry["attributes"]
        }
    except (ValueError, KeyError, TypeError) as error:
        msg = (
            f"{path.name}: expected a list of objects with short_name and attributes "
            f"(name, units): {type(error).__name__} {error}"
        )
        raise InputError(msg) from error
