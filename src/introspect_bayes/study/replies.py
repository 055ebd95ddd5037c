"""A study folder's replies, read from its store and parsed, as tidy frames."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.parse import ParsedChoice, ParsedReport
from introspect_bayes.protocol.requests import asked_of
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import REPLIES_FILE, PreparedStudy, read_study_folder
from introspect_bayes.protocol.trials import Task, Trial
from introspect_bayes.store import Store, StoredRefusal, StoredReply
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows
from introspect_bayes.study.frames import Study
from introspect_bayes.study.refused import refused_frame
from introspect_bayes.study.rereading import Reading
from introspect_bayes.study.verify import problems_of_requests


def read_prepared(
    folder: Path, parser_name: str | None = None, chosen: ChosenRows = EVERYTHING
) -> Study:
    """Read a study folder with its replies.

    Parameters
    ----------
    folder
        A folder that `prepare` wrote and that replies were stored in.
    parser_name
        Name of the parser of replies; the newest of the kind that the study names if not given.
    chosen
        Whose replies are used: those of all models, or of some (column model).

    Raises
    ------
    InputError
        If nothing was collected yet, a file is malformed, or there is no such model.
    """
    prepared, replies, unanswered, refusals = read_replies(folder)
    if chosen:
        names = _models_chosen(chosen, [reply.model for reply in replies])
        replies = [reply for reply in replies if reply.model in names]
        unanswered = {name: left for name, left in unanswered.items() if name in names}
        refusals = [refusal for refusal in refusals if refusal.model in names]
    study = study_of_replies(prepared, replies, parser_name)
    refused = refused_frame(refusals)
    return replace(study, unanswered=unanswered, refused=refused, chosen_rows=chosen)


def _models_chosen(chosen: ChosenRows, models: Sequence[str]) -> tuple[str, ...]:
    """Return the models whose replies are used; all that a store tells apart are models."""
    other = [f"--where {column}" for column in chosen.where if column != "model"]
    other += [f"--pool {column}" for column in chosen.pool]
    if other:
        msg = (
            f"{other[0]}: in a study folder replies have no columns, and those of several models "
            "are not pooled; all that can be chosen is a model (--where model=NAME)"
        )
        raise InputError(msg)
    known = sorted(set(models))
    for name in chosen.where["model"]:
        if name not in known:
            msg = f"--where model={name}: no replies of this model; there are {', '.join(known)}"
            raise InputError(msg)
    return chosen.where["model"]


def read_replies(
    folder: Path,
) -> tuple[PreparedStudy, list[StoredReply], dict[str, int], list[StoredRefusal]]:
    """Read a study folder and its stored replies, and require that they fit each other.

    Returns
    -------
    tuple
        The study, all its replies, the number of planned decisions and reports without an answer,
        by model, and the requests that the server refused.

    Raises
    ------
    InputError
        If nothing was collected yet, or a file is malformed or was changed since.
    """
    prepared = read_study_folder(folder)
    path = folder / REPLIES_FILE
    if not path.is_file():
        msg = f"{folder}: no replies are stored yet (no {REPLIES_FILE}); {_advice(folder)}"
        raise InputError(msg)
    try:
        with Store(path, read_only=True) as store:
            replies = list(store.replies())
            unanswered = store.count_unanswered({trial.id for trial in prepared.ablations})
            refusals = list(store.refusals())
            changed = next(problems_of_requests(store.connection, prepared), "")
    except sqlite3.DatabaseError as error:
        msg = f"{path}: {error}; see `introspect-bayes verify {folder}`"
        raise InputError(msg) from error
    if not replies:
        msg = f"{path}: holds no replies yet; {_advice(folder)}"
        raise InputError(msg)
    if changed:
        msg = (
            f"{folder}: the folder is no longer as it was when the model was asked: {changed}; put "
            "contexts.json, trials.csv, ablations.csv and prompts/ back"
        )
        raise InputError(msg)
    return prepared, replies, unanswered, refusals


def study_of_replies(
    prepared: PreparedStudy, replies: Sequence[StoredReply], parser_name: str | None = None
) -> Study:
    """Parse replies, wherever they come from, into a study's tidy frames.

    Parameters
    ----------
    prepared
        What was asked.
    replies
        Who replied what to which trial.
    parser_name
        Name of the parser of replies; the newest of the kind that the study names if not given.

    Raises
    ------
    InputError
        If a reply is to a trial that was not asked, or no reply is a choice or report.
    """
    return _Reader(prepared, Reading(prepared, parser_name)).study(replies)


def _advice(folder: Path) -> str:
    return f"run `introspect-bayes collect {folder} --model NAME`"


class _Reader:
    """Turns stored replies into frames, counting what cannot be parsed."""

    def __init__(self, prepared: PreparedStudy, reading: Reading) -> None:
        self.prepared = prepared
        self.reading = reading
        self.contexts = {c.name: c for members in prepared.contexts.values() for c in members}
        self.trials = {trial.id: trial for trial in prepared.trials}
        self.ablations = {trial.id for trial in prepared.ablations}
        self.asked: dict[Model, set[tuple[Task, str]]] = {}
        self.choices: list[tuple[Any, ...]] = []
        self.differences: list[np.ndarray] = []
        self.reports: list[tuple[Any, ...]] = []
        self.failures: Counter[tuple[Any, ...]] = Counter()
        self.width = max(len(c.attributes) for c in self.contexts.values())

    def study(self, replies: Sequence[StoredReply]) -> Study:
        sets: dict[tuple[Any, ...], Counter[str]] = {}
        replies = [reply for reply in replies if not self._is_of_ablation(reply)]
        if not replies:
            msg = (
                f"{self.prepared.folder}: holds answers to the ablation task alone: see "
                "`introspect_bayes.ablation_scores`, or collect choices and reports too"
            )
            raise InputError(msg)
        for reply in replies:
            trial = self.trials.get(reply.trial)
            if trial is None:
                msg = (
                    f"{self.prepared.folder}: a reply to trial {reply.trial}, which is not planned"
                )
                raise InputError(msg)
            names = self.contexts[trial.context].attribute_names
            match self.reading.read(reply, trial.task, names):
                case ParsedChoice() as read:
                    self._decision(reply, trial, read)
                case ParsedReport() as read:
                    sets.setdefault(_report_set(reply, trial), Counter())[trial.context] += 1
                    self._report(reply, trial, read)
        keys = ["base_model", "model", "stage", "context_set"]
        choices = pd.DataFrame(self.choices, columns=[*keys, "context", "trial", "selection"])
        columns = [f"d{k}" for k in range(1, self.width + 1)]
        differences = pd.DataFrame(
            np.array(self.differences).reshape(-1, self.width), columns=pd.Index(columns)
        )
        reports = pd.DataFrame(
            self.reports,
            columns=[*keys, "report_set", "context", "report", "position", "reported"],
        )
        models = {(r.base_model, r.model, r.stage): 1 for r in replies}
        reading = self.reading.counts()
        return Study(
            name=self.prepared.name,
            source=str(self.prepared.folder),
            decision_contexts=self.contexts,
            choices=pd.concat([choices, differences], axis=1),
            reports=reports,
            report_sets=self._report_sets(sets),
            targets=self._targets(),
            models=pd.DataFrame(list(models), columns=["base_model", "model", "stage"]),
            failures=self._failures(),
            parser=reading.parser,
            named_parser=reading.named_parser,
            liberties=reading.liberties,
            read_otherwise=reading.read_otherwise,
        )

    def _is_of_ablation(self, reply: StoredReply) -> bool:
        """Return whether a reply was given for the ablation task alone."""
        if reply.trial in self.ablations:
            return True
        trial = self.trials.get(reply.trial)
        if trial is None or trial.task != "decision":
            return False
        model = Model(reply.model, reply.base_model, reply.stage, reply.trained_on)  # type: ignore[arg-type]
        if model not in self.asked:
            self.asked[model] = asked_of(self.prepared, model)
        return ("decision", trial.context_set) not in self.asked[model]

    def _decision(self, reply: StoredReply, trial: Trial, read: ParsedChoice) -> None:
        where = (reply.base_model, reply.model, reply.stage, trial.context_set, trial.context)
        if read.choice is None:
            self.failures[*where, "decision", read.failure] += 1
            return
        self.choices.append((*where, trial.number, read.choice))
        spans = [a.span for a in self.contexts[trial.context].attributes]
        row = np.zeros(self.width)
        row[: len(spans)] = (np.array(trial.options.a) - np.array(trial.options.b)) / spans
        self.differences.append(row)

    def _report(self, reply: StoredReply, trial: Trial, read: ParsedReport) -> None:
        who = (reply.base_model, reply.model, reply.stage, trial.context_set)
        if read.weights is None:
            self.failures[*who, trial.context, "report", read.failure] += 1
            return
        label = _report_set(reply, trial)[-1]
        for position, weight in enumerate(read.weights, start=1):
            self.reports.append((*who, label, trial.context, trial.number, position, weight))

    def _report_sets(self, sets: dict[tuple[Any, ...], Counter[str]]) -> pd.DataFrame:
        rows = []
        for key, replies in sets.items():
            # What has no reply yet was not asked yet: it must not count as invalid.
            context_set = key[3]
            names = [c.name for c in self.prepared.contexts[context_set]]
            asked = tuple(name for name in names if name in replies)
            rows.append((*key, asked, self.prepared.counts.reports, True, replies.total()))
        columns = ["base_model", "model", "stage", "context_set", "report_set", "contexts_asked"]
        return pd.DataFrame(rows, columns=[*columns, "reports_asked", "asked_known", "replies"])

    def _targets(self) -> pd.DataFrame:
        rows = [
            (name, position, float(weight))
            for name, weights in self.prepared.targets.items()
            for position, weight in enumerate(weights, start=1)
        ]
        return pd.DataFrame(rows, columns=["context", "position", "target"])

    def _failures(self) -> pd.DataFrame:
        keys = ["base_model", "model", "stage", "context_set", "context", "task", "failure"]
        rows = [(*key, count) for key, count in self.failures.items()]
        return pd.DataFrame(rows, columns=[*keys, "count"])


def _report_set(reply: StoredReply, trial: Trial) -> tuple[Any, ...]:
    label = "/".join(filter(None, (reply.model, reply.trained_on, trial.context_set)))
    return (
        reply.base_model, reply.model, reply.stage, trial.context_set, label,
    )  # fmt: skip
