"""What a table of explanation scores can tell, and the rows and formula of its model."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.specs import Specification

SEPARATOR: Final = " / "
"""Between the parts of a name, such as task and explainer."""

_GROUPS: Final = {
    "task": ["task"],
    "explainer": ["task", "explainer"],
    "target": ["task", "target"],
    "pair": ["task", "explainer", "target"],
    "item": ["task", "target", "item"],
}
"""Grouping variables of the model and the columns whose combinations they are."""


@dataclass(frozen=True)
class ScoreRows:
    """The rows of the model of explanation scores, and what they cannot tell.

    Attributes
    ----------
    table
        As `scores.scores.read_explanation_scores` returns it.
    data
        The same rows for the model: score, own (1 where a model explains itself, in tasks whose
        scores tell the advantage of it; else 0), doublings,
        own_doublings (their product, in tasks whose scores tell how it matters), and the
        groups task, explainer, target, pair and item, each but task within its task.
    dropped
        Variables that fall away, and why.
    advantage_untold, learning_untold
        Tasks whose scores cannot tell the advantage of self, or how it changes with training, and
        why.
    size
        Geometric mean of the training sizes (over the distinct ones); None without sizes.
    """

    table: pd.DataFrame = field(repr=False)
    data: pd.DataFrame = field(repr=False)
    dropped: dict[str, str]
    advantage_untold: dict[str, str]
    learning_untold: dict[str, str]
    size: float | None

    @property
    def binary(self) -> bool:
        """Whether all scores are 0 or 1."""
        return bool(self.table["score"].isin((0.0, 1.0)).all())

    @property
    def tasks(self) -> list[str]:
        """Tasks in the table's order."""
        return list(self.table["task"].unique())

    @property
    def told_by_two(self) -> list[str]:
        """Tasks whose advantage of self only two models tell: those that explain both kinds."""
        told = self.table[~self.table["task"].isin(list(self.advantage_untold))]
        return [
            str(task)
            for task, rows in told.groupby("task", sort=False)
            if len({*rows["explainer"]} & {*rows["target"]}) == 2  # noqa: PLR2004 - two models
        ]

    @property
    def sizes(self) -> list[float]:
        """Training sizes in order; empty if none."""
        return sorted(self.table["training_size"].unique()) if self.size is not None else []

    def doublings(self, size: float) -> float:
        """Return a training size as the model has it."""
        return float(np.log2(size / (self.size or size)))

    def specification(self, spec: Specification) -> Specification:
        """Return a specification without the variables that this table drops."""
        for name in self.dropped:
            if name in spec.variables:
                spec = spec.without(name)
        return spec


def score_rows(table: pd.DataFrame) -> ScoreRows:
    """Prepare a table of explanation scores for its model.

    Parameters
    ----------
    table
        As `read_explanation_scores` returns it.

    Raises
    ------
    InputError
        If names with a slash make different groups look alike.

    Examples
    --------
    >>> table = pd.DataFrame({"explainer": ["a", "b"], "target": "a", "task": "features",
    ...     "item": "1", "score": [1.0, 0.0], "self": [True, False]})
    >>> score_rows(table).advantage_untold
    {'features': 'only one target, so that its own model may simply be the better explainer'}
    """
    data = table[["score"]].copy()
    sizes = table.get("training_size")
    several = sizes is not None and len(sizes.unique()) > 1
    size = float(np.exp(np.log(sizes.unique()).mean())) if sizes is not None and several else None
    data["doublings"] = np.log2(sizes / size) if sizes is not None and size else 0.0
    for group, columns in _GROUPS.items():
        data[group] = _named(table, columns)
    untold, unlearnt = {}, {}
    for task, rows in table.groupby("task", sort=False):
        mine = data.loc[rows.index, "doublings"].to_numpy()
        if reason := _advantage_untold(rows):
            untold[str(task)] = reason
        if reason := _advantage_untold(rows) or _learning_untold(rows, mine):
            unlearnt[str(task)] = reason
    told = ~table["task"].isin(list(untold))
    data["own"] = (table["self"] & told).astype(float)
    learnt = ~table["task"].isin(list(unlearnt))
    data["own_doublings"] = data["own"] * data["doublings"] * learnt
    dropped = _dropped(table, data)
    if not (data["own_doublings"] != 0).any():
        dropped["own_doublings"] = "no task tells whether self learns otherwise"
    if len(untold) == table["task"].nunique():
        dropped["own"] = "no task tells the advantage of self"
    if not several:
        one = "all training sizes are the same" if sizes is not None else "no training sizes"
        dropped["doublings"] = one
    return ScoreRows(table, data, dropped, untold, unlearnt, size)


def _named(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    names = table[columns[0]].str.cat(table[columns[1:]], sep=SEPARATOR)
    if names.nunique() < table.groupby(columns).ngroups:
        msg = f"names with {SEPARATOR!r} in {', '.join(columns)} look alike when joined; rename"
        raise InputError(msg)
    return names


def _advantage_untold(rows: pd.DataFrame) -> str:
    """Return why a task's scores cannot tell the advantage of self; empty if they can.

    They can if self is more than what explainers (rows of the table of explainers and targets) and
    targets (columns) add up to.
    """
    if not rows["self"].any():
        return "no model explains itself"
    if rows["self"].all():
        return "models explain only themselves"
    for column in ("target", "explainer"):
        if len(rows[column].unique()) == 1:
            better = "better explainer" if column == "target" else "easier target"
            return f"only one {column}, so that its own model may simply be the {better}"
    cells = rows.drop_duplicates(["explainer", "target"])
    return "" if _adds_to(cells["self"].to_numpy(dtype=float), _dummies(cells)) else _MIXED


_MIXED: Final = (
    "who explains whom leaves self no different from the sum of explainers and targets; two models "
    "that explain each other and themselves would tell"
)


def _learning_untold(rows: pd.DataFrame, doublings: np.ndarray) -> str:
    """Return why a task's scores cannot tell whether self learns otherwise; empty if they can."""
    if len(np.unique(doublings)) == 1:
        return "only one training size" if "training_size" in rows else "no training sizes"
    for own, who in ((True, "self"), (False, "other")):
        if len(np.unique(doublings[(rows["self"] == own).to_numpy()])) == 1:
            return f"only one training size where {who} explains"
    intercepts = _dummies(rows)
    self_ = rows["self"].to_numpy(dtype=float)
    known = np.column_stack([intercepts, self_, intercepts * doublings[:, None]])
    return "" if _adds_to(self_ * doublings, known) else _MIXED


def _dummies(rows: pd.DataFrame) -> np.ndarray:
    return pd.get_dummies(rows[["explainer", "target"]], dtype=float).to_numpy()


def _adds_to(column: np.ndarray, known: np.ndarray) -> bool:
    """Return whether a column is no sum of others."""
    rank = np.linalg.matrix_rank
    return bool(rank(np.column_stack([known, column])) > rank(known))


def _dropped(table: pd.DataFrame, data: pd.DataFrame) -> dict[str, str]:
    """Return the groups that tell nothing of their own, and why."""
    found: dict[str, str] = {}
    kept: dict[str, pd.Series] = {}
    for group in _GROUPS:
        codes = pd.Series(pd.factorize(data[group])[0], index=data.index)
        same = [name for name, other in kept.items() if (other == codes).all()]
        if codes.max() == 0:
            found[group] = f"only one {group}"
        elif same:
            found[group] = f"the same as {same[0]}"
        elif codes.max() == len(table) - 1:
            found[group] = f"every {group} has a single score"
        else:
            kept[group] = codes
    return found
