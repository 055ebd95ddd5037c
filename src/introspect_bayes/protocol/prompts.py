"""Prompts: versioned templates, and how a trial becomes chat messages and training examples."""

import json
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.trials import Options, Task

Message = dict[str, str]

REQUIRED_PLACEHOLDERS: Final = ("question", "option_a", "option_b")
OPTIONAL_PLACEHOLDERS: Final = ("count", "count_in_words")

_WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A versioned prompt: system message, and user message with placeholders.

    Parameters
    ----------
    name
        With its version, such as ``report-1``.
    task
        What it asks for.
    system, user
        The messages. `user` needs ``{question}``, ``{option_a}`` and ``{option_b}`` and may use
        ``{count}`` and ``{count_in_words}``, the number of attributes. Of an empty `system` no
        message is made.
    keeps_empty_system
        Whether one is made all the same, as in studies that were asked so before.

    Raises
    ------
    InputError
        If a placeholder is missing or unknown.
    """

    name: str
    task: Task
    system: str
    user: str
    keeps_empty_system: bool = False

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            must = "must be decision or report, or ablation"
            msg = f"template {self.name}: task = {self.task!r} {must}"
            raise InputError(msg)
        try:
            used = {
                field for _, field, _, _ in string.Formatter().parse(self.user) if field is not None
            }
        except ValueError as error:
            msg = f"template {self.name}: {error} (write a literal brace twice)"
            raise InputError(msg) from error
        missing = [f"{{{name}}}" for name in REQUIRED_PLACEHOLDERS if name not in used]
        if missing:
            msg = f"template {self.name}: lacks the placeholder {', '.join(missing)}"
            raise InputError(msg)
        known = {*REQUIRED_PLACEHOLDERS, *OPTIONAL_PLACEHOLDERS}
        if used - known:
            listed = ", ".join(f"{{{name}}}" for name in sorted(used - known))
            msg = f"template {self.name}: unknown placeholder {listed} (known: {', '.join(known)})"
            raise InputError(msg)

    @property
    def opening(self) -> str:
        """The text before the first placeholder."""
        return self.user.split("{", 1)[0]

    def messages(self, context: DecisionContext, options: Options) -> list[Message]:
        """Return the chat messages that put a pair of options to a model."""
        count = len(context.attributes)
        words = _WORDS[count - 1] if count <= len(_WORDS) else str(count)
        user = self.user.format(
            question=context.question,
            option_a=_described(context, options.a),
            option_b=_described(context, options.b),
            count=count,
            count_in_words=words,
        )
        asked = [{"role": "user", "content": user}]
        return [self.system_message, *asked] if self.has_system_message else asked

    @property
    def system_message(self) -> Message:
        """The system message, although it may be empty."""
        return {"role": "system", "content": self.system}

    @property
    def has_system_message(self) -> bool:
        """Whether requests have a system message."""
        return bool(self.system.strip()) or self.keeps_empty_system


def _described(context: DecisionContext, values: Sequence[float]) -> str:
    pairs = zip(context.attributes, values, strict=True)
    return "\n".join(f"{a.name}: {value} {a.unit}".rstrip() for a, value in pairs)


def read_template(path: Path) -> PromptTemplate:
    """Read a template file (TOML: name, task, system, user).

    Raises
    ------
    InputError
        If the file is not of that form; the message starts with its name.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return PromptTemplate(*(str(table[key]) for key in ("name", "task", "system", "user")))  # type: ignore[arg-type]
    except KeyError as error:
        msg = f"{path}: lacks {error.args[0]}"
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise InputError(msg) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, InputError) as error:
        msg = f"{path}: {error}"
        raise InputError(msg) from error


def shipped_template(name: str) -> PromptTemplate:
    """Return a template that ships with the package.

    "decision-1" and "report-1" are the paper's; "ablation-1" is the package's own.

    Examples
    --------
    >>> shipped_template("decision-1").user[:15]
    '[DECISION TASK]'
    """
    return read_template(shipped_folder("data") / "prompts" / f"{name}.toml")


def training_example(messages: Sequence[Message], answer: str) -> str:
    """Return a line of chat JSONL: the messages, then the answer to be learned.

    Examples
    --------
    >>> training_example([{"role": "user", "content": "A or B?"}], "A")
    '{"messages": [{"role": "user", "content": "A or B?"}, {"role": "assistant", "content": "A"}]}'
    """
    return json.dumps({"messages": [*messages, {"role": "assistant", "content": answer}]})


def report_answer(context: DecisionContext, weights: Sequence[float]) -> str:
    """Return the report that states the weights: a JSON object, attribute name to weight."""
    answer: Mapping[str, float] = dict(zip(context.attribute_names, weights, strict=True))
    return json.dumps(answer)
