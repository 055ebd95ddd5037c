"""Which files of a folder are a study's, and which are left out because of their names."""

import csv
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from introspect_bayes.errors import InputError
from introspect_bayes.study.authors_layout.file_names import HIDDEN, DataFile, data_files, label_of
from introspect_bayes.study.checked_csv import UNREADABLE, one_spelling, opened

_LOOKS_LIKE_DATA: Final = re.compile(r"selection|weight_report", re.IGNORECASE)
_PART_OF_ENDING: Final = re.compile(r"_(latent|instilled)$|_itrained(_|$)")
_HALF: Final = re.compile(r"(first|last)_(\d+)_of_(\d+)")
_START_OF_ENDING: Final = re.compile(r"_?(instil|latent|itrained|selection|weight)", re.IGNORECASE)


def sorted_files(folder: Path) -> tuple[list[DataFile], list[str]]:
    """Return the files of choices and reports in a folder, and why others are left out.

    A file's leading part is a base model unless it is part of a misspelt ending, or contains
    another base model's name (``Copy of x``, ``x_sametrials``), does not have both choices and
    reports, and its rows name no such model.

    Returns
    -------
    files, left_out
        The files, and a sentence for each that looks like choices or reports and is left out.

    Raises
    ------
    InputError
        If two files have the same name but for its case or compression, two base models but for
        their case, or it cannot be told whether two leading parts are one base model.
    """
    files = data_files(folder)
    _refuse_same_names(files)
    misspelt = [f for f in files if _PART_OF_ENDING.search(f.base_model)]
    good = [f for f in files if f not in misspelt]
    doubtful = {f.base_model: other for f in good if (other := _contained(f, good))}
    kept, out = [], [(f, "its beginning is part of an ending, no base model") for f in misspelt]
    for file in good:
        why = _why_not(file, doubtful.get(file.base_model, ""), good)
        if why:
            out.append((file, why))
        else:
            kept.append(file)
    bases = sorted({f.base_model for f in kept})
    _refuse_same_but_for_case(bases)
    said = [_left_out(f.path, bases, why) for f, why in out]
    known = {f.path for f in files}
    said += [_left_out(path, bases, "it has no known ending") for path in _unknown(folder, known)]
    return kept, said


def _refuse_same_names(files: Sequence[DataFile]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        other = seen.setdefault(file.label.casefold(), file.path)
        if other != file.path:
            msg = f"{file.path.name} and {other.name} have the same name; keep one of them"
            raise InputError(msg)


def _refuse_same_but_for_case(bases: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for base in bases:
        other = seen.setdefault(base.casefold(), base)
        if other != base:
            msg = (
                f"base models {other!r} and {base!r} have the same name but for its case; rename "
                f"the files {other}_*.csv or {base}_*.csv, or move those of one elsewhere"
            )
            raise InputError(msg)


def _contained(file: DataFile, files: Sequence[DataFile]) -> str:
    """Return another base model, whose name a file's leading part begins or ends with."""
    for base in sorted({f.base_model for f in files} - {file.base_model}, key=len):
        name = re.escape(base)
        if re.search(rf"^{name}[^0-9A-Za-z]|[^0-9A-Za-z]{name}$", file.base_model):
            return base
    return ""


def _why_not(file: DataFile, other: str, files: Sequence[DataFile]) -> str:
    """Return why a leading part is no base model beside another that it contains."""
    if not other:
        return ""
    mine = [f for f in files if f.base_model == file.base_model]
    models = {_model(f.path) for f in mine}
    letters = _letters(file.base_model)
    own = letters != _letters(other)  # or else what names the other would be taken for its name
    if own and any(letters in _letters(model) for model in models):
        return ""
    shared = models & {_model(f.path) for f in files if f.base_model == other} - {""}
    if {f.task for f in mine} != {"choices", "reports"}:
        return f"{file.base_model!r} is taken for no base model beside {other!r}"
    if shared:
        msg = (
            f"{file.path.name}: {file.base_model!r} and {other!r} both have choices and reports of "
            f"the model {min(shared)!r}, so they may be one base model; move the files of one "
            f"elsewhere, or rename them such that neither name contains the other"
        )
        raise InputError(msg)
    return ""


def _model(path: Path) -> str:
    """Return the model that the first row of a file names; empty if there is none."""
    try:
        with opened(path) as file:
            row = next(csv.DictReader(file), {})
    except UNREADABLE:
        return ""
    return one_spelling(row.get("model") or row.get("explaining_model") or "")


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _unknown(folder: Path, known: set[Path]) -> Iterator[Path]:
    """Yield files that look like choices or reports by their names, or by their columns."""
    for path in sorted(folder.iterdir()):
        if path in known or not path.is_file() or path.name.startswith(HIDDEN):
            continue
        if _LOOKS_LIKE_DATA.search(path.name) or _has_columns(path):
            yield path


def _has_columns(path: Path) -> bool:
    if not label_of(path):
        return False
    try:
        with opened(path) as file:
            header = set(next(csv.reader(file), []))
    except UNREADABLE:
        return False
    return {"scenario", "selection"} <= header or {"scenario", "report_attr1"} <= header


def _left_out(path: Path, bases: Sequence[str], why: str) -> str:
    return (
        f"{path.name} is left out: {why} (the nearest known name: {nearest_name(path, bases)}); "
        "rename it, or move it elsewhere"
    )


def nearest_name(path: Path, bases: Sequence[str]) -> str:
    """Return the name of the authors' layout that is nearest to a file's name.

    Parameters
    ----------
    path
        The file.
    bases
        Base models of the folder.

    Examples
    --------
    >>> nearest_name(Path("x_selections.csv"), ["x"])
    'x_instilled_selections.csv'
    >>> nearest_name(Path("x_latent_weight_reports.csv"), ["x"])
    'x_instilled_latent_weight_reports.csv'
    """
    stem = one_spelling(path.name.split(".csv")[0].removesuffix(path.suffix))
    start = _START_OF_ENDING.search(stem)
    inside = [base for base in bases if base in stem]
    guessed = [stem[: start.start()]] if start and start.start() else []
    half = _HALF.search(stem)
    part = "_".join((half[1], half[2], "of", half[3])) if half else "first_N_of_M"
    endings = [
        "instilled_selections",
        "instilled_latent_selections",
        "weight_reports",
        "instilled_weight_reports",
        "instilled_latent_weight_reports",
        f"itrained_{part}_50ex_weight_reports",
        "itrained_all_N_50ex_latent_weight_reports",
    ]
    words = set(stem.split("_"))

    def distance(name: str) -> tuple[int, int, float]:
        known = set(name.split("_"))
        ratio = SequenceMatcher(None, name, stem).ratio()
        return len(words - known), len(known - words), -ratio

    names = [f"{base}_{e}" for base in inside or guessed or bases or ["MODEL"] for e in endings]
    return f"{min(names, key=distance)}.csv"
