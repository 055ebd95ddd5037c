"""What a study was asked with before, and goes on with, so that no request's identity changes."""

import json
from dataclasses import replace

from introspect_bayes.protocol.prompts import PromptTemplate
from introspect_bayes.protocol.requests import canonical
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.store import Store


def as_asked_before(study: PreparedStudy, store: Store | None) -> PreparedStudy:
    """Return a study whose empty system prompts are messages if they were so before.

    New studies make no message of an empty system prompt; earlier versions made one, in what was
    asked and in what models were trained on.

    Parameters
    ----------
    study, store
        As of `planning.plan_collection`.
    """
    empty = [t for t in study.templates.values() if not t.has_system_message]
    if not any(_was_asked(store, t) or _was_trained_on(study, t) for t in empty):
        return study
    templates = {
        task: replace(template, keeps_empty_system=True) if template in empty else template
        for task, template in study.templates.items()
    }
    return replace(study, templates=templates)


def _was_asked(store: Store | None, template: PromptTemplate) -> bool:
    message = canonical(template.system_message)
    return store is not None and store.planned_with(message)


def _was_trained_on(study: PreparedStudy, template: PromptTemplate) -> bool:
    path = study.folder / "training" / "preferences.jsonl"
    if not path.is_file():
        return False
    with path.open(encoding="utf-8") as file:
        return json.dumps(template.system_message) in file.readline()
