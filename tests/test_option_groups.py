"""Options that commands share as groups: Typer sees options, the command sees the group."""

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from introspect_bayes.cli.main import app
from introspect_bayes.cli.option_groups import takes_option_groups


@dataclass(frozen=True, kw_only=True)
class Place:
    x: Annotated[int, typer.Option(min=0, help="Columns from the left.")] = 0
    labels: Annotated[list[str] | None, typer.Option("--label", help="Repeatable.")] = None


@dataclass(frozen=True, kw_only=True)
class LaterPlace(Place):
    x: Annotated[int, typer.Option(min=0, help="Columns from the right.")] = 7


def test_a_command_gets_its_group_whatever_was_typed():
    drawn = []

    @takes_option_groups
    def draw(name: str, *, place: LaterPlace, loud: bool = False) -> None:
        """Draw."""
        drawn.append((name, place, loud))

    small = typer.Typer()
    small.command()(draw)
    for words in (["a"], ["b", "--label", "u", "--loud", "--label", "v", "--x", "3"]):
        small(words, standalone_mode=False)
    assert drawn == [
        ("a", LaterPlace(), False),
        ("b", LaterPlace(x=3, labels=["u", "v"]), True),
    ]
    assert draw.__doc__ == "Draw."
    assert list(inspect.signature(draw).parameters) == ["name", "x", "labels", "loud"]


def test_two_options_of_one_name_are_refused():
    def draw(*, place: Place, x: int = 1) -> None:
        """Draw."""

    with pytest.raises(ValueError, match="duplicate parameter name: 'x'"):
        takes_option_groups(draw)


SHARED = ["--parser", "--where", "--pool", "--reports-asked", "--contexts-from"]
FITTING = ["--seed", "--draws", "--warmup", "--prior", "--specification", "--engine", "--no-cache"]


@pytest.mark.parametrize(
    "command", ["analyze", "check", "sensitivity", "report", "privileged-access"]
)
def test_commands_that_fit_list_the_same_options_in_the_same_order(command):
    listed = [option.opts[0] for option in typer.main.get_command(app).commands[command].params]
    assert [name for name in listed if name in SHARED + FITTING] == SHARED + FITTING
