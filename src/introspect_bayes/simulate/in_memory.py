"""Studies that simulated decision makers answer in memory, for when hundreds are needed.

The replies are raw text like any other and are parsed like any other; only prompts are not
written and read back, and nothing is stored.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.parse import NEWEST
from introspect_bayes.protocol.prompts import shipped_template
from introspect_bayes.protocol.stages import Model, StagePlan
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.training import Counts
from introspect_bayes.protocol.trials import draw_trials
from introspect_bayes.simulate.decision_maker import DecisionMaker
from introspect_bayes.store import StoredReply


def numbered_contexts(count: int) -> list[DecisionContext]:
    """Return the first so many native contexts, beginning anew with other names after the last.

    Examples
    --------
    >>> [context.name for context in numbered_contexts(101)][::100]
    ['fresco_restorer', 'fresco_restorer_2']
    """
    return list(islice(_endless(), count))


def _endless() -> Iterator[DecisionContext]:
    contexts, lap = shipped_contexts("native"), 1
    while True:
        for context in contexts:
            yield context if lap == 1 else replace(context, name=f"{context.name}_{lap}")
        lap += 1


def native_study(
    contexts: Sequence[DecisionContext],
    choices: int,
    reports: int,
    seed: int,
    stages: Sequence[StagePlan],
) -> PreparedStudy:
    """Return the study of native contexts that `prepare_study` would write, without writing it.

    Parameters
    ----------
    contexts
        The contexts.
    choices, reports
        Decisions and reports asked in each.
    seed
        Seed of the trials. Those of fewer contexts, choices or reports are among those of more.
    stages
        What each stage of a model is asked.

    Examples
    --------
    >>> study = native_study(numbered_contexts(2), 3, 1, seed=1, stages=())
    >>> [trial.id for trial in study.trials][-1]
    'report/native/cross_country_footrace/1'
    """
    return PreparedStudy(
        folder=Path("simulated"),
        name="simulated",
        seed=seed,
        counts=Counts(native_choices=choices, reports=reports),
        parser=NEWEST["strict"].name,
        contexts={"instilled": [], "native": list(contexts)},
        targets={},
        trials=list(
            draw_trials(contexts, "native", {"decision": choices, "report": reports}, seed)
        ),
        templates={task: shipped_template(f"{task}-1") for task in ("decision", "report")},
        stages=tuple(stages),
    )


def answers_of(
    prepared: PreparedStudy, model: Model, maker: DecisionMaker, mute: Collection[str] = ()
) -> Iterator[StoredReply]:
    """Yield what a decision maker replies to all that a stage of a model is asked.

    Each trial has noise of its own, so that more of them change no other reply.

    Parameters
    ----------
    prepared
        The study.
    model
        Whom the decision maker plays.
    maker
        Who replies.
    mute
        Contexts in which it never gives a valid report.
    """
    plans = {(plan.stage, plan.trained_on): plan for plan in prepared.stages}
    asked = set(plans[model.stage, model.trained_on].asked)
    muted = replace(maker, introspection=replace(maker.introspection, invalid_rate=1.0))
    for trial in prepared.trials:
        if (trial.task, trial.context_set) not in asked:
            continue
        context = maker.contexts[trial.context]
        noise = random.Random(f"{maker.seed}/{maker.name}/{trial.id}")  # noqa: S311
        if trial.task == "decision":
            text, reason = maker.choose(context, trial.options, noise), "stop"
        else:
            text, reason = (muted if trial.context in mute else maker).report(context, noise)
        yield StoredReply(
            model.base_model, model.name, model.stage, model.trained_on, trial.id, text, reason
        )
