"""`--only` means the same in every command: an id, or how ids begin up to a dot."""

import json

import pytest

from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.cli import main
from introspect_bayes.errors import InputError

IDS = ["e1.acc.m-one", "e1.acc.m-two", "e1.acc-2.m-one", "e2.effect"]

COMMANDS = {
    "demo": [],
    "analyze": ["{}"],
    "reproduce": ["--data", "{}"],
    "check": ["{}"],
    "joint": ["{}"],
    "privileged-access": ["{}"],
    "sensitivity": ["{}"],
}


@pytest.fixture(scope="module")
def study(write_study):
    return write_study(base_models=("m-one", "m-two"))


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("only", "found"),
    [
        ([], IDS),
        (["e1.acc.m-two"], IDS[1:2]),
        (["e1.acc"], IDS[:2]),
        (["e2", "e1"], IDS),
        (["e1.acc.m-one", "e1.acc"], IDS[:2]),
    ],
)
def test_ids_are_chosen_exactly_or_by_a_beginning_before_a_dot(only, found):
    assert select_ids(IDS, only) == found


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("e1.ac", "e1.acc"), ("e1.acc.m_two", "e1.acc.m-two"), ("e2.efect", "e2.effect")],
)
def test_the_nearest_is_named_though_it_be_a_beginning(name, nearest):
    with pytest.raises(InputError) as refused:
        select_ids(IDS, ["e2", name], "thing")
    said = f"no thing '{name}'; did you mean {nearest}? (known: {', '.join(IDS)})"
    assert str(refused.value) == said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_alike_what_there_is_not(capsys, study, command):
    words = [word.format(study) for word in COMMANDS[command]]
    begun, whole = ("lo", "loo") if command == "check" else ("e1.ac", "e1.acc")
    code, out, err = run(capsys, command, *words, "--only", begun)
    assert (code, out) == (2, "")
    assert f"'{begun}'; did you mean {whole}? (known: " in err
    assert err.count("\n") == 1


@pytest.mark.compiles
def test_privileged_access_takes_the_ids_that_it_writes(capsys, study, tmp_path):
    written = []
    for only in ("e2", "privileged.e2.acc"):
        file = tmp_path / f"{only}.json"
        code, _, _ = run(capsys, "privileged-access", study, "--only", only, "--json", file)
        assert code == 0
        written.append([row["id"] for row in json.loads(file.read_text(encoding="utf-8"))])
    assert written == [["privileged.e2.acc"]] * 2
