"""Files that may have been mixed up: copies of others, and reports of another model."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from introspect_bayes.protocol.stages import Stage
from introspect_bayes.study.authors_layout.opening import MODEL_COLUMN, Opened

_CHOOSER: Final[Stage] = "weight-trained"
"""The stage whose files of choices and of reports are by the same model."""


def mix_ups(opened: Opened) -> list[str]:
    """Return a sentence for each two files that may have been mixed up.

    Parameters
    ----------
    opened
        The files, with the rows that are used.
    """
    return [*_copies(opened), *_other_models(opened)]


def _copies(opened: Opened) -> Iterator[str]:
    """Yield what is said of files with the same content."""
    seen: dict[bytes, str] = {}
    for file, table in opened:
        if not len(table):
            continue
        name = file.path.name
        other = seen.setdefault(hashlib.sha256(file.path.read_bytes()).digest(), name)
        if other != name:
            yield (
                f"{name} and {other} hold the same rows: if one is a copy, the same replies count "
                "twice, and what should differ is the same; take the copy away"
            )


def _other_models(opened: Opened) -> Iterator[str]:
    """Yield what is said where reports are by another model than the one that chose."""
    names: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file, table in opened:
        if file.stage == _CHOOSER and len(table):
            models = table.text[MODEL_COLUMN[file.task]].str.strip()
            names[file.base_model, file.context_set][file.task].update(models)
    for (base_model, context_set), by_task in names.items():
        chose, reported = by_task["choices"], by_task["reports"]
        if chose and reported and chose != reported:
            yield (
                f"{base_model} ({_CHOOSER}, {context_set} contexts): choices are by the model "
                f"{_listed(chose)}, reports by {_listed(reported)}; if these are not the same "
                "model, one is held against the weights of another"
            )


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names))
