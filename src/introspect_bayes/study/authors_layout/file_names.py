"""Names of files in the authors' layout: which model, task, stage and contexts they hold."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.study.checked_csv import one_spelling

CONTEXTS_FILE: Final = "scenarios.csv"
TARGETS_FILE: Final = "instilled_weights.csv"
UNITS_FILE: Final = "candidate_scenarios.json"

_CSV: Final = re.compile(r"(.+)\.csv(?:\.gz)?", re.IGNORECASE)
HIDDEN: Final = (".", "~$")
"""Beginnings of names of files that other programs leave, and hide."""

# From the most to the least specific ending: a report file's name ends in others' endings too.
_ENDINGS: Final[tuple[tuple[str, str, Stage, ContextSet], ...]] = (
    (r"_instilled_latent_selections", "choices", "weight-trained", "native"),
    (r"_instilled_selections", "choices", "weight-trained", "instilled"),
    (r"_instilled_latent_weight_reports", "reports", "weight-trained", "native"),
    (r"_instilled_weight_reports", "reports", "weight-trained", "instilled"),
    (
        r"_itrained_(?P<half>first|last)_(?P<part>\d+)_of_(?P<all>\d+)(?:_\d+ex)?_weight_reports",
        "reports",
        "introspection-trained",
        "instilled",
    ),
    (
        r"_itrained_all_\d+(?:_\d+ex)?_latent_weight_reports",
        "reports",
        "introspection-trained",
        "native",
    ),
    (r"_weight_reports", "reports", "off-the-shelf", "instilled"),
)


@dataclass(frozen=True)
class DataFile:
    """A file of choices or reports, and what its name says of them.

    Attributes
    ----------
    trained
        Which of the instilled contexts the model was trained to report on, if its name says so.
    instilled
        How many contexts were instilled, if its name says so.
    """

    path: Path
    base_model: str
    task: str
    stage: Stage
    context_set: ContextSet
    trained: slice | None = None
    instilled: int | None = None

    @property
    def label(self) -> str:
        """The file's name without ``.csv``: what its set of reports is called."""
        return label_of(self.path) or self.path.name

    @property
    def columns(self) -> dict[str, str]:
        """Columns that are the same in each of its rows."""
        return {
            "base_model": self.base_model,
            "stage": self.stage,
            "context_set": self.context_set,
        }


def label_of(path: Path) -> str:
    """Return the name of a CSV file without its ending; empty if it is none.

    Examples
    --------
    >>> label_of(Path("x_weight_reports.CSV")), label_of(Path("x.csv.gz")), label_of(Path("x.txt"))
    ('x_weight_reports', 'x', '')
    """
    match = _CSV.fullmatch(one_spelling(path.name))
    return match[1] if match else ""


def data_files(folder: Path) -> list[DataFile]:
    """Return the files of choices and reports in a folder, by what their names say.

    Hidden files are not a study's: other programs leave them (``._x.csv`` of macOS, ``~$x.csv``).
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(HIDDEN):
            continue
        for ending, task, stage, context_set in _ENDINGS:
            match = re.fullmatch(rf"(?P<base>.+){ending}", label_of(path))
            if match is None:
                continue
            parts = match.groupdict()
            trained, total = None, None
            if parts.get("half"):
                part, total = int(parts["part"]), int(parts["all"])
                trained = slice(0, part) if parts["half"] == "first" else slice(total - part, total)
            found.append(DataFile(path, parts["base"], task, stage, context_set, trained, total))
            break
    return found
