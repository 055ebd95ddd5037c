"""A real language model, end to end: asked, analysed, and found wanting."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import introspect_bayes as ib
from introspect_bayes.cli import main
from introspect_bayes.study.ablations import counted
from loopback import answers, rows

pytestmark = pytest.mark.compiles

SERVER = "INTROSPECT_BAYES_MODEL_SERVER"
"""Names a script that serves a small model and prints ``ready ADDRESS model=NAME``."""


@pytest.fixture(scope="module")
def small_model():
    script = os.environ.get(SERVER)
    if not script:
        pytest.skip(f"{SERVER} names no script that serves a small model")
    command = ["uv", "run", "--quiet", script, "--port", "0", "--parallel", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = re.search(r"ready (\S+) model=(\S+)", process.stdout.readline())
            assert ready, "the server did not start"
            yield ready[1], ready[2]
        finally:
            process.terminate()


# Day by day the next two tests guard it: the same server is asked, and what this model answered
# once, which ships, is analysed and warned of.
@pytest.mark.slow
def test_a_small_model_is_asked_analysed_and_warned_of(small_model, tmp_path, capsys):
    address, model = small_model
    study = tmp_path / "study"
    sizes = ["--instilled", "0", "--native", "4", "--native-choices", "10", "--reports", "2"]
    assert main(["prepare", str(study), *sizes]) == 0
    command = ["collect", str(study), "--model", model, "--base-url", address]
    command += ["--decision-max-tokens", "1", "--max-tokens", "120", "--structured-reports"]
    assert main([*command, "--concurrency", "2", "--limit", "20"]) == 3
    assert main([*command, "--concurrency", "2"]) == 0
    assert len(answers(study)) == 4 * 10 + 4 * 2
    assert rows(study, "SELECT count(DISTINCT request) FROM attempts") == [(48,)]
    assert rows(study, "SELECT DISTINCT model FROM outcomes") == [(model,)]
    assert main(["verify", str(study)]) == 0
    capsys.readouterr()
    # Few draws: what is looked at here is what is said, not how exactly.
    code = main(["analyze", str(study), "--draws", "100", "--warmup", "100"])
    said = " ".join(capsys.readouterr().out.split())
    assert code in {0, 1}
    assert "choices are A: they follow the position, not the options" in said
    assert f"native.acc.{model}" in said
    assert "every choice is A" in said


def test_a_small_model_is_asked_what_would_change_its_choices(small_model, tmp_path, capsys):
    address, model = small_model
    study = tmp_path / "study"
    sizes = ["--instilled", "0", "--native", "2", "--native-choices", "10", "--reports", "1"]
    assert main(["prepare", str(study), *sizes]) == 0
    command = ["collect", str(study), "--model", model, "--base-url", address]
    command += ["--decision-max-tokens", "1", "--max-tokens", "120", "--structured-reports"]
    command += ["--concurrency", "2", "--task", "ablation", "--ablations", "1"]
    assert main([*command, "--limit", "5"]) == 3
    assert main(command) == 0
    assert len(answers(study)) == 2 * 7
    assert rows(study, "SELECT count(DISTINCT request) FROM attempts") == [(14,)]
    assert main(["verify", str(study)]) == 0
    said = capsys.readouterr().out
    found = ib.ablation_answers(study)
    assert len(found) == 2 * 5
    # The server enforces true or false, so that answers are usable unless they were cut off.
    assert set(found["failure"].dropna()) <= {"cut off"}
    assert found["foreseen"].notna().any()
    assert found["changed"].notna().any()
    assert f"Ablations: {counted(found)}" in " ".join(said.split())


def test_the_shipped_example_shows_a_model_that_cannot_introspect(capsys, tmp_path, monkeypatch):
    health, figures = tmp_path / "health.json", tmp_path / "figures.json"
    monkeypatch.chdir(tmp_path)
    # Contexts in which every choice is A have intercepts that are hard to sample.
    command = ["analyze", "smollm2", "--draws", "4000"]
    assert main([*command, "--json", str(figures), "--health-json", str(health)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Warning: smollm2-135m-instruct (off-the-shelf)" in said
    assert "choices are A" in said
    found = {row["id"]: row for row in json.loads(figures.read_text())}
    accuracy = found["native.acc.smollm2-135m-instruct"]
    low, high = accuracy["hdi"]
    assert low < 0 < high


def test_the_shipped_example_is_small_and_sound(capsys):
    folder = Path(__file__).parents[2] / "data" / "smollm2"
    assert (folder / "replies.sqlite").stat().st_size < 2_000_000
    assert main(["verify", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("OK")
