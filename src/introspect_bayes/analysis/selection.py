"""Choosing by id: one rule wherever figures, checks or comparisons can be named."""

from collections.abc import Collection, Iterable

from introspect_bayes.errors import InputError, closest


def select_ids(ids: Iterable[str], only: Collection[str], what: str = "figure") -> list[str]:
    """Return the ids that are named: exactly, or by a beginning that ends before a dot.

    Parameters
    ----------
    ids
        All ids, such as "e1.acc.4o".
    only
        Ids and beginnings, such as "e1.acc" or "e1"; all ids if empty.
    what
        What an id is of, for the message.

    Returns
    -------
    list of str
        In the order of `ids`, each once.

    Raises
    ------
    InputError
        If a name matches nothing; the message has the nearest that would, and all ids.

    Examples
    --------
    >>> select_ids(["e1.acc.4o", "e1.acc.mini", "e2.effect"], ["e1.acc"])
    ['e1.acc.4o', 'e1.acc.mini']
    """
    known = list(dict.fromkeys(ids))
    for name in only:
        if not any(_matches(one, name) for one in known):
            msg = f"no {what} {name!r}{closest(name, _beginnings(known), known)}"
            raise InputError(msg)
    return [one for one in known if not only or any(_matches(one, name) for name in only)]


def _matches(one: str, name: str) -> bool:
    return one == name or one.startswith(f"{name}.")


def _beginnings(ids: Iterable[str]) -> list[str]:
    """Return all that names an id: itself, and what stands before each of its dots."""
    parts = [one.split(".") for one in ids]
    named = (".".join(p[:size]) for p in parts for size in range(1, len(p) + 1))
    return list(dict.fromkeys(named))
