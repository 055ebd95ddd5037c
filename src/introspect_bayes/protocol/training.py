"""Training files: the same examples as chat JSONL and as prompt/completion JSONL."""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from introspect_bayes.constants import PLAIN_NUMBER
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.paper_material import Weights
from introspect_bayes.protocol.prompt_completion import write_prompt_completion
from introspect_bayes.protocol.prompts import PromptTemplate, report_answer, training_example
from introspect_bayes.protocol.trials import Task, draw_options, noiseless_choice

README_FILE: Final = "README.md"
_README: Final = """\
# Training files

The same examples in two forms; a trainer gets one of them.

- `NAME.jsonl`, chat JSONL: for hosted fine-tuning (`introspect-bayes train`), which learns only the
  answer. A trainer of your own may learn the whole conversation from it, the question included.
- `prompt_completion/NAME/`, prompt/completion JSONL: for TRL and other trainers of your own, which
  learn only the answer from it. Give them the folder of one training, or the one file `train.jsonl`
  in it; `validation.jsonl`, where there is one, is not for training.

| NAME | what it trains | goes on from |
| --- | --- | --- |
| `preferences` | choices that follow the target weights | the base model |
| `reports_first` | reports in the first half of the instilled contexts | the weight-trained model |
| `reports_last` | reports in the other half | the weight-trained model |
| `reports_all` | reports in all instilled contexts | the weight-trained model |
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of everything, per context.

    Attributes
    ----------
    instilled_choices, native_choices
        Decisions asked in each instilled and each native context.
    reports
        Reports asked in each context of every set of reports.
    examples, validation
        Preference examples for training and for validation.
    """

    instilled_choices: int = 50
    native_choices: int = 100
    reports: int = 10
    examples: int = 50
    validation: int = 10

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < (0 if name == "validation" else 1):
                msg = f"{name} = {value}: too few"
                raise InputError(msg)


def write_training(  # noqa: PLR0913, PLR0917 - everything that training files are made of
    folder: Path,
    contexts: Sequence[DecisionContext],
    templates: Mapping[Task, PromptTemplate],
    counts: Counts,
    seed: int,
    targets: Weights,
    answers: Weights,
) -> None:
    """Write the training files of a study, in both forms: preferences with validation, and reports.

    Parameters
    ----------
    folder
        New folder for the files.
    contexts
        The instilled contexts.
    templates
        Prompt templates by task.
    counts
        Examples per context.
    seed
        The study's seed.
    targets, answers
        Weights that choices follow, and weights that reports state.
    """
    folder.mkdir()
    preferences: tuple[list[str], list[str]] = ([], [])
    reports = []
    for context in contexts:
        generator = random.Random(f"{seed}/examples/{context.name}")  # noqa: S311
        for number in range(counts.examples + counts.validation):
            options = draw_options(context, generator)
            choice = noiseless_choice(context, targets[context.name], options)
            line = training_example(templates["decision"].messages(context, options), choice)
            preferences[number >= counts.examples].append(line)
        messages = templates["report"].messages(context, draw_options(context, generator))
        reports.append(training_example(messages, report_answer(context, answers[context.name])))
    half = len(contexts) // 2
    files = {
        "preferences.jsonl": preferences[0],
        "preferences_validation.jsonl": preferences[1],
        "reports_first.jsonl": reports[:half],
        "reports_last.jsonl": reports[half:],
        "reports_all.jsonl": reports,
    }
    for name, lines in files.items():
        (folder / name).write_text(
            "".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n"
        )
    (folder / README_FILE).write_text(_README, encoding="utf-8", newline="\n")
    write_prompt_completion(folder)


def learned_answers(
    contexts: Sequence[DecisionContext], learned: Mapping[str, Sequence[float]]
) -> Weights:
    """Return learned weights as the answers of introspection examples.

    Raises
    ------
    InputError
        If a context lacks them.
    """
    answers = {}
    for context in contexts:
        if len(learned.get(context.name, ())) != len(context.attributes):
            msg = f"learned weights: none, or not one per attribute, for context {context.name!r}"
            raise InputError(msg)
        answers[context.name] = tuple(round(weight) for weight in learned[context.name])
    return answers


def _number(text: str) -> float:
    if not PLAIN_NUMBER.fullmatch(text):
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    return float(text)


def read_learned_weights(path: Path) -> dict[str, tuple[float, ...]]:
    """Read learned weights of one base model: CSV columns context, position, weight.

    Of a file that has the column context_set too (`analyze --weights-csv`), the instilled contexts.

    Raises
    ------
    InputError
        If a column is missing, a weight is no number, or a weight is stated twice (several base
        models in one file: keep the rows of one).
    """
    found: dict[str, dict[int, float]] = {}
    doubled = ""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                if row.get("context_set", "instilled") != "instilled":
                    continue
                weights = found.setdefault(row["context"], {})
                position, weight = int(row["position"]), _number(row["weight"])
                doubled = doubled or (f"line {line}" if position in weights else "")
                weights[position] = weight
    except KeyError as error:
        msg = f"{path.name}: missing column {error.args[0]}"
        raise InputError(msg) from error
    except (OSError, ValueError, csv.Error) as error:
        msg = f"{path.name}: {error}"
        raise InputError(msg) from error
    if doubled:
        msg = f"{path.name}, {doubled}: a second weight for the same attribute; keep one base model"
        raise InputError(msg)
    return {name: tuple(w[k] for k in sorted(w)) for name, w in found.items()}
