"""Weights and reports from halves of the data: how well either repeats itself."""

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import reports_of
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import Comparison
from introspect_bayes.protocol.stages import ContextSet, Stage

FEWEST_CHOICES = 10
"""Choices of a context below which halves of them reveal no weights."""

_KEYS = ["context", "position"]


def half_weights(
    analysis: Analysis, base_model: str, context_set: ContextSet, stage: Stage
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the weights that every other choice reveals, and those that the others do.

    Parameters
    ----------
    analysis
        The analysis, whose specification and sampler are used.
    base_model, context_set, stage
        Whose choices, and where.

    Returns
    -------
    tuple
        One row an attribute: context, position, first, second (scaled weights, -100 to 100); and
        failed diagnostics.

    Raises
    ------
    CannotCompute
        If no context has `FEWEST_CHOICES`.
    """
    choices = analysis.choices(base_model, context_set, stage)
    places = choices.groupby("context", sort=False).cumcount()
    many = choices.groupby("context")["context"].transform("size") >= FEWEST_CHOICES
    if not many.any():
        msg = f"no context has {FEWEST_CHOICES} choices of {base_model} to split"
        raise CannotCompute(msg)
    halves: list[pd.DataFrame] = []
    problems: list[str] = []
    for number, name in enumerate(("first", "second")):
        mine = choices[many & (places % 2 == number)]
        title = f"choice_weights:{base_model}:{context_set}:{stage}:{name} half"
        fit = analysis.fit_choices(mine, title, f"Half of the choices: {base_model}")
        problems += fit.diagnostics.problems
        table = fit.hdi()[[*_KEYS, "weight"]]
        halves.append(table.rename(columns={"weight": name}))
    return halves[0].merge(halves[1], on=_KEYS, validate="one_to_one"), tuple(problems)


def half_reports(analysis: Analysis, base_model: str, comparison: Comparison) -> pd.DataFrame:
    """Return the mean of every other valid report, and that of the others.

    Returns
    -------
    pandas.DataFrame
        One row an attribute of a context with two reports or more: context, position, first,
        second.

    Raises
    ------
    CannotCompute
        If no context has two valid reports.
    """
    reports = reports_of(analysis.study, base_model, comparison)
    keys = ["report_set", *_KEYS]
    places = reports.groupby(keys, sort=False).cumcount()
    halves = [
        reports[places % 2 == number].groupby(keys, sort=False)["reported"].mean()
        for number in (0, 1)
    ]
    both = pd.concat(halves, axis=1, keys=["first", "second"]).dropna().reset_index()
    if both.empty:
        msg = f"no context has two valid reports of {base_model}"
        raise CannotCompute(msg)
    return both[[*_KEYS, "first", "second"]]
