"""Which choices weights predict."""

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import chosen_by_weights
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.stages import Stage


def predicted_by_targets(analysis: Analysis, base_model: str) -> pd.DataFrame:
    """Return each instilled choice, and whether the target weights predict it.

    Returns
    -------
    pandas.DataFrame
        One row a choice: context, predicted.

    Raises
    ------
    CannotCompute
        If there are no target weights for the contexts in which the model chose.
    """
    choices = analysis.choices(base_model, "instilled")
    targets = analysis.targets(base_model)
    choices = choices[choices["context"].isin(targets["context"])]
    if choices.empty:
        msg = f"no target weights for the contexts in which {base_model} chose"
        raise CannotCompute(msg)
    return _predicted(analysis, choices, targets, "target")


def predicted_by_own(
    analysis: Analysis, base_model: str, stage: Stage, column: str = "weight"
) -> pd.DataFrame:
    """Return each native choice, and whether the weights estimated from all of them predict it.

    Parameters
    ----------
    analysis
        The analysis.
    base_model, stage
        Who chose.
    column
        Which of the weights, as `Analysis.learned` names them.

    Returns
    -------
    pandas.DataFrame
        One row a choice: context, predicted.
    """
    weights = analysis.learned(base_model, "native", stage)
    return _predicted(analysis, analysis.choices(base_model, "native", stage), weights, column)


def _predicted(
    analysis: Analysis, choices: pd.DataFrame, weights: pd.DataFrame, column: str
) -> pd.DataFrame:
    columns = analysis.study.difference_columns
    wide = weights.pivot(index="context", columns="position", values=column)  # noqa: PD010
    # Weights of attributes that a context lacks are 0.
    matrix = wide.reindex(columns=range(1, len(columns) + 1)).loc[choices["context"]].fillna(0.0)
    chosen = chosen_by_weights(choices[columns].to_numpy(), matrix.to_numpy())
    hit = chosen == np.asarray(choices["selection"] == "A")
    return pd.DataFrame({"context": choices["context"].to_numpy(), "predicted": hit})
