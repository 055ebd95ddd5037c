"""Studies with a column that splits the trials of each context."""

import csv
from collections.abc import Callable
from pathlib import Path

CHOICES = "tiny-model_instilled_selections.csv"
NATIVE = "tiny-model_instilled_latent_selections.csv"
REPORTS = "tiny-model_instilled_weight_reports.csv"


def add_column(path: Path, name: str, value: Callable[[int], object]) -> None:
    """Give a file a column more; its values follow from the row's number."""
    header, *rows = read(path)
    write(path, [*header, name], [[*row, value(i)] for i, row in enumerate(rows)])


def set_column(path: Path, name: str, value: Callable[[int], object]) -> None:
    """Replace a column of a file."""
    header, *rows = read(path)
    place = header.index(name)
    for i, row in enumerate(rows):
        row[place] = str(value(i))
    write(path, header, rows)


def drop_last_column(path: Path) -> None:
    """Take a file's last column away."""
    header, *rows = read(path)
    write(path, header[:-1], [row[:-1] for row in rows])


def reverse_every_other_choice(path: Path) -> None:
    """Let every other choice of a file follow the reversed weights, and say which."""
    header, *rows = read(path)
    place = header.index("selection")
    for row in rows[1::2]:
        row[place] = {"A": "B", "B": "A"}[row[place]]
    write(path, header, rows)
    add_column(path, "flipped", lambda i: i % 2)


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
