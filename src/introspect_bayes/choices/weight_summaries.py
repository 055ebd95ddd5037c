"""Choice weights of any number of contexts: a part at a time, over processes or machines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.diagnostics import Diagnostics
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification
from introspect_bayes.specs.engines import Engine

PART: Final = 500
"""Contexts whose draws are in memory together in each process: about 100 MB of five slopes each."""


@dataclass(frozen=True)
class WeightSummaries:
    """What the posteriors of many contexts' weights say, without their draws.

    Attributes
    ----------
    weights
        One row an attribute, as from ``ChoiceWeights.hdi``: context, position, mean, sd, hdi_low,
        hdi_high (95%), weight (-100 to 100).
    position_bias
        One row a context, as from ``ChoiceWeights.position_bias``; empty without intercept.
    diagnostics
        The worst of all contexts.
    contexts_by_engine
        Number of contexts sampled by each engine.
    """

    weights: pd.DataFrame
    position_bias: pd.DataFrame
    diagnostics: Diagnostics
    contexts_by_engine: dict[str, int]


def summarize_weights(
    spec: Specification,
    data: ChoiceData,
    sampler: Sampler,
    engine: Engine = "auto",
    advance: Callable[[int], None] = lambda _: None,
) -> WeightSummaries:
    """Sample the choice weights of each context and keep what their posteriors say.

    Contexts go to ``sampler.cores`` processes, `PART` at a time, and their draws are dropped as
    soon as they are summarized, so that memory hardly depends on how many there are. Within
    ``joblib.parallel_config(...)`` they go wherever that says, for instance to a Dask cluster
    (``backend="dask"``). The numbers are the same everywhere, but for rounding:
    each context has a seed of its own.

    Parameters
    ----------
    spec
        A specification of choices whose contexts share no parameters.
    data
        The choices.
    sampler
        Settings.
    engine
        How to sample.
    advance
        Called with the number of contexts finished, for a progress bar.

    Raises
    ------
    InputError
        If contexts share parameters, so that they cannot be sampled apart.

    Examples
    --------
    >>> import numpy as np
    >>> from introspect_bayes.specs import spec
    >>> random = np.random.default_rng(1)
    >>> data = ChoiceData(("tea", "cup"), np.repeat([0, 1], 30), random.normal(size=(60, 2)),
    ...     random.integers(0, 2, 60), np.array([2, 2]))
    >>> found = summarize_weights(spec("choice_weights"), data, Sampler(cores=1, seed=1))
    >>> found.weights[["context", "position"]].to_numpy().tolist()
    [['tea', 1], ['tea', 2], ['cup', 1], ['cup', 2]]
    """
    import joblib

    if spec.hyperparameters:
        msg = (
            f"{spec.name}: contexts share {', '.join(spec.hyperparameters)}, so that they cannot "
            "be sampled apart; use ChoiceWeightsSampler"
        )
        raise InputError(msg)
    parts = [
        data.take(numbers)
        for numbers in np.split(
            np.arange(len(data.contexts)), range(PART, len(data.contexts), PART)
        )
    ]
    # Parts side by side have chains one after the other.
    within = replace(sampler, cores=1) if len(parts) > 1 else sampler
    jobs = (joblib.delayed(_summarize)(spec, part, within, engine) for part in parts)
    found = []
    for summaries in _run(jobs, sampler.cores if len(parts) > 1 else 1):
        found.append(summaries)
        advance(sum(summaries.contexts_by_engine.values()))
    return _together(found)


def _run(jobs: Any, processes: int) -> Iterator[WeightSummaries]:
    """Yield results in order, as they come: where the user says, or from processes of our own."""
    import joblib
    from joblib.parallel import get_active_backend

    backend, count = get_active_backend()
    chosen = type(backend).__name__ != "LokyBackend" or count != 1
    parallel = joblib.Parallel(n_jobs=None if chosen else processes, return_as="generator")
    yield from parallel(jobs)


def _summarize(
    spec: Specification, data: ChoiceData, sampler: Sampler, engine: Engine
) -> WeightSummaries:
    fit = ChoiceWeightsSampler(sampler, engine).fit(spec, data, "choice_weights")
    bias = fit.position_bias() if spec.has_intercept else pd.DataFrame()
    return WeightSummaries(fit.hdi(), bias, fit.diagnostics, fit.contexts_by_engine)


def _together(parts: list[WeightSummaries]) -> WeightSummaries:
    engines = sorted({engine for part in parts for engine in part.contexts_by_engine})
    return WeightSummaries(
        pd.concat([part.weights for part in parts], ignore_index=True),
        pd.concat([part.position_bias for part in parts], ignore_index=True),
        reduce(Diagnostics.worst_of, (part.diagnostics for part in parts)),
        {name: sum(part.contexts_by_engine.get(name, 0) for part in parts) for name in engines},
    )
