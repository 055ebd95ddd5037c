"""How fits are made, from the command line: by which engine, and whether finished ones count."""

import json

import pytest

from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.cli import main
from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.regressions.regression import RegressionSampler

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def study(write_study):
    return write_study()


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """The folder of finished fits, empty."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "fits"


def never(*_, **__):
    pytest.fail("fitted again")


def analyze(study, *options):
    command = ["analyze", str(study), "--draws", "200", "--warmup", "200", "--only", "e1.acc"]
    return main([*command, *map(str, options)])


def test_what_is_fitted_once_is_found_again(study, finished, tmp_path, monkeypatch, capsys):
    files = tmp_path / "first.json", tmp_path / "again.json"
    analyze(study, "--json", files[0])
    first = capsys.readouterr().out
    assert len(list(finished.glob("*.npz"))) == 2
    monkeypatch.setattr(ChoiceWeightsSampler, "_fit", never)
    monkeypatch.setattr(RegressionSampler, "_fit", never)
    analyze(study, "--json", files[1])
    assert capsys.readouterr().out == first
    assert files[0].read_bytes() == files[1].read_bytes()


def test_without_the_cache_nothing_is_found_or_kept(study, finished):
    analyze(study, "--no-cache")
    assert not finished.exists()
    analyze(study)
    kept = {path: path.stat().st_mtime_ns for path in finished.iterdir()}
    analyze(study, "--no-cache")
    assert {path: path.stat().st_mtime_ns for path in finished.iterdir()} == kept


def test_engines_agree_and_are_named(study, finished, tmp_path, capsys):
    figures = {}
    for engine in ("importance", "nuts"):
        file = tmp_path / f"{engine}.json"
        analyze(study, "--engine", engine, "--json", file)
        assert engine in capsys.readouterr().out.lower()
        (figures[engine],) = json.loads(file.read_text(encoding="utf-8"))
    # Two fits of the choices, and as the weights differ a little, two regressions.
    assert len(list(finished.glob("*.npz"))) == 4
    one, other = (figures[engine]["estimate"] for engine in ("importance", "nuts"))
    assert one == pytest.approx(other, abs=0.05)


@pytest.mark.parametrize("command", ["analyze", "reproduce", "demo", "check", "sensitivity"])
def test_an_engine_that_there_is_not(command, study, capsys):
    place = {"reproduce": ["--data", str(study)], "demo": []}.get(command, [str(study)])
    assert main([command, *place, "--engine", "nut"]) == 2
    assert "no engine 'nut'; did you mean nuts?" in " ".join(capsys.readouterr().err.split())
