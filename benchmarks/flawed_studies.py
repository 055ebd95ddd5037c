"""Simulated studies that are flawless, or have one flaw: what `check` must, and must not, find.

Choices come from the model that is fitted: slopes from its prior, no position bias. Reports follow
the weights with the same accuracy everywhere. Each flaw changes one thing.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from introspect_bayes.simulate.in_memory import numbered_contexts
from introspect_bayes.study import Study
from introspect_bayes.study.frames import ODD_ROWS

ATTRIBUTES, REPORTS = 5, 5
BASE_MODEL = "simulated"
STAGES = {"weight-trained": 0.4, "introspection-trained": 0.7}
"""Stages that report on native weights, and how accurately."""


def simulated(  # noqa: PLR0913 - what flaws change
    seed: int,
    contexts: int = 40,
    choices: int = 40,
    *,
    size: float = 1.0,
    bias: float = 0.0,
    spread: float = 0.0,
    accuracy: float | None = None,
) -> Study:
    """Return a study; its options are flaws.

    Parameters
    ----------
    seed
        Of everything.
    contexts, choices
        How many contexts, and choices in each.
    size
        Standard deviation of slopes, in log-odds; the prior has 1.
    bias
        Log-odds of A between equal options.
    spread
        Of Fisher's z of accuracy between contexts.
    accuracy
        Of both stages, instead of `STAGES`.
    """
    random = np.random.default_rng(seed)
    known = {context.name: context for context in numbered_contexts(contexts)}
    names = list(known)
    weights = random.normal(size=(contexts, ATTRIBUTES))
    differences = random.uniform(size=(contexts, choices, ATTRIBUTES))
    differences -= random.uniform(size=differences.shape)
    odds = bias + np.einsum("cnk,ck->cn", differences, size * weights)
    chose_a = random.uniform(size=odds.shape) < 1 / (1 + np.exp(-odds))
    chosen = pd.DataFrame(
        {
            "base_model": BASE_MODEL,
            "model": f"{BASE_MODEL}:weight-trained",
            "stage": "weight-trained",
            "context_set": "native",
            "context": np.repeat(names, choices),
            "trial": np.tile(np.arange(1, choices + 1), contexts),
            "selection": np.where(chose_a.ravel(), "A", "B"),
            **{f"d{k + 1}": differences[..., k].ravel() for k in range(ATTRIBUTES)},
        }
    )
    used = weights / np.abs(weights).max(axis=1, keepdims=True)
    used = used / used.std()
    easier = random.normal(size=contexts)
    parts, sets = [], []
    for stage, usual in STAGES.items():
        told = np.tanh(np.arctanh(usual if accuracy is None else accuracy) + spread * easier)
        belief = told[:, None] * used + np.sqrt(1 - told**2)[:, None] * random.normal(
            size=used.shape
        )
        each = 35 * belief[:, None] + random.normal(0, 15, (contexts, REPORTS, ATTRIBUTES))
        whose = {"base_model": BASE_MODEL, "model": f"{BASE_MODEL}:{stage}", "stage": stage}
        where = {"context_set": "native", "report_set": f"{stage}:native"}
        index = np.indices(each.shape).reshape(3, -1)
        parts.append(
            pd.DataFrame(
                {
                    **whose,
                    **where,
                    "context": np.asarray(names)[index[0]],
                    "report": index[1] + 1,
                    "position": index[2] + 1,
                    "reported": np.clip(np.round(each), -100, 100).ravel(),
                }
            )
        )
        asked = {"contexts_asked": tuple(names), "reports_asked": REPORTS, "asked_known": True}
        sets.append({**where, **whose, **asked, "replies": contexts * REPORTS})
    models = [
        {"base_model": BASE_MODEL, "model": f"{BASE_MODEL}:{stage}", "stage": stage}
        for stage in STAGES
    ]
    return Study(
        name="simulated",
        source="simulated",
        decision_contexts=known,
        choices=chosen,
        reports=pd.concat(parts, ignore_index=True),
        report_sets=pd.DataFrame(sets),
        targets=pd.DataFrame(columns=["context", "position", "target"]),
        models=pd.DataFrame(models),
    )


def _some(study: Study, share: float) -> list[str]:
    names = list(study.decision_contexts)
    return names[: round(share * len(names))]


def _one_letter(seed: int) -> Study:
    study = simulated(seed)
    mine = study.choices["context"].isin(_some(study, 0.25))
    return replace(
        study, choices=study.choices.assign(selection=study.choices["selection"].mask(mine, "A"))
    )


def _one_sided(seed: int) -> Study:
    study = simulated(seed)
    mine = np.random.default_rng(seed).uniform(size=len(study.choices)) < 0.95  # noqa: PLR2004
    return replace(
        study, choices=study.choices.assign(selection=study.choices["selection"].mask(mine, "A"))
    )


def _few(seed: int) -> Study:
    study = simulated(seed)
    few = study.choices["context"].isin(_some(study, 0.3)) & (study.choices["trial"] > 6)  # noqa: PLR2004
    return replace(study, choices=study.choices[~few].reset_index(drop=True))


def _silent(seed: int) -> Study:
    study = simulated(seed)
    gone = study.reports["context"].isin(_some(study, 0.25))
    return replace(study, reports=study.reports[~gone].reset_index(drop=True))


def _missing_where_weak(seed: int) -> Study:
    study = simulated(seed)
    columns = [name for name in study.choices if name.startswith("d") and name[1:].isdigit()]
    signs = np.where(study.choices["selection"] == "A", 1.0, -1.0)
    strength = (
        (study.choices[columns].mul(signs, axis=0))
        .groupby(study.choices["context"])
        .mean()
        .pow(2)
        .sum(axis=1)
    )
    # The weaker a context's weights, the fewer of its reports are valid.
    kept = (strength.rank(pct=True) * REPORTS).apply(np.ceil)
    few = study.reports["report"] > study.reports["context"].map(kept)
    return replace(study, reports=study.reports[~few].reset_index(drop=True))


def _outlier(seed: int) -> Study:
    study = simulated(seed)
    random = np.random.default_rng(seed)
    place = random.choice(study.reports.index[study.reports["stage"] == "weight-trained"])
    reported = study.reports["reported"].copy()
    reported[place] = 2388.0
    return replace(study, reports=study.reports.assign(reported=reported))


def _zeros(seed: int) -> Study:
    study = simulated(seed)
    random = np.random.default_rng(seed)
    keys = study.reports[["report_set", "context", "report"]]
    numbers = keys.groupby(["report_set", "context", "report"]).ngroup()
    zero = numbers.map(dict(enumerate(random.uniform(size=numbers.max() + 1) < 0.4)))  # noqa: PLR2004
    return replace(
        study, reports=study.reports.assign(reported=study.reports["reported"].mask(zero, 0.0))
    )


def _other_scale(seed: int) -> Study:
    study = simulated(seed)
    random = np.random.default_rng(seed)
    keys = study.reports[["report_set", "context"]]
    numbers = keys.groupby(["report_set", "context"]).ngroup()
    small = numbers.map(dict(enumerate(random.uniform(size=numbers.max() + 1) < 0.7)))  # noqa: PLR2004
    reported = study.reports["reported"]
    return replace(
        study, reports=study.reports.assign(reported=reported.where(~small, reported / 100))
    )


def _copies(seed: int) -> Study:
    study = simulated(seed)
    mine = study.choices[study.choices["context"].isin(_some(study, 0.25))]
    copied = mine.assign(trial=mine["trial"] + study.choices["trial"].max())
    odd = copied[["base_model", "model", "stage", "context_set", "context"]].assign(
        task="decision", report_set="", number=copied["trial"], oddity="repeated", where=""
    )
    return replace(
        study,
        choices=pd.concat([study.choices, copied], ignore_index=True),
        odd_rows=odd[ODD_ROWS].reset_index(drop=True),
    )


def _coin(seed: int) -> Study:
    return simulated(seed, size=0.0)


FLAWS: dict[str, tuple[Callable[[int], Study], tuple[str, ...]]] = {
    "files": (
        lambda seed: replace(simulated(seed), reading_warnings=("x.csv is left out",)),
        ("data.files",),
    ),
    "unanswered": (
        lambda seed: replace(simulated(seed), unanswered={f"{BASE_MODEL}:x": 12}),
        ("data.replies",),
    ),
    "one-sided": (_one_sided, ("data.variation",)),
    "no-weights": (_coin, ("prior.predictive",)),
    "silence": (_silent, ("data.replies",)),
    "missing-at-random": (_missing_where_weak, ("data.missing-reports",)),
    "odd-reports": (_outlier, ("data.anomalies",)),
    "scale": (_other_scale, ("data.replies",)),
    "odd-rows": (_copies, ("data.values",)),
    "few-choices": (_few, ("data.values",)),
    "telling-nothing": (_one_letter, ("data.variation",)),
    "size-of-weights": (lambda seed: simulated(seed, size=3.0), ("prior.predictive",)),
    "position": (lambda seed: simulated(seed, bias=0.5), ("data.position-bias",)),
    "contexts-as-units": (
        lambda seed: simulated(seed, contexts=100, spread=0.8, accuracy=0.0),
        ("reports.residuals",),
    ),
    "another-regression": (
        lambda seed: simulated(seed, contexts=100, spread=0.8, accuracy=0.0),
        ("loo.comparison",),
    ),
}
"""By the name of the finding that must result: a flawed study, and the checks that find it. The
flaws of `sampler` (too few draws) and `regression-prior` (a skeptical prior) lie in settings."""
