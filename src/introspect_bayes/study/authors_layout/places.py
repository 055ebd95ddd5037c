"""Where the files about contexts lie: in the study's folder, in the one above, or in one named."""

from dataclasses import dataclass
from pathlib import Path

from introspect_bayes.errors import InputError
from introspect_bayes.study.authors_layout.file_names import (
    CONTEXTS_FILE,
    TARGETS_FILE,
    UNITS_FILE,
    data_files,
)


@dataclass(frozen=True)
class Places:
    """Folders that hold the contexts, target weights and units of a study.

    Attributes
    ----------
    contexts, targets, units
        Folders; the study's own where a file is missing everywhere.
    notes
        A sentence without full stop for each file from elsewhere.
    """

    contexts: Path
    targets: Path
    units: Path
    notes: tuple[str, ...] = ()


def find_places(folder: Path, named: Path | None) -> Places:
    """Find the files about contexts, in the folder named if there is one.

    Parameters
    ----------
    folder
        The study's folder.
    named
        Folder that was named for them.

    Raises
    ------
    InputError
        If no folder has contexts.
    """
    above = folder.absolute().parent
    wanted = [folder, above] if named is None else [named, folder]
    found = {
        name: next((place for place in wanted if (place / name).is_file()), None)
        for name in (CONTEXTS_FILE, TARGETS_FILE, UNITS_FILE)
    }
    if found[CONTEXTS_FILE] is None or (named is not None and found[CONTEXTS_FILE] != named):
        raise InputError(_missing(folder, named))
    notes = tuple(f"{name} from {at}" for name, at in found.items() if at not in (None, folder))
    contexts, targets, units = (at or folder for at in found.values())
    return Places(contexts, targets, units, notes)


def _missing(folder: Path, named: Path | None) -> str:
    if named is not None:
        return f"--contexts-from {named}: no {CONTEXTS_FILE} there"
    if data_files(folder):
        return (
            f"{folder}: no {CONTEXTS_FILE}, which describes the decision contexts, there or in the "
            "folder above; put it there, or name its folder with --contexts-from"
        )
    return (
        f"{folder}: neither a study folder (no study.toml) nor a data folder in the "
        f"authors' layout (no {CONTEXTS_FILE}, no MODEL_instilled_selections.csv); is it the "
        "right one?"
    )
