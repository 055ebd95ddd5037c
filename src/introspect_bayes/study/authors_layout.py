"""The authors' file layout: `scenarios.csv` and one CSV file per model, stage and task."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.contexts import Attribute, DecisionContext
from introspect_bayes.errors import InputError
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.frames import REPORTS_PER_CONTEXT, ContextSet, Stage, Study

CONTEXTS_FILE: Final = "scenarios.csv"
TARGETS_FILE: Final = "instilled_weights.csv"
UNITS_FILE: Final = "candidate_scenarios.json"

# From the most to the least specific ending: a report file's name ends in others' endings too.
_FILES: Final[tuple[tuple[str, str, Stage, ContextSet], ...]] = (
    (r"_instilled_latent_selections", "choices", "weight-trained", "native"),
    (r"_instilled_selections", "choices", "weight-trained", "instilled"),
    (r"_instilled_latent_weight_reports", "reports", "weight-trained", "native"),
    (r"_instilled_weight_reports", "reports", "weight-trained", "instilled"),
    (
        r"_itrained_(?P<half>first|last)_(?P<part>\d+)_of_(?P<all>\d+)(?:_\d+ex)?_weight_reports",
        "reports",
        "introspection-trained",
        "instilled",
    ),
    (
        r"_itrained_all_\d+(?:_\d+ex)?_latent_weight_reports",
        "reports",
        "introspection-trained",
        "native",
    ),
    (r"_weight_reports", "reports", "off-the-shelf", "instilled"),
)


@dataclass(frozen=True)
class _File:
    path: Path
    base_model: str
    task: str
    stage: Stage
    context_set: ContextSet
    trained: slice | None = None

    @property
    def columns(self) -> dict[str, str]:
        return {
            "base_model": self.base_model,
            "stage": self.stage,
            "context_set": self.context_set,
        }


def read_authors_layout(folder: Path) -> Study:
    """Read a folder that is laid out like the `data/` folder of the authors' repository.

    One or several base models, any of the experiments' files missing, any number of
    attributes. Which contexts were instilled and which are native follows from the files of
    choices; without one, from the paper's positions (contexts 1-100 and 101-200).

    Raises
    ------
    InputError
        For anything missing, malformed or inconsistent, with file, line and column.
    """
    contexts = _read_contexts(folder)
    files = _classify(folder)
    if not files:
        msg = (
            f"{folder}: no choices and no reports (expected files such as "
            "MODEL_instilled_selections.csv or MODEL_instilled_weight_reports.csv)"
        )
        raise InputError(msg)
    choices = _stack([_read_choices(f, contexts) for f in files if f.task == "choices"], _CHOICES)
    asked = _contexts_of_sets(contexts, choices)
    pairs = [_read_reports(f, contexts, asked) for f in files if f.task == "reports"]
    reports = _stack([frame for frame, _ in pairs], _REPORTS)
    report_sets = _stack([row for _, row in pairs], _REPORT_SETS)
    _refuse_overlap(report_sets)
    models = pd.concat([f[["base_model", "model", "stage"]] for f in (choices, report_sets)])
    return Study(
        name=folder.name,
        source=str(folder),
        decision_contexts=contexts,
        choices=choices.fillna({name: 0.0 for name in choices if re.fullmatch(r"d\d+", str(name))}),
        reports=reports,
        report_sets=report_sets,
        targets=_read_targets(folder, contexts),
        models=models.drop_duplicates(ignore_index=True),
    )


_KEYS: Final = ["base_model", "model", "stage", "context_set"]
_CHOICES: Final = [*_KEYS, "context", "trial", "selection"]
_REPORTS: Final = [*_KEYS, "report_set", "context", "report", "position", "reported"]
_REPORT_SETS: Final = [*_KEYS, "report_set", "contexts_asked", "reports_asked", "replies"]


def _stack(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=pd.Index(columns))
    return pd.concat(frames, ignore_index=True)


def _classify(folder: Path) -> list[_File]:
    found = []
    for path in sorted(folder.glob("*.csv")):
        for ending, task, stage, context_set in _FILES:
            match = re.fullmatch(rf"(?P<base>.+){ending}", path.stem)
            if match is None:
                continue
            parts = match.groupdict()
            trained = None
            if parts.get("half"):
                part, total = int(parts["part"]), int(parts["all"])
                trained = slice(0, part) if parts["half"] == "first" else slice(total - part, total)
            found.append(_File(path, parts["base"], task, stage, context_set, trained))
            break
    return found


def _read_contexts(folder: Path) -> dict[str, DecisionContext]:
    path = folder / CONTEXTS_FILE
    if not path.is_file():
        msg = (
            f"{folder}: no {CONTEXTS_FILE}, which describes the decision contexts; put it there"
            if _classify(folder)
            else f"{folder}: neither a study folder (no study.toml) nor a data folder in the "
            f"authors' layout (no {CONTEXTS_FILE}, no MODEL_instilled_selections.csv); is it the "
            "right one?"
        )
        raise InputError(msg)
    table = CheckedTable(path, ("scenario", "question", "attr1", "attr1_min", "attr1_max"))
    ks = _numbered(table, r"attr(\d+)")
    table.require(f"attr{k}_{end}" for k in ks for end in ("min", "max"))
    absent = (table.text[[f"attr{k}" for k in ks]] == "").to_numpy()
    for index, k in enumerate(ks[1:], start=1):
        gap = absent[:, index - 1] & ~absent[:, index]
        table.refuse(gap, f"attr{k}", lambda cell: f"attribute {cell!r} follows an empty one")
    lows = table.numbers([f"attr{k}_min" for k in ks], blank=absent)
    highs = table.numbers([f"attr{k}_max" for k in ks], blank=absent)
    names = table.strings("scenario")
    table.refuse(names.duplicated(), "scenario", lambda cell: f"context {cell!r} occurs twice")
    units = _read_units(folder)
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
            (entry["short_name"], attribute["name"]): str(attribute["units"])
            for entry in entries
            for attribute in entry["attributes"]
        }
    except (ValueError, KeyError, TypeError) as error:
        msg = (
            f"{path.name}: expected a list of objects with short_name and attributes "
            f"(name, units): {type(error).__name__} {error}"
        )
        raise InputError(msg) from error


def _numbered(table: CheckedTable, pattern: str) -> list[int]:
    found = sorted(int(m[1]) for name in table.columns if (m := re.fullmatch(pattern, name)))
    if found != list(range(1, len(found) + 1)):
        msg = f"{table.path.name}, line 1: attribute columns are numbered {found}, not 1 to K"
        raise InputError(msg)
    return found


def _known_contexts(table: CheckedTable, contexts: dict[str, DecisionContext]) -> pd.Series:
    names = table.strings("scenario")
    table.refuse(
        ~names.isin(contexts),
        "scenario",
        lambda cell: f"context {cell!r} is not in {CONTEXTS_FILE}",
    )
    return names


def _shape(
    names: pd.Series, contexts: dict[str, DecisionContext], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return per row: range of each attribute (rows, count), and where the context lacks it."""
    spans = {name: [a.span for a in contexts[name].attributes[:count]] for name in names.unique()}
    padded = {name: s + [np.nan] * (count - len(s)) for name, s in spans.items()}
    span = np.array([padded[name] for name in names]).reshape(len(names), count)
    return span, np.isnan(span)


def _require_all_attributes(
    table: CheckedTable, names: pd.Series, contexts: dict[str, DecisionContext], count: int
) -> None:
    short = names.map(lambda name: len(contexts[name].attributes) > count)
    table.refuse(
        short,
        "scenario",
        lambda cell: f"context {cell!r} has more attributes than the file columns",
    )


def _read_choices(file: _File, contexts: dict[str, DecisionContext]) -> pd.DataFrame:
    table = CheckedTable(file.path, ("model", "scenario", "selection", "A_attribute_1"))
    ks = _numbered(table, r"A_attribute_(\d+)")
    columns = [[f"{option}_attribute_{k}" for k in ks] for option in "AB"]
    table.require(columns[1])
    names = _known_contexts(table, contexts)
    _require_all_attributes(table, names, contexts, len(ks))
    selection = table.strings("selection")
    table.refuse(
        ~selection.isin(["A", "B"]), "selection", lambda cell: f"{cell!r} is neither A nor B"
    )
    span, absent = _shape(names, contexts, len(ks))
    a, b = (table.numbers(option, blank=absent) for option in columns)
    frame = pd.DataFrame({**file.columns, "model": table.strings("model"), "context": names})
    frame["trial"] = frame.groupby("context").cumcount() + 1
    frame["selection"] = selection
    differences = pd.DataFrame((a - b) / span, columns=[f"d{k}" for k in ks])
    return pd.concat([frame[_CHOICES], differences], axis=1)


def _contexts_of_sets(
    contexts: dict[str, DecisionContext], choices: pd.DataFrame
) -> dict[str, list[str]]:
    """Return the instilled and the native contexts, in the study's order."""
    fallback = {"instilled": list(contexts)[:100], "native": list(contexts)[100:200]}
    sets = {}
    for context_set, positions in fallback.items():
        chosen = set(choices.loc[choices["context_set"] == context_set, "context"])
        sets[context_set] = [name for name in contexts if name in chosen] or positions
    return sets


def _read_reports(
    file: _File, contexts: dict[str, DecisionContext], asked: dict[str, list[str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = CheckedTable(file.path, ("explaining_model", "scenario", "report_attr1"))
    ks = _numbered(table, r"report_attr(\d+)")
    columns = [f"report_attr{k}" for k in ks]
    names = _known_contexts(table, contexts)
    _require_all_attributes(table, names, contexts, len(ks))
    _, absent = _shape(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    models = table.strings("explaining_model")
    table.refuse(
        models != models.iloc[0],
        "explaining_model",
        lambda cell: f"{cell!r} differs from the file's first model {models.iloc[0]!r}",
    )
    held_out = list(asked[file.context_set])
    if file.trained is not None:
        trained = set(held_out[file.trained])
        held_out = [name for name in held_out if name not in trained]
        table.refuse(
            names.isin(trained),
            "scenario",
            lambda cell: f"context {cell!r} was used to train this model, so it is not held out",
        )
    frame = pd.DataFrame({**file.columns, "model": models, "report_set": file.path.stem})
    frame["context"] = names
    frame["report"] = frame.groupby("context").cumcount() + 1
    held_out += [name for name in names.unique() if name not in set(held_out)]
    most = int(frame["report"].max())
    row = {
        **file.columns,
        "model": models.iloc[0],
        "report_set": file.path.stem,
        "contexts_asked": tuple(held_out),
        "reports_asked": max(REPORTS_PER_CONTEXT, most),
        "replies": len(held_out) * max(REPORTS_PER_CONTEXT, most),
    }
    long = frame.loc[frame.index.repeat(len(ks))].reset_index(drop=True)
    long["position"] = np.tile(ks, len(frame))
    long["reported"] = weights.reshape(-1)
    kept = long[~absent.reshape(-1)].reset_index(drop=True)
    return kept[_REPORTS], pd.DataFrame([row])[_REPORT_SETS]


def _refuse_overlap(report_sets: pd.DataFrame) -> None:
    """Refuse two files of reports about the same contexts by the same stage."""
    for _, same in report_sets.groupby(["base_model", "stage", "context_set"], sort=False):
        owner: dict[str, str] = {}
        for report_set, asked in zip(same["report_set"], same["contexts_asked"], strict=True):
            for context in asked:
                if context in owner:
                    msg = (
                        f"{report_set}.csv and {owner[context]}.csv both report on context "
                        f"{context!r}; keep one of them in the folder"
                    )
                    raise InputError(msg)
                owner[context] = report_set


def _read_targets(folder: Path, contexts: dict[str, DecisionContext]) -> pd.DataFrame:
    path = folder / TARGETS_FILE
    if not path.is_file():
        return pd.DataFrame(columns=pd.Index(["context", "position", "target"]))
    table = CheckedTable(path, ("scenario", "attr1"))
    ks = _numbered(table, r"attr(\d+)")
    columns = [f"attr{k}" for k in ks]
    names = _known_contexts(table, contexts)
    table.refuse(names.duplicated(), "scenario", lambda cell: f"context {cell!r} occurs twice")
    _require_all_attributes(table, names, contexts, len(ks))
    _, absent = _shape(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    long = pd.DataFrame(
        {
            "context": np.repeat(names.to_numpy(), len(ks)),
            "position": np.tile(ks, len(names)),
            "target": weights.reshape(-1),
        }
    )
    return long[~absent.reshape(-1)].reset_index(drop=True)
