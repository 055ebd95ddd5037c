"""Ablations of a study: which decisions are ablated, fixed before any is asked."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.ablation_file import ABLATIONS_FILE, write_ablations
from introspect_bayes.protocol.prompts import read_template
from introspect_bayes.protocol.study_folder import (
    ABLATION_TEMPLATE,
    PreparedStudy,
    read_study_folder,
)
from introspect_bayes.protocol.trials import draw_ablations

PER_CONTEXT: Final = 5
"""Decisions ablated in each context if not told otherwise."""


def with_ablations(
    study: PreparedStudy, per_context: int | None = None, template: Path | None = None
) -> PreparedStudy:
    """Return a study with its ablations, writing nothing.

    Parameters
    ----------
    study
        A prepared study, with ablations or without.
    per_context
        Decisions ablated in each context; as many as before, or 5, if not given.
    template
        File of the prompt template of the ablation question, instead of the shipped one.

    Raises
    ------
    InputError
        If ablations that are there already would be dropped or asked otherwise, or there is no
        decision to ablate.
    """
    if template is not None:
        read = read_template(template)
        if read.task != "ablation":
            msg = f"{template}: a {read.task} template; an ablation template is needed"
            raise InputError(msg)
        if study.ablations and read != study.templates["ablation"]:
            msg = (
                f"{study.folder}: the ablation question is fixed already, as in prompts/"
                f"{ABLATION_TEMPLATE}; leave the template out, or prepare another study"
            )
            raise InputError(msg)
        study = replace(study, templates={**study.templates, "ablation": read})
    if per_context is None and study.ablations:
        return study
    if per_context is not None and per_context < 1:
        msg = f"{per_context} ablated decisions per context: must be 1 or more"
        raise InputError(msg)
    contexts = [context for members in study.contexts.values() for context in members]
    drawn = draw_ablations(contexts, study.trials, per_context or PER_CONTEXT, study.seed)
    if not drawn:
        msg = f"{study.folder}: no decision whose options differ in every attribute, to ablate"
        raise InputError(msg)
    if not set(study.ablations) <= set(drawn):
        msg = (
            f"{study.folder}: more decisions are ablated already than {per_context} in each "
            f"context, see {ABLATIONS_FILE}; ablations may be added, but are never dropped"
        )
        raise InputError(msg)
    return replace(study, ablations=tuple(drawn))


def prepare_ablations(
    folder: str | Path, per_context: int | None = None, template: Path | None = None
) -> PreparedStudy:
    """Fix which decisions of a study are ablated: ``ablations.csv`` and ``prompts/ablation.toml``.

    `collect_replies` with task "ablation" does this if it was not done before. What is drawn
    depends on the study's seed alone; asking for more later adds to what is there.

    Parameters
    ----------
    folder
        A study folder.
    per_context, template
        See `with_ablations`.

    Raises
    ------
    InputError
        See `with_ablations`; also if the folder is none or cannot be written.

    Examples
    --------
    >>> prepare_ablations("my-study", per_context=10)  # doctest: +SKIP
    """
    before = read_study_folder(Path(folder))
    study = with_ablations(before, per_context, template)
    if before.ablations == study.ablations:
        return study
    contexts = {c.name: c for members in study.contexts.values() for c in members}
    prompt = study.folder / "prompts" / ABLATION_TEMPLATE
    try:
        # What lies there already was read with the study.
        if template is not None or not prompt.exists():
            source = template or shipped_folder("data") / "prompts" / "ablation-1.toml"
            prompt.write_bytes(source.read_bytes())
        write_ablations(study.ablations, contexts, study.folder / ABLATIONS_FILE)
    except OSError as error:
        msg = f"{study.folder}: the ablations cannot be written: {error.strerror}"
        raise InputError(msg) from error
    return study
