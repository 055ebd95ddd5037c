"""Whoever stops reading does not change how a command ends."""

import os
import subprocess
import sys

import pytest

COMMAND = f"{sys.executable} -m introspect_bayes"


@pytest.mark.parametrize(
    ("rest", "code"),
    [("--help", 0), ("analyze --help", 0), ("info", 0), ("analyze no-such-study", 2)],
)
@pytest.mark.parametrize("streams", ["", "2>&1"])
def test_a_reader_that_leaves_changes_no_exit_code(rest, code, streams):
    # `true` reads nothing: the pipe is closed before anything is written.
    said = subprocess.run(
        ["bash", "-c", f"{COMMAND} {rest} {streams} | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert said.returncode == code
    if code == 0 or streams:
        assert not said.stderr


def test_the_whole_output_arrives_where_it_is_read(tmp_path):
    file = tmp_path / "help"
    with file.open("wb") as out:
        subprocess.run([*COMMAND.split(), "analyze", "--help"], stdout=out, check=True)
    assert "--no-cache" in file.read_text(encoding="utf-8")
