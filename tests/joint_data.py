"""Choices and reports with a known correlation of the weights behind them."""

import numpy as np
import pandas as pd

from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.contexts import Attribute, DecisionContext
from introspect_bayes.study import Study

STAGES = {
    "e1.acc": ("weight-trained", "instilled"),
    "e2.acc": ("introspection-trained", "instilled"),
}


def ragged_contexts(widths):
    """Return contexts with so many attributes each."""
    template = shipped_contexts("instilled")[0]
    return [
        DecisionContext(
            name=f"c{number:03d}",
            question=f"{template.question} {number}",
            attributes=tuple(
                Attribute(name=f"a{k}", minimum=0, maximum=1, unit="") for k in range(width)
            ),
        )
        for number, width in enumerate(widths)
    ]


def joint_study(truth, widths, *, seed, base_models=("m-one",), outliers=0.0, missing=0.0):
    """Return a study whose latent reported and used weights have known correlations by figure.

    `outliers` is the share of single reported values that are uniform instead, `missing` the share
    of contexts without any report before training.
    """
    random = np.random.default_rng(seed)
    contexts = ragged_contexts(widths)
    most = max(widths)
    choices, reports = [], []
    for base_model in base_models:
        for context in contexts:
            width = len(context.attributes)
            used = random.normal(size=width)
            differences = np.zeros((40, most))
            differences[:, :width] = random.uniform(-1, 1, (40, width))
            log_odds = 0.3 + 4 * np.exp(0.2 * random.normal()) * differences[:, :width] @ used
            chosen = random.uniform(size=40) < 1 / (1 + np.exp(-log_odds))
            frame = pd.DataFrame(differences, columns=[f"d{k + 1}" for k in range(most)])
            choices.append(
                frame.assign(
                    base_model=base_model,
                    model=f"{base_model}-w",
                    stage="weight-trained",
                    context_set="instilled",
                    context=context.name,
                    trial=np.arange(1, 41),
                    selection=np.where(chosen, "A", "B"),
                )
            )
            for figure, rho in truth.items():
                if figure == "e1.acc" and random.uniform() < missing:
                    continue
                stage, context_set = STAGES[figure]
                latent = rho * used + np.sqrt(1 - rho**2) * random.normal(size=width)
                given = 10 + 35 * (latent + random.normal(0, 0.6, (5, width)))
                wild = random.uniform(size=given.shape) < outliers
                given = np.where(wild, random.uniform(-1000, 1000, given.shape), np.round(given))
                number, position = np.indices(given.shape) + 1
                reports.append(
                    pd.DataFrame(
                        {
                            "report": number.ravel(),
                            "position": position.ravel(),
                            "reported": given.ravel(),
                        }
                    ).assign(
                        base_model=base_model,
                        model=f"{base_model} {figure}",
                        stage=stage,
                        context_set=context_set,
                        report_set=f"{base_model} {figure}",
                        context=context.name,
                    )
                )
    rows = pd.concat(reports, ignore_index=True)
    keys = ["report_set", "base_model", "model", "stage", "context_set"]
    asked = tuple(context.name for context in contexts)
    sets = rows[keys].drop_duplicates().reset_index(drop=True)
    sets["contexts_asked"] = [asked] * len(sets)
    return Study(
        name="joint",
        source="joint",
        decision_contexts={context.name: context for context in contexts},
        choices=pd.concat(choices, ignore_index=True),
        reports=rows,
        report_sets=sets.assign(reports_asked=5, asked_known=True, replies=5),
        targets=pd.DataFrame(),
        models=rows[["base_model", "model", "stage"]].drop_duplicates(),
    )
