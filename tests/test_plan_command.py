"""The command `plan`."""

import csv
import json

import pytest

from introspect_bayes.cli.main import main

pytestmark = pytest.mark.compiles

SMALL = ["plan", "--contexts", "4,6", "--choices", "20", "--reports", "2", "--studies", "10"]


def test_a_plan_is_printed_and_written(tmp_path, capsys):
    files = [tmp_path / name for name in ("plan.json", "plan.csv", "plan.svg")]
    options = [("--json", files[0]), ("--csv", files[1]), ("--plot", files[2])]
    arguments = [str(part) for pair in options for part in pair]
    code = main(
        [*SMALL, *arguments, "--accuracy", "0.9", "--invalid", "0.1", "--exclude-zero", "0.5",
         "--price-prompt", "1", "--processes", "1"]
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "accuracy .90" in said
    assert "The cheapest design that meets the goal" in said
    plan = json.loads(files[0].read_text())
    assert plan["assumed"][0]["reports"]["invalid_rate"] == 0.1
    assert [design["requests"] for design in plan["designs"]] == [4 * 22, 6 * 22]
    assert {design["verdict"] for design in plan["designs"]} <= {"met", "missed"}
    with files[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["cost"]) == plan["designs"][0]["cost"] > 0
    assert "<svg" in files[2].read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--contexts", "ten"], "--contexts ten: whole numbers"),
        (["--contexts", "1"], "contexts = 1"),
        (["--accuracy", "2"], "accuracy = 2"),
        (["--exclude-zero", "80"], "exclude_zero = 80"),
        (["--outside-rope", "0.8"], "give rope"),
        (["--models", "2"], "--models 2"),
        (["--figure", "e1.acc"], "give --like"),
        (["--like", "nowhere"], "no such study folder"),
        (["--like", "smollm2", "--accuracy", "0.5"], "leave out"),
        (["--like", "smollm2", "--figure", "e9"], "no figure 'e9'"),
        (["--like", "smollm2", "--figure", "e3.effect"], "does not allow e3.effect"),
        (["--like", "smollm2", "--base-model", "gpt"], "no base model 'gpt'"),
        (["--plot", "plan.txt"], "the ending must be"),
        (["--json", "nowhere/plan.json"], "cannot be written"),
        (["--studies", "3"], "--studies"),
    ],
)
def test_bad_input_is_refused(arguments, says, capsys):
    assert main([*SMALL, *arguments]) == 2
    assert says in capsys.readouterr().err
