"""What is trained on what, and the key that names it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.stages import Stage, TrainedOn

_KEY_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What a training job is told; what is None is left to the server.

    Parameters
    ----------
    epochs, batch_size, learning_rate_multiplier
        As the server understands them.
    seed
        Seed of the job.
    suffix
        Part of the trained model's name; it changes nothing else, so it is no part of the
        training's key.
    """

    epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    seed: int = 4
    suffix: str = ""

    @property
    def given(self) -> dict[str, int | float]:
        """What is not left to the server, as it names it."""
        rate = self.learning_rate_multiplier
        named = {
            "n_epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate_multiplier": None if rate is None else float(rate),
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """A file to train on or to validate with, as it was read."""

    role: str
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is trained on what.

    Attributes
    ----------
    parent
        Name of the model that training starts from.
    stage, trained_on
        What the model becomes.
    files
        The training file, and a validation file if there is one.
    hyperparameters
        See `Hyperparameters`.
    """

    parent: str
    stage: Stage
    trained_on: TrainedOn
    files: tuple[TrainingFile, ...]
    hyperparameters: Hyperparameters

    @property
    def description(self) -> dict[str, Any]:
        """All that decides what comes out."""
        return {
            "parent": self.parent,
            "stage": self.stage,
            "trained_on": self.trained_on,
            "files": {file.role: file.sha256 for file in self.files},
            "hyperparameters": self.hyperparameters.given,
            "seed": self.hyperparameters.seed,
        }

    @property
    def key(self) -> str:
        """Name of the training, by which its job is recognized at the server."""
        text = json.dumps(
            self.description, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


def read_training_files(path: Path) -> tuple[TrainingFile, ...]:
    """Read a training file, and the validation file beside it if it is there and not empty.

    Raises
    ------
    InputError
        If there is no training file, or an empty one.
    """
    files = []
    for role, file in (
        ("training", path),
        ("validation", path.with_name(f"{path.stem}_validation{path.suffix}")),
    ):
        content = file.read_bytes() if file.is_file() else b""
        if content.strip():
            files.append(TrainingFile(role, file.name, content))
        elif role == "training":
            msg = (
                f"{file}: no such file, or an empty one; a study has training files if it was "
                "prepared with instilled contexts"
            )
            raise InputError(msg)
    return tuple(files)
