import json
import signal
import subprocess
import sys
import time

import pytest

from introspect_bayes import __version__
from introspect_bayes.cli import main
from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.study.download import DATA_VARIABLE, MIRROR_VARIABLE


@pytest.fixture(scope="module")
def study(write_study):
    return write_study()


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"introspect-bayes {__version__}\n", "")


@pytest.mark.compiles
def test_study_of_one_unknown_model_runs_and_says_what_it_cannot_compute(capsys, study, tmp_path):
    file = tmp_path / "figures.json"
    health = tmp_path / "health.json"
    files = ["--json", file, "--health-json", health]
    code, out, _ = run(capsys, "reproduce", "--data", study, *files)
    assert code == 0
    figures = {figure["id"]: figure for figure in json.loads(file.read_text())}
    assert figures["e1.acc.4o"]["verdict"] == "cannot be computed"
    assert "no files of gpt-4o-2024-08-06" in figures["e1.acc.4o"]["note"]
    mine = figures["e2.acc.tiny-model"]
    assert mine["verdict"] == "no published figure"
    assert mine["n"] == 18
    assert mine["hdi"][0] < mine["estimate"] < mine["hdi"][1]
    assert figures["e2.effect"]["verdict"] == "not comparable"
    assert figures["d.learned.e2.mini"]["verdict"] == "no public data"
    assert "no files of gpt-4o-2024-08-06" in out
    assert {"id", "estimate", "hdi", "n", "paper", "verdict"} <= set(mine)
    assert json.loads(health.read_text())[0]["anomalies"]["all_zero"]["count"] == 0


@pytest.mark.compiles
def test_failed_diagnostics_are_marked_and_exit_with_1(capsys, study, tmp_path):
    only = ["--only", "e1.acc.tiny-model", "--json", tmp_path / "f.json"]
    code, out, err = run(capsys, "reproduce", "--data", study, *only, "--draws", 5, "--warmup", 5)
    assert code == 1
    assert "†" in out
    assert "do not rely" in err
    assert json.loads((tmp_path / "f.json").read_text())[0]["problems"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "e1.ac"], "did you mean e1.acc?"),
        (["--json", "/nowhere/f.json"], "cannot be written"),
        (["--data", "/nowhere"], "--data names /nowhere, which does not exist"),
        (["--seed", "-1"], "'--seed': Input should be"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_options_exit_with_2_and_one_message(capsys, study, arguments, complaint):
    code, out, err = run(capsys, "reproduce", "--data", study, *arguments)
    assert code == 2
    assert complaint in err
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.compiles
def test_an_interrupted_run_stops_and_writes_nothing(study, tmp_path):
    """nutpie's own call would swallow the signal and go on with half the draws."""
    file = tmp_path / "figures.json"
    command = ["reproduce", "--data", str(study), "--json", str(file), "--draws", "3000000"]
    with subprocess.Popen(
        [sys.executable, "-m", "introspect_bayes", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite in a shell's background ignores the signal, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as running:
        try:
            time.sleep(15)  # past imports and compilation: three million draws take far longer
            # On a busy machine it may still compile, and Python drops what a signal raises inside
            # a callback of the compiler: then, as a person would, press Ctrl-C again.
            for _ in range(10):
                running.send_signal(signal.SIGINT)
                try:
                    _, err = running.communicate(timeout=8)
                except subprocess.TimeoutExpired:
                    continue
                break
            else:
                pytest.fail("it does not stop")
        finally:
            running.kill()
    assert running.returncode == 130
    assert "interrupted" in err
    assert not file.exists()


def test_bad_data_leaves_an_earlier_result_alone(capsys, write_study, tmp_path):
    folder = write_study()
    (folder / "tiny-model_instilled_selections.csv").write_text("", encoding="utf-8")
    file = tmp_path / "figures.json"
    file.write_text("precious", encoding="utf-8")
    code, _, err = run(capsys, "reproduce", "--data", folder, "--json", file)
    assert (code, file.read_text()) == (2, "precious")
    assert err == "introspect-bayes: tiny-model_instilled_selections.csv: the file is empty\n"


def test_without_data_and_network_the_message_says_what_was_tried(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9/data")
    code, _, err = run(capsys, "reproduce")
    assert code == 2
    for part in ("--data", DATA_VARIABLE, str(tmp_path), "127.0.0.1:9", "what to do"):
        assert part in err
    assert "Traceback" not in err
