"""A study as files that other programs read: CSV, Parquet, or the authors' layout."""

import csv
import json
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.study_folder import REPLIES_FILE, STUDY_FILE, read_study_folder
from introspect_bayes.store import Store
from introspect_bayes.study import Study, read_study
from introspect_bayes.study.ablations import find_answers, scores_of
from introspect_bayes.study.export_authors import write_authors_layout
from introspect_bayes.study.refused import REFUSED_COLUMNS

FileFormat = Literal["csv", "parquet", "authors"]

STORED: Final = {
    "requests": "SELECT id, content, replicate, base_model, model, stage, trained_on, trial"
    " FROM requests ORDER BY rowid",
    "replies": "SELECT request, text, finish_reason, attempt FROM replies ORDER BY number",
    "attempts": "SELECT number, request, run, started, ended, kind, status, headers, request_id,"
    " model, system_fingerprint, finish_reason, prompt_tokens, completion_tokens, error, body"
    " FROM attempts LEFT JOIN outcomes ON attempt = number ORDER BY number",
    "failed_replies": "SELECT request, text, finish_reason, attempt, reason FROM failed_replies"
    " ORDER BY number",
    "refusals": "SELECT request, attempt, reason FROM refusals ORDER BY number",
    "plan_changes": "SELECT number, request, planned FROM plan_changes ORDER BY number",
    "runs": "SELECT number, started, settings, provenance, ended, reason, counts"
    " FROM runs LEFT JOIN run_ends ON run = number ORDER BY number",
    "registrations": "SELECT number, name, base_model, stage, trained_on, parent,"
    " training_sha256, registered FROM models ORDER BY number",
    "training_events": "SELECT number, training, happened, kind, detail"
    " FROM training_events ORDER BY number",
}
"""Tables as the store holds them."""

MAY_BE_MISSING: Final = {
    "models": ("trained_on", "parent", "training_sha256"),
    "replies": ("text",),
    "failed_replies": ("text",),
    "attempts": (
        "request_id", "model", "system_fingerprint", "finish_reason", "error", "body",
    ),
}  # fmt: skip
"""Columns of text in which nothing at all differs from an empty text."""

_INTEGERS: Final = {
    "contexts": {"position"},
    "choices": {"trial"},
    "reports": {"report", "position"},
    "report_sets": {"reports_asked", "asked_known", "replies"},
    "targets": {"position"},
    "ablations": {"trial", "position", "changed", "foreseen"},
    "ablation_scores": {"score"},
    "failures": {"count"},
    "requests": {"replicate"},
    "replies": {"attempt"},
    "failed_replies": {"attempt"},
    "refusals": {"attempt"},
    "plan_changes": {"number", "planned"},
    "refused": {"count"},
    "attempts": {"number", "run", "status", "prompt_tokens", "completion_tokens"},
    "runs": {"number"},
    "registrations": {"number"},
    "training_events": {"number"},
}
_NUMBERS: Final = re.compile(r"minimum|maximum|reported|target|d\d+")
_NAMES: Final = {"ablation_scores": {"target"}}
"""Columns of names that elsewhere hold numbers."""

_FAILURES: Final = (
    "base_model", "model", "stage", "context_set", "context", "task", "failure", "count",
)  # fmt: skip
_ROWS_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class Export:
    """What an export wrote.

    Attributes
    ----------
    files
        The files written.
    changed
        What they state otherwise than the study, one line each.
    left_out
        What of the study they do not hold, one line each.
    """

    files: tuple[Path, ...]
    changed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


def export_study(source: str | Path, folder: str | Path, file_format: FileFormat = "csv") -> Export:
    r"""Write a study as files, completely or not at all.

    Parameters
    ----------
    source
        What `load_study` takes.
    folder
        New or empty.
    file_format
        ``"csv"`` and ``"parquet"`` write the study's tidy tables (`Study`; contexts_asked as
        JSON), and, of a study folder, every row of its store: requests, replies, attempts with
        their outcomes, failed replies of earlier versions, refusals, changes of the plan, runs,
        registrations of models, training events; and, if there are any, its ablations
        (`ablation_answers`) and their scores (`ablation_scores`). ``"authors"`` writes the file
        layout of the paper's data, which `load_study` reads.

        In CSV all text is in quotation marks. A cell without anything is a missing value; since
        not every program tells that from ``""``, a column that can hold both is followed by
        another, such as text_missing. Bodies are decoded as UTF-8, with ``\xff`` for a byte
        that is none; Parquet holds their bytes. Cells are never altered, so a spreadsheet may
        take a reply that starts with = for a formula.

    Returns
    -------
    Export
        The files, and what they change or leave out.

    Raises
    ------
    InputError
        If the study cannot be read, `folder` cannot be written, or nothing would be in it.

    Notes
    -----
    While replies are still being collected, the stored rows may hold some that came after the
    tidy tables were made.

    Examples
    --------
    >>> export_study("my-study", "tables").files  # doctest: +SKIP
    (PosixPath('tables/attempts.csv'), PosixPath('tables/choices.csv'), ...)
    """
    if file_format not in get_args(FileFormat):
        msg = f"no format {file_format!r} (known: {', '.join(get_args(FileFormat))})"
        raise InputError(msg)
    place = Path(folder).expanduser()
    _require_new(place)
    if file_format == "parquet":
        _require_pyarrow()
    changed: list[str] = []
    left_out: list[str] = []
    try:
        study = read_study(source, fitting=False)
        left_out += (
            f"{split.place}: the column {split.column} ({split.counted})" for split in study.splits
        )
        with _written_whole(place) as draft:
            if file_format == "authors":
                changed, left_out = _write_authors_layout(study, draft)
            else:
                _write_tables(study, draft, file_format)
            names = sorted(file.name for file in draft.iterdir())
    except sqlite3.DatabaseError as error:
        msg = f"{source}: its replies cannot be read: {error}; see introspect-bayes verify"
        raise InputError(msg) from error
    return Export(tuple(place / name for name in names), tuple(changed), tuple(left_out))


def _require_new(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder}: is there and not an empty folder; choose a new one"
        raise InputError(msg)


def _require_pyarrow() -> None:
    try:
        import pyarrow.parquet
    except ImportError as error:
        msg = (
            "Parquet needs the package pyarrow, which is not there: "
            "pip install introspect-bayes[parquet], or use --format csv"
        )
        raise InputError(msg) from error
    del pyarrow


@contextmanager
def _written_whole(folder: Path) -> Iterator[Path]:
    """Yield a folder beside the given one, and give it that name if all went well."""
    place = folder.resolve()
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        draft.mkdir(parents=True)
        yield draft
        if place.is_dir():
            place.rmdir()
        draft.rename(place)
    except OSError as error:
        msg = f"{folder}: cannot be written: {error.strerror or error}"
        raise InputError(msg) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_authors_layout(study: Study, folder: Path) -> tuple[list[str], list[str]]:
    source = Path(study.source)
    if not (source / STUDY_FILE).is_file():
        msg = f"{source}: is in the authors' layout already; copy the folder, or use --format csv"
        raise InputError(msg)
    return write_authors_layout(study, read_study_folder(source), folder)


def _write_tables(study: Study, folder: Path, file_format: FileFormat) -> None:
    source = Path(study.source)
    write = _write_parquet if file_format == "parquet" else _write_csv
    kept = (source / STUDY_FILE).is_file()
    with Store(source / REPLIES_FILE, read_only=True) if kept else nullcontext() as store:
        if store is not None:
            store.connection.execute("BEGIN")  # one state of the store for all tables
        for table in _tables(study, store):
            write(table, folder / f"{table.name}.{file_format}")
    if kept:
        for table in _ablation_tables(source):
            write(table, folder / f"{table.name}.{file_format}")


def _tables(study: Study, store: Store | None) -> Iterator[_Table]:
    frames = {
        "contexts": study.contexts,
        "choices": study.choices,
        "reports": study.reports,
        "report_sets": study.report_sets.assign(
            asked_known=study.report_sets["asked_known"].astype(int),
            contexts_asked=[
                json.dumps(list(names), ensure_ascii=False)
                for names in study.report_sets["contexts_asked"]
            ],
        ),
        "targets": study.targets,
        "failures": study.failures.reindex(columns=list(_FAILURES)),
    }
    for name, frame in frames.items():
        yield _table(name, frame)
    names = ("base_model", "model", "stage", "trained_on", "parent", "training_sha256")
    if store is None:
        plain = study.models.itertuples(index=False, name=None)
        yield _Table("models", names, [(*row, None, None, None) for row in plain])
        return
    yield _Table("models", names, _models(store))
    yield _table("refused", study.refused.reindex(columns=list(REFUSED_COLUMNS)))
    for name, statement in STORED.items():
        rows_found = store.connection.execute(statement)
        yield _Table(name, tuple(column[0] for column in rows_found.description), rows_found)


def _ablation_tables(source: Path) -> Iterator[_Table]:
    answers = find_answers(source).table
    if answers.empty:
        return
    yield _table("ablations", answers)
    scores = scores_of(answers)
    if not scores.empty:
        yield _table("ablation_scores", scores)


def _table(name: str, frame: pd.DataFrame) -> _Table:
    rows = frame.astype(object).where(frame.notna(), None)
    return _Table(name, tuple(frame.columns), rows.itertuples(index=False, name=None))


def _models(store: Store) -> Iterator[tuple[Any, ...]]:
    known = store.models()
    answered = store.connection.execute(
        "SELECT DISTINCT base_model, model, stage, trained_on"
        " FROM requests JOIN replies ON request = id"
    )
    for row in answered:
        model = known.get(row[1])
        yield (*row, *((None, None) if model is None else (model.parent, model.training_sha256)))


def _write_csv(table: _Table, path: Path) -> None:
    doubled = set(MAY_BE_MISSING.get(table.name, ()))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_STRINGS, lineterminator="\n")
        header = []
        for column in table.columns:
            header += [column, f"{column}_missing"] if column in doubled else [column]
        writer.writerow(header)
        for row in table.rows:
            cells = []
            for column, value in zip(table.columns, row, strict=True):
                cell = _decoded(value)
                cells += [cell, cell is None] if column in doubled else [cell]
            writer.writerow(cells)


def _decoded(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _write_parquet(table: _Table, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    def type_of(column: str) -> Any:
        if column in _INTEGERS.get(table.name, ()):
            return pa.int64()
        if _NUMBERS.fullmatch(column) and column not in _NAMES.get(table.name, ()):
            return pa.float64()
        return pa.binary() if column == "body" else pa.string()

    schema = pa.schema([(column, type_of(column)) for column in table.columns])
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in batched(table.rows, _ROWS_AT_ONCE):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
