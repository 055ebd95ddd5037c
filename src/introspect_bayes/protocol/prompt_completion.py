"""Training examples as prompt and completion: for trainers that would learn a whole conversation.

A trainer that gets chat JSONL may compute its loss on every message, the question included. From
prompt/completion JSONL it learns the answer only. Each training has a folder of its own, with one
file for training and at most one for validation, because trainers that are given a folder take
every file in it.
"""

import json
from pathlib import Path
from typing import Final

from introspect_bayes.errors import InputError

FOLDER: Final = "prompt_completion"
TRAIN_FILE: Final = "train.jsonl"
VALIDATION_FILE: Final = "validation.jsonl"

_VALIDATION_ENDINGS: Final = ("_validation", "_val")
"""Of our own files, and of the paper's."""


def prompt_completion_path(chat_file: Path) -> Path:
    """Return where the examples of a chat JSONL file lie as prompt and completion.

    Examples
    --------
    >>> prompt_completion_path(Path("training/preferences.jsonl")).as_posix()
    'training/prompt_completion/preferences/train.jsonl'
    >>> prompt_completion_path(Path("training/preferences_validation.jsonl")).as_posix()
    'training/prompt_completion/preferences/validation.jsonl'
    """
    for ending in _VALIDATION_ENDINGS:
        if chat_file.stem.endswith(ending):
            training = chat_file.stem.removesuffix(ending)
            return chat_file.parent / FOLDER / training / VALIDATION_FILE
    return chat_file.parent / FOLDER / chat_file.stem / TRAIN_FILE


def prompt_completion(line: str) -> str:
    """Return a line of chat JSONL as one of prompt and completion: the last message is learned.

    Raises
    ------
    InputError
        If the line is no conversation that ends with the assistant's answer.

    Examples
    --------
    >>> chat = '{"messages": [{"role": "user"}, {"role": "assistant", "content": "B"}]}'
    >>> prompt_completion(chat)
    '{"prompt": [{"role": "user"}], "completion": [{"role": "assistant", "content": "B"}]}'
    """
    try:
        messages = json.loads(line)["messages"]
        *prompt, answer = messages
        learned = prompt and answer["role"] == "assistant"
    except (ValueError, KeyError, TypeError, RecursionError):
        learned = False
    if not learned:
        msg = "no conversation in chat JSONL that ends with the assistant's answer"
        raise InputError(msg)
    return json.dumps({"prompt": prompt, "completion": [answer]})


def write_prompt_completion(folder: Path, *, force: bool = False) -> list[Path]:
    """Write the chat JSONL files of a folder as prompt/completion files in folders beside them.

    Parameters
    ----------
    folder
        A folder with chat JSONL: `training/` of a study, or the paper's material.
    force
        Whether to overwrite such files of an earlier time.

    Returns
    -------
    list of Path
        The files written: `prompt_completion/NAME/train.jsonl`, and `validation.jsonl` where
        there are validation examples.

    Raises
    ------
    InputError
        If the folder holds no chat JSONL, a line of it is malformed, or files would be
        overwritten; nothing is written then.
    """
    if (folder / FOLDER).exists() and not force:
        msg = f"{folder / FOLDER}: is there already; --force writes it anew"
        raise InputError(msg)
    texts = {
        prompt_completion_path(path): lines
        for path in sorted(folder.glob("*.jsonl"))
        if (lines := _converted(path))
    }
    if not texts:
        msg = (
            f"{folder}: holds no training files (chat JSONL); a study has them if it was prepared "
            "with instilled contexts"
        )
        raise InputError(msg)
    try:
        for path, lines in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    except OSError as error:
        msg = f"{folder / FOLDER}: cannot be written: {error.strerror}"
        raise InputError(msg) from error
    return list(texts)


def _converted(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise InputError(msg) from error
    converted = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            converted.append(prompt_completion(line))
        except InputError as error:
            msg = f"{path}, line {number}: {error}"
            raise InputError(msg) from None
    return converted
