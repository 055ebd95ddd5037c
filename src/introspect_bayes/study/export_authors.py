"""The authors' file layout, written from a study folder with replies."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.context_files import write_candidates
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.paper_material import write_targets
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.trials import Options
from introspect_bayes.study.authors_layout import (
    CONTEXTS_FILE,
    TARGETS_FILE,
    UNITS_FILE,
    read_authors_layout,
)
from introspect_bayes.study.frames import Study

ENDINGS: Final = {
    ("decision", "weight-trained", "", "instilled"): "instilled_selections",
    ("decision", "weight-trained", "", "native"): "instilled_latent_selections",
    ("report", "off-the-shelf", "", "instilled"): "weight_reports",
    ("report", "weight-trained", "", "instilled"): "instilled_weight_reports",
    ("report", "weight-trained", "", "native"): "instilled_latent_weight_reports",
    ("report", "introspection-trained", "first", "instilled"): (
        "itrained_first_{first}_of_{all}_{examples}ex_weight_reports"
    ),
    ("report", "introspection-trained", "last", "instilled"): (
        "itrained_last_{last}_of_{all}_{examples}ex_weight_reports"
    ),
    ("report", "introspection-trained", "all", "native"): (
        "itrained_all_{instilled}_{examples}ex_latent_weight_reports"
    ),
}
"""Where replies go: task, stage, what it was trained on, and set of contexts."""

_NOT_IN_FILE_NAMES: Final = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_EXACT_IN_FLOAT: Final = 2**53


@dataclass(frozen=True)
class _Reply:
    """A valid reply: selection or weights, with the options that it is about."""

    context: str
    number: int
    answer: tuple[Any, ...]
    options: Options


@dataclass(frozen=True)
class _Group:
    """Valid replies of one model to one task in one set of contexts."""

    task: str
    base_model: str
    model: str
    stage: str
    trained_on: str
    context_set: str
    replies: list[_Reply]
    report_set: str = ""

    @property
    def description(self) -> str:
        kind = "choices" if self.task == "decision" else "reports"
        stage = f"{self.stage} {self.trained_on}".strip()
        return f"{len(self.replies):,} {kind} of {self.model} ({stage}) in {self.context_set}"


def write_authors_layout(
    study: Study, prepared: PreparedStudy, folder: Path
) -> tuple[list[str], list[str]]:
    """Write a study in the authors' layout, and read it again to see that it is all there.

    Parameters
    ----------
    study, prepared
        The study, and the folder that it was read from: the layout states options, which only
        the folder holds.
    folder
        Where the files go; it exists.

    Returns
    -------
    changed, left_out
        What the layout states otherwise, and what it has no place for, one line each.

    Raises
    ------
    InputError
        If nothing fits the layout, two models belong into one file, or a base model's name
        cannot be told from the endings of file names.
    """
    names = _names_in_files(study.base_models)
    placed: dict[str, _Group] = {}
    homeless: list[_Group] = []
    numbers = _numbers_in_names(study, prepared)
    for group in _groups(study, prepared):
        ending = ENDINGS.get((group.task, group.stage, group.trained_on, group.context_set))
        if ending is None:
            homeless.append(group)
            continue
        name = f"{names[group.base_model]}_{ending.format_map(numbers)}"
        if name in placed:
            msg = (
                f"{name}.csv would hold both {placed[name].model} and {group.model}: the authors' "
                "layout has one model of each base model and stage; use --format csv"
            )
            raise InputError(msg)
        placed[name] = group
    if not placed:
        msg = (
            f"{study.source}: nothing fits the authors' layout, which has choices of weight-trained"
            " models alone, and reports of untrained ones in instilled contexts alone; "
            "use --format csv"
        )
        raise InputError(msg)
    _write_material(prepared, folder)
    width = max(len(c.attributes) for c in study.decision_contexts.values())
    for name, group in placed.items():
        _write_group(group, prepared, width, folder / f"{name}.csv")
    again = _read_again(folder, placed, names)
    changed = [
        *_changed_names(names),
        *_changed_numbers(placed),
        *_changed_sets(study, placed, again),
    ]
    return changed, list(_left_out(study, prepared, homeless))


def _names_in_files(base_models: Sequence[str]) -> dict[str, str]:
    names = {base: _NOT_IN_FILE_NAMES.sub("_", base) for base in base_models}
    owner: dict[str, str] = {}
    for base, name in names.items():
        # Some file systems do not tell upper from lower case.
        other = owner.setdefault(name.casefold(), base)
        if other != base:
            msg = (
                f"base models {other!r} and {base!r} would have the same file names "
                f"({name}_...), since / and the like become _; use --format csv"
            )
            raise InputError(msg)
    return names


def _numbers_in_names(study: Study, prepared: PreparedStudy) -> dict[str, int]:
    """Return the counts in file names, such that readers find the contexts held out.

    They count the contexts that were chosen in, so one without a valid choice must not count.
    """
    instilled = [context.name for context in prepared.contexts.get("instilled", ())]
    half = len(instilled) // 2
    chosen = study.choices[
        (study.choices["stage"] == "weight-trained") & (study.choices["context_set"] == "instilled")
    ]
    counted = set(chosen["context"]) or set(instilled)
    return {
        "first": sum(name in counted for name in instilled[:half]),
        "last": sum(name in counted for name in instilled[half:]),
        "all": len(counted),
        "instilled": len(instilled),
        "examples": prepared.counts.examples,
    }


def _groups(study: Study, prepared: PreparedStudy) -> Iterator[_Group]:
    options = {
        (trial.task, trial.context_set, trial.context, trial.number): trial.options
        for trial in prepared.trials
    }
    keys = ["base_model", "model", "stage", "context_set"]
    for key, rows in _parts(study.choices, keys):
        base_model, model, stage, context_set = key
        chosen = zip(rows["context"], rows["trial"], rows["selection"], strict=True)
        replies = [
            _Reply(c, n, (selection,), options["decision", context_set, c, n])
            for c, n, selection in chosen
        ]
        yield _Group("decision", base_model, model, stage, "", context_set, replies)
    for key, rows in _parts(study.reports, [*keys, "report_set"]):
        base_model, model, stage, context_set, label = key
        trained_on = label.removeprefix(model).removesuffix(context_set).strip("/")
        replies = [
            _Reply(c, n, weights, options["report", context_set, c, n])
            for c, n, weights in _reports(rows)
        ]
        yield _Group("report", base_model, model, stage, trained_on, context_set, replies, label)


def _parts(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    for key, rows in frame.groupby(keys, sort=False):
        yield tuple(str(part) for part in key), rows


def _reports(rows: pd.DataFrame) -> Iterator[tuple[str, int, tuple[float, ...]]]:
    """Yield context, number and weights of each report; its rows follow each other."""
    starts = [*(rows["position"] == 1).to_numpy().nonzero()[0], len(rows)]
    contexts, numbers = list(rows["context"]), list(rows["report"])
    weights = [_short(weight) for weight in rows["reported"]]
    for start, end in pairwise(starts):
        yield contexts[start], numbers[start], tuple(weights[start:end])


def _short(weight: float) -> float:
    """Write whole weights as the authors do, without a decimal point."""
    whole = float(weight).is_integer() and abs(weight) < _EXACT_IN_FLOAT
    return int(weight) if whole else weight


def _write_material(prepared: PreparedStudy, folder: Path) -> None:
    everything = [context for members in prepared.contexts.values() for context in members]
    _write_contexts(everything, folder / CONTEXTS_FILE)
    write_candidates(everything, folder / UNITS_FILE)
    instilled = [c for c in prepared.contexts.get("instilled", ()) if c.name in prepared.targets]
    if instilled:
        write_targets(instilled, prepared.targets, folder / TARGETS_FILE)


def _write_contexts(contexts: Sequence[DecisionContext], path: Path) -> None:
    """Write scenarios.csv, with empty cells where a context has fewer attributes than others."""
    width = max(len(context.attributes) for context in contexts)
    ks = range(1, width + 1)
    header = ["scenario", "question", *(f"attr{k}" for k in ks)]
    header += [f"attr{k}_{end}" for end in ("min", "max") for k in ks]
    rows = []
    for context in contexts:
        columns = (
            context.attribute_names,
            [a.minimum for a in context.attributes],
            [a.maximum for a in context.attributes],
        )
        cells = [cell for column in columns for cell in _padded(column, width)]
        rows.append([context.name, context.question, *cells])
    _write_rows(path, header, rows)


def _padded(cells: Sequence[Any], width: int) -> list[Any]:
    return [*cells, *[""] * (width - len(cells))]


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_group(group: _Group, prepared: PreparedStudy, width: int, path: Path) -> None:
    ks = range(1, width + 1)
    header = [f"{option}_attribute_{k}" for option in "AB" for k in ks]
    options = [
        [*_padded(reply.options.a, width), *_padded(reply.options.b, width)]
        for reply in group.replies
    ]
    pairs = list(zip(group.replies, options, strict=True))
    if group.task == "decision":
        header = ["model", "scenario", "selection", *header]
        rows = [[group.model, r.context, *r.answer, *cells] for r, cells in pairs]
    else:
        reported = [f"report_attr{k}" for k in ks]
        header = ["explaining_model", "version", "scenario", *reported, *header]
        count = len(prepared.contexts.get("instilled", ()))
        last = count + len(prepared.contexts.get("native", ()))
        named = {"instilled": f"instilled_{count}", "native": f"latent_{count}-{last}"}
        version = named[group.context_set]
        rows = [
            [group.model, version, r.context, *_padded(r.answer, width), *cells]
            for r, cells in pairs
        ]
    _write_rows(path, header, rows)


def _read_again(folder: Path, placed: dict[str, _Group], names: dict[str, str]) -> Study:
    """Read what was written, and refuse it unless it says what was meant."""
    meant: Counter[tuple[str, ...]] = Counter()
    for group in placed.values():
        key = (names[group.base_model], group.stage, group.context_set)
        cells = sum(len(reply.answer) for reply in group.replies)
        meant[group.task, *key] += cells
    try:
        again = read_authors_layout(folder)
    except InputError as error:
        msg = f"the study does not fit the authors' layout ({error}); use --format csv"
        raise InputError(msg) from error
    keys = ["base_model", "stage", "context_set"]
    found: Counter[tuple[str, ...]] = Counter()
    for task, frame in (("decision", again.choices), ("report", again.reports)):
        for row in frame[keys].itertuples(index=False, name=None):
            found[task, *row] += 1
    if found != meant:
        wrong = next(iter((meant - found) | (found - meant)))[1]
        msg = (
            f"the file names of base model {wrong!r} would be taken for those of another stage in "
            "the authors' layout; use --format csv"
        )
        raise InputError(msg)
    return again


def _changed_names(names: dict[str, str]) -> Iterator[str]:
    for base, name in names.items():
        if base != name:
            yield f"base model {base} is called {name}, since a file name cannot hold its name"


def _changed_numbers(placed: dict[str, _Group]) -> Iterator[str]:
    changed = 0
    for group in placed.values():
        seen: Counter[str] = Counter()
        for reply in group.replies:
            seen[reply.context] += 1
            changed += seen[reply.context] != reply.number
    if changed:
        yield (
            f"{changed:,} choices and reports have another number within their context: only valid "
            "ones are counted"
        )


def _changed_sets(study: Study, placed: dict[str, _Group], again: Study) -> Iterator[str]:
    before = {
        (row["base_model"], row["stage"], row["report_set"]): row
        for _, row in study.report_sets.iterrows()
    }
    changes: Counter[str] = Counter()
    for _, after in again.report_sets.iterrows():
        group = placed[after["report_set"]]
        asked = before[group.base_model, group.stage, group.report_set]
        if not after["asked_known"]:
            changes[
                f"{asked['reports_asked']} reports were asked in each context, which the layout "
                f"does not state: read it with --reports-asked {asked['reports_asked']}"
            ] += 1
        if set(after["contexts_asked"]) != set(asked["contexts_asked"]):
            changes[
                f"reports on {len(asked['contexts_asked'])} contexts were asked; readers of the "
                f"layout find {len(after['contexts_asked'])}"
            ] += 1
    for change, files in changes.items():
        yield f"{change} ({files} of {len(again.report_sets)} files of reports)"


def _left_out(study: Study, prepared: PreparedStudy, homeless: Sequence[_Group]) -> Iterator[str]:
    for group in homeless:
        yield f"{group.description} contexts, for which the layout has no file"
    silent = set(study.report_sets["report_set"]) - set(study.reports["report_set"])
    for label in sorted(silent):
        yield f"that reports {label} were asked: none is valid"
    invalid = int(study.failures["count"].sum()) if len(study.failures) else 0
    if invalid:
        yield f"{invalid:,} invalid replies: their text, and why they are invalid"
    if prepared.ablations:
        yield "the answers to the ablation task, and the choices without single attributes"
    yield (
        "the word-for-word text of all replies, requests, attempts, runs, training events, and "
        "where models come from"
    )
