"""Files that commands write: checked before the work, and written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

from introspect_bayes.errors import InputError


def check_writable(*files: Path | None) -> None:
    """Fail before the work rather than after it.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or file.is_dir():
            msg = f"{file}: cannot be written; is its folder there and writable?"
            raise InputError(msg)


def write_json(file: Path | None, content: Any) -> None:
    """Write JSON, if a file is named."""
    if file is not None:
        write_text(file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a text file in one go."""
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
