"""`introspect-bayes info`: what it finds, and what it keeps to itself."""

import json
import re
from pathlib import Path

import pytest

import introspect_bayes
from introspect_bayes import __version__
from introspect_bayes.cli import main
from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.presentation.installation import ENVIRONMENT
from introspect_bayes.study.download import DATA_VARIABLE, cache_folder

KEY = "sk-very-secret-1234567890"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    for variable in ENVIRONMENT:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def info(cache, tmp_path, capsys):
    def run():
        code = main(["info", "--json", str(tmp_path / "info.json")])
        assert code == 0
        return capsys.readouterr().out, json.loads((tmp_path / "info.json").read_text())

    return run


def test_nothing_here_yet(info, cache):
    out, found = info()
    assert found["versions"]["introspect-bayes"] == __version__
    assert {"python", "pymc", "bambi", "nutpie"} <= set(found["versions"])
    assert found["system"] in " ".join(out.split())
    assert found["cores"] is None or found["cores"] >= 1
    assert found["paper_data"] == ""
    assert "downloaded" in found["paper_data_identity"]
    assert found["cached"] == []
    assert not cache.exists()  # looking changes nothing
    assert "choice_weights" in out
    assert "not set" in out


def test_what_is_cached_is_counted(info, cache):
    (cache / "fits").mkdir(parents=True)
    (cache / "fits" / "a.npz").write_bytes(b"x" * 1500)
    (cache / "fits" / "b.npz").write_bytes(b"x" * 500)
    (cache / "notes.txt").write_text("mine", encoding="utf-8")
    out, found = info()
    assert found["cached"] == [
        {"name": "fits", "meaning": "finished fits", "files": 2, "size": 2000},
        {"name": "notes.txt", "meaning": "nothing that this version wrote", "files": 1, "size": 4},
    ]
    assert "finished fits (2 files, 2.0 kB)" in out


def test_the_papers_data_is_found_and_judged(info, monkeypatch, paper_data):
    monkeypatch.setenv(DATA_VARIABLE, str(paper_data))
    _, found = info()
    assert found["paper_data"] == str(paper_data)
    assert found["paper_data_identity"].startswith("all 31 files identical")


def test_another_folder_is_no_papers_data(info, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "elsewhere"))
    assert info()[1]["paper_data_identity"] == "none of its files"
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "nowhere"))
    assert "does not exist" in info()[1]["paper_data_identity"]


def test_a_half_finished_download_is_no_complete_data(info):
    cache_folder().mkdir(parents=True)
    (cache_folder() / "scenarios.csv").write_text("cut off", encoding="utf-8")
    assert info()[1]["paper_data_identity"].startswith("0 of 31 files identical")


def test_a_key_is_never_shown(info, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:11434/v1")
    out, found = info()
    assert KEY not in out + json.dumps(found)
    assert found["environment"]["OPENAI_API_KEY"] == "set"
    assert found["environment"]["OPENAI_BASE_URL"] == "http://localhost:11434/v1"


def test_every_variable_that_the_source_reads_is_listed():
    package = Path(introspect_bayes.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    named = set(re.findall(r"\b(?:INTROSPECT_BAYES|OPENAI)_[A-Z_]+\b", source))
    named |= set(re.findall(r"environ(?:\.get\(|\[)[\"'](\w+)", source))
    assert named - {"INTROSPECT_BAYES_NOT_SET"} <= {variable.name for variable in ENVIRONMENT}
