"""Ablations of choices: which attributes changed the choice, who foresaw it, and how it is scored.

The third task of Li et al. (2025, "Training Language Models to Explain Their Own Computations"),
which influence input tokens have on outputs, put to choices and to a model seen from outside only.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.parse import ParsedChanges, ParsedChoice
from introspect_bayes.protocol.requests import ablated_decision
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.trials import Trial
from introspect_bayes.store import StoredReply
from introspect_bayes.study.replies import read_replies
from introspect_bayes.study.rereading import Reading, ReadingCounts

ANSWER_COLUMNS: Final = (
    "base_model", "model", "stage", "trained_on", "context_set", "context", "trial", "position",
    "attribute", "choice", "choice_without", "changed", "foreseen", "failure",
)  # fmt: skip
SCORE_COLUMNS: Final = ("explainer", "target", "task", "item", "score")
TASK: Final = "ablation"

_TRIAL: Final = ["context_set", "context", "trial"]
_ITEM: Final = [*_TRIAL, "position", "attribute"]


def ablation_answers(study_folder: str | Path, parser: str | None = None) -> pd.DataFrame:
    """Return what models said would change their choices, beside what did.

    Parameters
    ----------
    study_folder
        A study folder in which ``collect --task ablation`` was run, or the name of a study that
        ships with the package.
    parser
        Name of the parser of choices and answers (`parse.PARSERS`); the newest of the kind that the
        study names if not given.

    Returns
    -------
    pandas.DataFrame
        One row a model and neutralized attribute: base_model, model, stage, trained_on,
        context_set, context, trial (number of the decision), position (of the attribute, from 1),
        attribute, choice ("A" or "B"; missing where the reply was none), choice_without (with the
        attribute equal in both options), changed (1 or 0: whether the two choices differ; missing
        where either is), foreseen (1 or 0: whether the model said that its choice would change;
        missing where its answer cannot be used) and failure (why it cannot; missing where it can).

    Raises
    ------
    InputError
        If no such answers are stored, or there is no such parser.

    Examples
    --------
    >>> ablation_answers("my-study").groupby("model")["changed"].mean()  # doctest: +SKIP
    """
    from introspect_bayes.study import study_folder as folder_of

    answers = find_answers(folder_of(study_folder), parser).table
    if answers.empty:
        msg = (
            f"{study_folder}: holds no answers to the ablation task; run "
            f"`introspect-bayes collect {study_folder} --model NAME --task ablation`"
        )
        raise InputError(msg)
    return answers


@dataclass(frozen=True)
class FoundAnswers:
    """Answers to the ablation task, and how they were read.

    Attributes
    ----------
    table
        See `ablation_answers`; empty if there are none.
    reading
        The parser, and what it read otherwise than the one that the study names.
    """

    table: pd.DataFrame
    reading: ReadingCounts


def find_answers(folder: Path, parser: str | None = None) -> FoundAnswers:
    """Return the answers of a study folder, even if there are none, and how they were read."""
    prepared, replies, *_ = read_replies(folder)
    reading = Reading(prepared, parser)
    by_model: dict[tuple[str, ...], dict[str, StoredReply]] = {}
    for reply in replies:
        who = (reply.base_model, reply.model, reply.stage, reply.trained_on)
        by_model.setdefault(who, {})[reply.trial] = reply
    rows = [
        (*who, *row)
        for who, said in by_model.items()
        for question, decisions in _ablations(prepared.ablations)
        if any(trial.id in said for trial in (question, *decisions))
        for row in _answers(_context(prepared, question), question, decisions, said, reading)
    ]
    frame = pd.DataFrame(rows, columns=pd.Index(ANSWER_COLUMNS))
    frame = frame.astype({"changed": "Int64", "foreseen": "Int64"})
    return FoundAnswers(frame, reading.counts())


def _answers(
    context: DecisionContext,
    question: Trial,
    decisions: Sequence[Trial],
    said: Mapping[str, StoredReply],
    reading: Reading,
) -> Iterator[tuple[Any, ...]]:
    """Yield what a model did and said without each attribute of a decision."""
    foreseen: Sequence[bool | None] = [None] * len(context.attributes)
    failure: str | None = "no reply yet"
    names = context.attribute_names
    answer = said.get(question.id)
    if answer is not None:
        parsed = reading.read(answer, question.task, names)
        failure = parsed.failure
        if isinstance(parsed, ParsedChanges):
            foreseen = parsed.changes or foreseen
    choice = _choice(said.get(ablated_decision(question)), names, reading)
    for trial in decisions:
        k = names.index(trial.neutralized)
        without = _choice(said.get(trial.id), names, reading)
        changed = None if choice is None or without is None else choice != without
        where = (trial.context_set, trial.context, trial.number, k + 1, trial.neutralized)
        yield (*where, choice, without, changed, foreseen[k], failure)


def ablation_scores(study_folder: str | Path, parser: str | None = None) -> pd.DataFrame:
    """Score what models said would change choices, by what did: a table of explanation scores.

    Most attributes, set equal in both options, change nothing, so that plain agreement would be
    highest for whoever always says "no change". Scored are therefore, in each ablated decision, as
    many attributes that changed the choice as attributes that did not: all of the rarer kind, and
    as many of the other, drawn by generators seeded by the items' names. The score of an item
    is 1 if the answer about the attribute was right and 0 if it was wrong. Whoever gives all
    attributes of a decision the same answer, or guesses, scores .5 in expectation, whatever the
    base rate; what counts is to tell the attributes apart. Decisions that no attribute, or every
    attribute, changes have no items.

    Parameters
    ----------
    study_folder, parser
        See `ablation_answers`.

    Returns
    -------
    pandas.DataFrame
        explainer (name of the model whose answers are scored), target (of the model whose choices
        they are held against), task ("ablation"), item ("context/trial/attribute") and score (0 or
        1). Explainer and target are the same model, or models of different base models at the same
        stage that were asked about the same decisions: one model's answers, although given about
        itself, then explain the other. Items are chosen by the target's choices alone, so that all
        explainers of a target have the same ones.

    Raises
    ------
    InputError
        If no such answers are stored, or none can be scored; says why.

    Notes
    -----
    At a temperature above 0 some choices change by chance, which nobody can foresee: scores are
    then lower for self and other alike.

    Examples
    --------
    >>> scores = ablation_scores("my-study")  # doctest: +SKIP
    >>> scores.groupby(["explainer", "target"])["score"].mean()  # doctest: +SKIP
    """
    answers = ablation_answers(study_folder, parser)
    scores = scores_of(answers)
    if scores.empty:
        msg = f"{study_folder}: nothing to score: {counted(answers)}"
        raise InputError(msg)
    return scores


def scores_of(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of answers; none where no choice changed, or no answer can be used.

    Parameters
    ----------
    answers
        See `ablation_answers`.
    """
    chosen = _balanced(answers)
    models = answers[["base_model", "model", "stage", "trained_on"]].drop_duplicates()
    pairs = models.merge(models, on=["stage", "trained_on"], suffixes=("", "_target"))
    itself = pairs["model"] == pairs["model_target"]
    pairs = pairs[itself | (pairs["base_model"] != pairs["base_model_target"])]
    usable = answers.loc[answers["foreseen"].notna(), ["model", "foreseen", *_ITEM]]
    targets = chosen[["model", "changed", *_ITEM]].rename(columns={"model": "model_target"})
    found = (
        targets.merge(pairs[["model", "model_target"]], on="model_target")
        .merge(usable, on=["model", *_ITEM])
        .sort_values(["model_target", "model"], kind="stable", ignore_index=True)
    )
    item = found["context"] + "/" + found["trial"].astype(str) + "/" + found["attribute"]
    columns = {
        "explainer": found["model"],
        "target": found["model_target"],
        "task": TASK,
        "item": item,
        "score": (found["changed"] == found["foreseen"]).astype(int),
    }
    return pd.DataFrame(columns, columns=list(SCORE_COLUMNS))


def counted(answers: pd.DataFrame) -> str:
    """Return in words what answers consist of.

    Parameters
    ----------
    answers
        See `ablation_answers`.
    """
    measured, changed = answers["changed"].notna().sum(), answers["changed"].sum()
    failed = answers["failure"].notna().sum()
    return (
        f"of {len(answers):,} neutralized attributes {measured:,} have both choices, and "
        f"{changed:,} changed the choice; of {failed:,} no answer about the change can be used"
    )


def _balanced(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are scored: of each decision, as many that changed it as did not."""
    rows = answers[answers["changed"].notna()]
    # The order depends on the decision and the attribute alone, so that targets that agree have
    # the same items.
    where = zip(*(rows[name] for name in _ITEM), strict=True)
    rows = rows.assign(order=[random.Random(f"balance/{item}").random() for item in where])  # noqa: S311
    rows = rows.sort_values("order")
    decision = rows.groupby(["model", *_TRIAL], sort=False)["changed"]
    changes = decision.transform("sum")
    fewer = changes.combine(decision.transform("size") - changes, min)
    place = rows.groupby(["model", *_TRIAL, "changed"], sort=False).cumcount()
    return rows[place < fewer].sort_index()


def _ablations(trials: Sequence[Trial]) -> Iterator[tuple[Trial, list[Trial]]]:
    """Yield each ablation question with the decisions without each attribute."""
    grouped: dict[str, tuple[Trial, list[Trial]]] = {}
    for trial in trials:
        if trial.task == "ablation":
            grouped[ablated_decision(trial)] = (trial, [])
        else:
            grouped[ablated_decision(trial)][1].append(trial)
    yield from grouped.values()


def _context(prepared: PreparedStudy, trial: Trial) -> DecisionContext:
    return next(c for c in prepared.contexts[trial.context_set] if c.name == trial.context)


def _choice(reply: StoredReply | None, names: Sequence[str], reading: Reading) -> str | None:
    read = None if reply is None else reading.read(reply, "decision", names)
    return read.choice if isinstance(read, ParsedChoice) else None
