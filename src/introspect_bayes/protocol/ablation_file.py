"""The file that says which decisions are ablated, and to what value."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext, first_duplicate
from introspect_bayes.protocol.trials import Trial, with_equal

ABLATIONS_FILE: Final = "ablations.csv"
_HEADER: Final = ("context_set", "context", "trial", "attribute", "value")


def write_ablations(
    ablations: Sequence[Trial], contexts: Mapping[str, DecisionContext], path: Path
) -> None:
    """Write the trials of the ablation task, whole or not at all.

    One row a neutralized attribute: context_set, context, trial (number of the decision in
    ``trials.csv``), attribute, value (in both options).

    Parameters
    ----------
    ablations
        See `trials.draw_ablations`.
    contexts
        Contexts by name.
    path
        The file.
    """
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        for trial in ablations:
            if trial.neutralized:
                k = contexts[trial.context].attribute_names.index(trial.neutralized)
                where = (trial.context_set, trial.context, trial.number)
                writer.writerow([*where, trial.neutralized, trial.options.a[k]])
    draft.replace(path)


def read_ablations(
    path: Path, trials: Sequence[Trial], contexts: Mapping[str, DecisionContext]
) -> tuple[Trial, ...]:
    """Read the trials of the ablation task; none if the file is not there.

    Parameters
    ----------
    path
        The file.
    trials
        All other trials of the study, among them the decisions that are ablated.
    contexts
        Contexts by name.

    Raises
    ------
    InputError
        If a row names a decision or an attribute that is not there, or no number; names the line.
    """
    if not path.exists():
        return ()
    decisions = {trial.id: trial for trial in trials if trial.task == "decision"}
    found: list[Trial] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(), *csv.reader(file)]
    for line, (before, row) in enumerate(pairwise(rows), start=1):
        if line == 1:
            continue
        try:
            context_set, context, number, attribute, value = row
            decision = decisions[f"decision/{context_set}/{context}/{int(number)}"]
            k = contexts[context].attribute_names.index(attribute)
            options = with_equal(decision.options, k, float(value))
        except (KeyError, ValueError) as error:
            msg = f"{path.name}, line {line}: {error}"
            raise InputError(msg) from error
        if tuple(before[:3]) != tuple(row[:3]):
            found.append(replace(decision, task="ablation"))
        found.append(replace(decision, options=options, neutralized=attribute))
    doubled = first_duplicate([trial.id for trial in found])
    if doubled is not None:
        msg = f"{path.name}: {doubled} occurs twice"
        raise InputError(msg)
    return tuple(found)
