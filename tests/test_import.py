"""Importing the package and asking for help load nothing heavy."""

import subprocess
import sys

import pytest

import introspect_bayes

HEAVY = {"pymc", "bambi", "arviz", "nutpie", "pandas", "numpy", "openai", "rich", "numba"}


@pytest.mark.parametrize(
    "code",
    [
        "import introspect_bayes",
        "from introspect_bayes.cli import main; main(['--help'])",
        "from introspect_bayes.cli import main; main(['reproduce', '--help'])",
        "from introspect_bayes.cli import main; main(['prepare', '--help'])",
    ],
)
def test_light_imports_load_no_heavy_package(code):
    show = "; import sys; print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", code + show], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(ran.stderr.replace("'", "").strip("[]\n").split(", "))


def test_every_public_name_resolves():
    for name in introspect_bayes.__all__:
        assert getattr(introspect_bayes, name) is not None
    assert set(introspect_bayes.__all__) <= set(dir(introspect_bayes))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = introspect_bayes.nonsense


def test_an_earlier_name_is_the_newer_one_and_says_so():
    with pytest.warns(DeprecationWarning, match="Conditions is called .*SamplingOptions now"):
        assert introspect_bayes.Conditions is introspect_bayes.SamplingOptions
    assert "Conditions" not in dir(introspect_bayes)
