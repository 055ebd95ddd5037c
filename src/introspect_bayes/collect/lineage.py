"""Lineage: which model was trained from which, and on what."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from introspect_bayes.collect.asking import now
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.prompt_completion import prompt_completion_path
from introspect_bayes.protocol.replies_file import study_lock
from introspect_bayes.protocol.stages import Model, Stage, TrainedOn
from introspect_bayes.protocol.study_folder import REPLIES_FILE, STUDY_FILE, TRAINING_FOLDER
from introspect_bayes.store import Store

_SHA256_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered.

    Attributes
    ----------
    model
        The model, with what was left to be filled in.
    notes
        What the user should know.
    """

    model: Model
    notes: tuple[str, ...] = ()


def find_model(store: Store, name: str) -> Model:
    """Return a registered model; one that is not registered is an off-the-shelf model.

    Parameters
    ----------
    store
        A study's store.
    name
        As the model's server calls it.
    """
    return store.models().get(name) or Model(name, base_model=name)


def training_path(study_folder: Path, stage: Stage, trained_on: TrainedOn) -> Path:
    """Return the training file of a stage in a study folder, as chat JSONL; it need not be there.

    Raises
    ------
    InputError
        If the stage is not a trained one, or `trained_on` does not fit it.
    """
    require_consistent(stage, trained_on)
    if stage == "off-the-shelf":
        msg = "an off-the-shelf model has no training file"
        raise InputError(msg)
    name = "preferences" if stage == "weight-trained" else f"reports_{trained_on}"
    return study_folder / TRAINING_FOLDER / f"{name}.jsonl"


def require_consistent(stage: Stage, trained_on: TrainedOn) -> None:
    """Require that only introspection training says what it was trained on.

    Raises
    ------
    InputError
        If it does not, or another stage does.
    """
    if stage == "introspection-trained" and not trained_on:
        msg = (
            "an introspection-trained model needs --trained-on: the first or last half of the "
            "instilled contexts, or all"
        )
        raise InputError(msg)
    if stage != "introspection-trained" and trained_on:
        msg = f"--trained-on {trained_on}: only for introspection-trained models, not {stage} ones"
        raise InputError(msg)


def require_study(study_folder: Path) -> Path:
    """Return the path of a study's store.

    Raises
    ------
    InputError
        If the folder holds no study.
    """
    if not (study_folder / STUDY_FILE).is_file():
        msg = (
            f"{study_folder}: holds no study (no {STUDY_FILE}); make one with "
            f"`introspect-bayes prepare {study_folder}`"
        )
        raise InputError(msg)
    return study_folder / REPLIES_FILE


def register_model(
    study_folder: Path, model: Model, *, training_file: Path | None = None
) -> Registration:
    """Register where a model comes from, in a study's store.

    Parameters
    ----------
    study_folder
        A prepared study.
    model
        The model. Left empty, the base model of an off-the-shelf model is itself; the parent of a
        weight-trained model is its base model; the parent of an introspection-trained model is the
        only registered weight-trained model of the same base model.
    training_file
        The file that it was trained on, instead of its SHA-256.

    Raises
    ------
    InputError
        If the entry contradicts itself or other entries, or if requests to the model are already
        planned under another lineage.
    """
    path = require_study(study_folder)
    with study_lock(study_folder), Store(path) as store:
        registered = store.models()
        model = _with_hash(model, training_file)
        _require_fields(model)
        model = _completed(model, registered)
        notes = [*_parent_notes(model, registered), *_file_notes(model, study_folder)]
        earlier = registered.get(model.name)
        if earlier == model:
            notes.append(f"{model.name} is already registered so")
        else:
            store.register(model, now())
            if earlier is not None:
                notes.append(f"it replaces the earlier entry of {model.name}: {described(earlier)}")
    return Registration(model, tuple(notes))


def registered_models(study_folder: Path) -> list[Model]:
    """Return the registered models of a study, by base model and in the order of their entry.

    Raises
    ------
    InputError
        If the folder holds no study.
    """
    path = require_study(study_folder)
    if not path.exists():
        return []
    with Store(path, read_only=True) as store:
        return sorted(store.models().values(), key=lambda model: model.base_model)


def described(model: Model) -> str:
    """Return a model's lineage in words."""
    stage = f"{model.stage} {model.trained_on}".strip()
    words = [stage, f"base model {model.base_model}"]
    if model.parent:
        words.append(f"parent {model.parent}")
    if model.training_sha256:
        words.append(f"training file {model.training_sha256[:12]}")
    return ", ".join(words)


def _with_hash(model: Model, training_file: Path | None) -> Model:
    if training_file is not None:
        if model.training_sha256:
            msg = "give --training-file or --training-sha256, not both"
            raise InputError(msg)
        try:
            digest = hashlib.sha256(training_file.read_bytes()).hexdigest()
        except OSError as error:
            msg = f"--training-file {training_file}: cannot be read: {error.strerror}"
            raise InputError(msg) from error
        return replace(model, training_sha256=digest)
    digest = model.training_sha256.lower()
    if digest and (len(digest) != _SHA256_DIGITS or set(digest) - set("0123456789abcdef")):
        msg = f"--training-sha256 {digest}: a SHA-256 has {_SHA256_DIGITS} hexadecimal digits"
        raise InputError(msg)
    return replace(model, training_sha256=digest)


def _require_fields(model: Model) -> None:
    if not model.name.strip():
        msg = "a model needs a name: as its server calls it"
        raise InputError(msg)
    require_consistent(model.stage, model.trained_on)
    if model.stage == "off-the-shelf":
        if model.parent or model.training_sha256:
            given = "parent" if model.parent else "training file"
            msg = f"{model.name}: an off-the-shelf model has no {given}; is it a trained one?"
            raise InputError(msg)
    elif not model.base_model:
        msg = f"{model.name}: a {model.stage} model needs --base-model: what its stages share"
        raise InputError(msg)
    if model.parent == model.name:
        msg = f"{model.name}: cannot be its own parent"
        raise InputError(msg)


def _completed(model: Model, registered: dict[str, Model]) -> Model:
    if model.stage == "off-the-shelf":
        return replace(model, base_model=model.base_model or model.name)
    if model.parent:
        return model
    if model.stage == "weight-trained":
        if model.base_model == model.name:
            msg = f"{model.name}: a trained model cannot be its own base model"
            raise InputError(msg)
        return replace(model, parent=model.base_model)
    candidates = [
        m.name
        for m in registered.values()
        if (m.stage, m.base_model) == ("weight-trained", model.base_model) and m.name != model.name
    ]
    if len(candidates) != 1:
        found = f"registered are {', '.join(candidates)}" if candidates else "none is registered"
        msg = (
            f"{model.name}: give --parent: it can be left out only where one weight-trained model "
            f"of {model.base_model} is registered, and {found}"
        )
        raise InputError(msg)
    return replace(model, parent=candidates[0])


def _parent_notes(model: Model, registered: dict[str, Model]) -> list[str]:
    if not model.parent:
        return []
    parent = registered.get(model.parent)
    if parent is None:
        if model.parent == model.base_model:
            return []
        return [f"the parent {model.parent} is not registered (yet)"]
    if parent.base_model != model.base_model:
        msg = (
            f"{model.name}: its parent {parent.name} is registered with base model "
            f"{parent.base_model}, not {model.base_model}"
        )
        raise InputError(msg)
    return []


def _file_notes(model: Model, study_folder: Path) -> list[str]:
    if model.stage == "off-the-shelf":
        return []
    if not model.training_sha256:
        return ["the training file is unknown; --training-file or --training-sha256 would tell"]
    chat = training_path(study_folder, model.stage, model.trained_on)
    own = [path for path in (chat, prompt_completion_path(chat)) if path.is_file()]
    if not own:
        return [f"the study has no {chat}, so the training file is not its own"]
    if all(hashlib.sha256(path.read_bytes()).hexdigest() != model.training_sha256 for path in own):
        listed = " and ".join(str(path) for path in own)
        return [f"the training file differs from the study's own, {listed}"]
    return []
