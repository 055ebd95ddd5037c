"""Whether two names are names of one model."""

import re
from typing import Final

_ADDED: Final = re.compile(
    r"(?<=.)(?:[-@](?P<date>\d{4}-\d{2}(?:-\d{2})?|\d{4,8}|00\d)|[-:](?:latest|free)|\.gguf)$"
)
"""What a server adds to a name or leaves out, and the model stays the same: the date of a
snapshot, that it is the latest or costs nothing, the ending of its file."""

_TAG: Final = re.compile(r":[\w.-]+$")


def is_same_model(asked: str, answered: str | None) -> bool:
    """Return whether a server that was asked for one model may call it so.

    A dated snapshot, ``latest`` and ``free``, and a path or an organisation are the same model,
    whichever of the two names has them; so is an answer with a tag where none was asked for. Two
    dates or two tags are two models.

    Examples
    --------
    >>> is_same_model("gpt-4o", "gpt-4o-2024-08-06"), is_same_model("gpt-4o", "gpt-4o-mini")
    (True, False)
    >>> is_same_model("x:latest", "x:free"), is_same_model("x:7b", "x:70b")
    (True, False)
    """
    if answered is None:
        return True
    (first, date), (second, other_date) = named(asked), named(answered)
    if date and other_date and date != other_date:
        return False
    return first in {second, _TAG.sub("", second)}


def named(name: str) -> tuple[str, str]:
    """Return a model's name without what servers add to it, and its date.

    Examples
    --------
    >>> named("OpenAI/GPT-4o-2024-08-06:free")
    ('gpt-4o', '2024-08-06')
    """
    date = ""
    name = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].casefold()
    while (added := _ADDED.search(name)) is not None and not (date and added["date"]):
        date = added["date"] or date
        name = name[: added.start()]
    return name, date
