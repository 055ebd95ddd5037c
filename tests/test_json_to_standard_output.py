"""`--json -`: the JSON alone on standard output, and everything else elsewhere."""

import json
import os
import subprocess
import sys

import pytest
import typer

from introspect_bayes.cli import main
from introspect_bayes.cli.main import app

pytestmark = pytest.mark.compiles

COMMAND = f"{sys.executable} -m introspect_bayes"


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def piped(command):
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_other_programs_read_it():
    said = piped(f"{COMMAND} info --json - | {sys.executable} -m json.tool")
    assert (said.returncode, said.stderr) == (0, "")
    assert "versions" in json.loads(said.stdout)


def test_whoever_reads_one_line_gets_it():
    said = piped(f"{COMMAND} info --json - | head -1")
    assert (said.returncode, said.stdout, said.stderr) == (0, "{\n", "")


@pytest.fixture(scope="module")
def study(write_study):
    return write_study(base_models=("m-one", "m-two"))


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "{}", "--only", "invalid"],
        ["reproduce", "--data", "{}", "--only", "invalid"],
        ["check", "{}", "--only", "data.variation"],
        ["verify", "smollm2"],
    ],
)
def test_standard_output_holds_what_a_file_would(capsys, study, tmp_path, words):
    words = [word.format(study) for word in words]
    file = tmp_path / "out.json"
    code, _, _ = run(capsys, *words, "--json", file)
    assert run(capsys, *words, "--json", "-")[:2] == (code, file.read_text(encoding="utf-8"))


def test_warnings_are_still_told(capsys):
    """Of the shipped example most replies cannot be used."""
    only = ["--only", "invalid"]
    _, tables, _ = run(capsys, "analyze", "smollm2", *only)
    _, out, err = run(capsys, "analyze", "smollm2", *only, "--json", "-")
    warnings = [line for line in tables.splitlines() if line.startswith("Warning: ")]
    assert warnings
    assert all(warning in err for warning in warnings)
    assert "Warning" not in json.dumps(json.loads(out))


def test_failed_diagnostics_are_still_told(capsys, study):
    few = ["--only", "e1.acc.m-one", "--draws", 5, "--warmup", 5, "--json", "-"]
    code, out, err = run(capsys, "analyze", study, *few)
    assert code == 1
    assert json.loads(out)[0]["problems"]
    assert "do not rely" in err


def test_another_file_may_take_its_place(capsys, study):
    _, out, _ = run(capsys, "analyze", study, "--only", "invalid", "--health-json", "-")
    assert json.loads(out)[0]["anomalies"]


def test_so_may_a_table(capsys, study):
    _, out, _ = run(capsys, "analyze", study, "--only", "invalid", "--weights-csv", "-")
    header, *rows = out.splitlines()
    assert all(line.count(",") == header.count(",") for line in rows)


def test_two_files_cannot(capsys, study):
    code, out, err = run(capsys, "analyze", study, "--json", "-", "--health-json", "-")
    assert (code, out) == (2, "")
    assert "only one file can go to standard output" in err


def test_nothing_but_json_is_written_by_a_wrong_call(capsys):
    code, out, err = run(capsys, "analyze", "no-such-study", "--json", "-")
    assert (code, out) == (2, "")
    assert "no such study folder" in err


def test_every_json_option_says_so():
    group = typer.main.get_command(app)
    commands = [*group.commands.values(), *group.commands["models"].commands.values()]
    helps = [o.help for c in commands for o in c.params if "--json" in o.opts]
    assert len(helps) == 14
    assert all("(-: to standard output, instead of tables)" in text for text in helps)
