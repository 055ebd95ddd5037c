"""A study to learn with that is there on any machine."""

import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from introspect_bayes.constants import __version__
from introspect_bayes.errors import InputError
from introspect_bayes.places import cache_root, shipped_folder
from introspect_bayes.study import load_study
from introspect_bayes.study.download import find_paper_data, identity
from introspect_bayes.study.frames import Study

SIMULATED: Final = "simulated"
"""Name of the study that stands in for the paper's."""

SEED: Final = 1
"""Seed of the simulated study, that of `introspect-bayes demo`."""


def example_study() -> Study:
    """Return the paper's data where it is within reach, else a simulated study of its size.

    Says in one line which of the two it is. The simulated one, whose name is `SIMULATED`, is that
    of ``introspect-bayes demo``; it is made in a few seconds and kept in the user's cache.

    Raises
    ------
    InputError
        If the environment variable ``INTROSPECT_BAYES_DATA`` names no folder, a file of the
        paper's data is damaged, or the cache cannot be written: only a missing network is no
        error.

    Examples
    --------
    >>> study = example_study()  # doctest: +SKIP
    The paper's data: all 31 files identical to the authors' commit 1b723c6.
    """
    from requests import RequestException

    try:
        folder = find_paper_data()
    except InputError as error:
        if not isinstance(error.__cause__, RequestException):
            raise
        reason = type(error.__cause__).__name__
        _say(f"The paper's data is out of reach ({reason}): a simulated study of its size instead.")
        return replace(load_study(_simulated()), name=SIMULATED)
    _say(f"The paper's data: {identity(folder) or 'none of its files, but what you named'}.")
    return load_study(folder)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - whoever reads a notebook must know what its numbers are of


def _simulated() -> Path:
    """Return the folder of the simulated study, made once for each state of its ingredients."""
    from introspect_bayes.simulate import SimulatedDesign, simulate_study

    data = shipped_folder("data")
    kinds = ("demo.toml", "contexts/*", "prompts/*")
    ingredients = sorted(path for kind in kinds for path in data.glob(kind))
    digest = sha256(b"".join(path.read_bytes() for path in ingredients)).hexdigest()
    folder = cache_root() / f"{SIMULATED}-{__version__}-{digest[:7]}"
    if folder.is_dir():
        return folder
    # Made aside and moved: a study that was interrupted half-way must not be found again.
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch) / folder.name
        simulate_study(whole, SimulatedDesign.shipped(), SEED)
        try:
            whole.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder
