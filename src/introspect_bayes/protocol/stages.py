"""Stages of a model, and what each is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from introspect_bayes.protocol.trials import Task

Stage = Literal["off-the-shelf", "weight-trained", "introspection-trained"]
ContextSet = Literal["instilled", "native"]
TrainedOn = Literal["", "first", "last", "all"]

STAGES: Final[tuple[str, ...]] = Stage.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage of a model is asked.

    Attributes
    ----------
    stage, trained_on
        The stage, and which instilled contexts introspection training used: the first half,
        the last half, or all.
    asked
        Pairs of task and context set.
    """

    stage: Stage
    trained_on: TrainedOn
    asked: tuple[tuple[Task, str], ...]

    @property
    def name(self) -> str:
        """Stage and training set, such as ``introspection-trained first``."""
        return f"{self.stage} {self.trained_on}".strip()


PAPER_STAGES: Final = (
    StagePlan("off-the-shelf", "", (("report", "instilled"),)),
    StagePlan(
        "weight-trained",
        "",
        (
            ("decision", "instilled"),
            ("decision", "native"),
            ("report", "instilled"),
            ("report", "native"),
        ),
    ),
    StagePlan("introspection-trained", "first", (("report", "instilled"),)),
    StagePlan("introspection-trained", "last", (("report", "instilled"),)),
    StagePlan("introspection-trained", "all", (("report", "native"),)),
)
"""The paper's stages: who is asked what. The two halves report on the half not trained on."""

STUDY_STAGES: Final = (
    StagePlan(
        "off-the-shelf", "", (("report", "instilled"), ("decision", "native"), ("report", "native"))
    ),
    *PAPER_STAGES[1:],
)
"""The paper's stages, and native choices and reports of the untouched model, so that a model that
cannot be trained can be studied too."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that answers, and where it comes from.

    Attributes
    ----------
    name
        As its server calls it.
    base_model
        What the stages of one model have in common.
    stage, trained_on
        See `StagePlan`.
    parent
        Name of the model that training started from; empty for an untrained one.
    training_sha256
        SHA-256 of the training file; empty if unknown or untrained.
    """

    name: str
    base_model: str
    stage: Stage = "off-the-shelf"
    trained_on: TrainedOn = ""
    parent: str = ""
    training_sha256: str = ""


def held_out(contexts: Sequence[str], trained_on: TrainedOn) -> set[str]:
    """Return the contexts that introspection training did not use.

    Examples
    --------
    >>> sorted(held_out(["a", "b", "c", "d"], "first"))
    ['c', 'd']
    """
    half = len(contexts) // 2
    used = {"": [], "first": contexts[:half], "last": contexts[half:], "all": contexts}[trained_on]
    return set(contexts) - set(used)
