"""The examples in docstrings run and give what they say.

Collected here and not by pytest itself, which would import every module in each of its processes.
"""

import doctest
import importlib
from pathlib import Path

import pytest

import introspect_bayes

SOURCE = Path(introspect_bayes.__file__).parent
MODULES = [
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.compiles
@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
