"""One table says what exit codes mean, and commands have no others."""

import re
from pathlib import Path

import introspect_bayes.cli
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.main import app


def test_every_exit_code_of_a_command_is_in_the_table():
    for path in Path(introspect_bayes.cli.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        for code in re.findall(r"typer\.Exit\(([^)]+)\)", source):
            assert code in {f"ExitCode.{code.name}" for code in ExitCode}, path


def test_help_names_every_exit_code():
    for code in ExitCode:
        assert f"{code.value} {code.short}" in app.info.epilog
        assert code.meaning
