"""What the commands of the README, and of the how-to about a model of one's own, do in order."""

import pytest

from chat_server import ChatServer
from documented_commands import ROOT, our_commands
from introspect_bayes.cli import main

pytestmark = pytest.mark.compiles

README = ROOT / "README.md"
OWN_MODEL = ROOT / "docs" / "how-to" / "own-model.md"


def commands(page, folder):
    """Return a page's commands about a folder, split into arguments."""
    return [words for words in our_commands(page) if any(folder in word for word in words)]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def test_a_study_of_ones_own(elsewhere, capsys):
    prepare, estimate, collect, analyze, ablate, export = commands(README, "my-study")
    assert main(prepare) == 0
    with ChatServer() as server:
        for command in (estimate, collect):
            address = command.index("--base-url") + 1
            assert main([*command[:address], server.address, *command[address + 1 :]]) == 0
        assert len(server.hits) == 20 * (50 + 10)
        assert analyze == ["analyze", "my-study"]
        assert capsys.readouterr().out.strip().endswith("introspect-bayes analyze my-study")
        address = ablate.index("--base-url") + 1
        assert main([*ablate[:address], server.address, *ablate[address + 1 :]]) == 0
    # Of each choice the question and five attributes: the choice itself was asked before.
    assert len(server.hits) == 20 * (50 + 10) + 20 * 5 * (1 + 5)
    assert main(export) == 0
    assert (elsewhere / "my-tables" / "ablation_scores.csv").is_file()


def test_a_model_trained_elsewhere(elsewhere, capsys):
    prepare, train, add, add_trained_on_reports, collect = commands(OWN_MODEL, "my-training")
    assert main(prepare) == 0
    assert main(train) == 2  # no key here
    assert "OPENAI_API_KEY" in capsys.readouterr().err
    assert main(add) == 0
    assert main(add_trained_on_reports) == 0
    said = capsys.readouterr()
    assert not said.err  # both are the study's own files
    assert "parent weight-trained" in said.out
    assert main([*collect, "--dry-run"]) == 0
    # Every trial of both sets of contexts: the paper's weight-trained stage.
    assert "17,000 planned" in capsys.readouterr().out
