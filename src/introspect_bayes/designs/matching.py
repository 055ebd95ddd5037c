"""Simulated models matched to what choices and reports of a real one show."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import correlation, mean_reports
from introspect_bayes.analysis.settings import REGRESSION_SAMPLER, Settings
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.designs.assumptions import AssumedModel, AssumedReports
from introspect_bayes.designs.design import Design
from introspect_bayes.designs.simulated_studies import CHOICE_SAMPLER, simulated_replies
from introspect_bayes.protocol.stages import StagePlan
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.simulate.in_memory import native_study, numbered_contexts
from introspect_bayes.specs import chosen_specifications
from introspect_bayes.study import Study
from introspect_bayes.study.replies import study_of_replies

CONTEXTS: Final = 200
"""Contexts of the simulated study whose reports are matched: with 1,000 weights, a correlation
of .5 scatters by .02."""

CHOICE_CONTEXTS: Final = 150
"""Contexts of each simulated study whose choices are matched."""

_CHOOSES: Final = (StagePlan("off-the-shelf", "", (("decision", "native"),)),)
_REPORTS: Final = (StagePlan("off-the-shelf", "", (("report", "native"),)),)
_NAME: Final = "model"
_CONSISTENCIES: Final = np.geomspace(0.3, 40.0, 9)
_ROUNDS: Final = 8
_LARGEST_SPREAD: Final = 200.0
_SMALL_BIAS: Final = 0.02


@dataclass(frozen=True, slots=True)
class ChoiceStatistics:
    """What choices show.

    Attributes
    ----------
    size
        Mean over contexts of the log Euclidean norm of the slopes' posterior means. It tells
        consistency one and a half times as exactly as the largest slope does.
    intercept
        Mean over contexts of the posterior mean; 0 without intercept.
    """

    size: float
    intercept: float


@dataclass(frozen=True, slots=True)
class ReportStatistics:
    """What reports show.

    Attributes
    ----------
    accuracy
        Pearson's correlation of learned weights with mean reports.
    spread
        Standard deviation of the mean reports.
    noise
        Standard deviation of reports around the mean of their context and attribute; NaN where
        no context has two.
    invalid_rate, silent
        See `zero_inflated`.
    """

    accuracy: float
    spread: float
    noise: float
    invalid_rate: float
    silent: float


def choice_statistics(weights: ChoiceWeights) -> ChoiceStatistics:
    """Return what the choices behind a fit show."""
    slopes = weights.hdi()
    squares = (slopes["mean"] ** 2).groupby(slopes["context"]).sum()
    bias = weights.position_bias()["mean"].mean() if weights.spec.has_intercept else 0.0
    return ChoiceStatistics(float(np.log(squares).mean() / 2), float(bias))


def report_statistics(
    reports: pd.DataFrame, sets: pd.DataFrame, learned: pd.DataFrame
) -> ReportStatistics:
    """Return what reports show.

    Parameters
    ----------
    reports
        Rows of ``study.reports``.
    sets
        Rows of ``study.report_sets`` about the same reports.
    learned
        Weights, as ``Analysis.learned`` returns them.

    Raises
    ------
    CannotCompute
        If too few attributes have both a weight and a report, or one side does not vary.
    """
    means = mean_reports(reports)
    rows = learned.merge(means, on=["context", "position"], validate="one_to_one")
    cells = reports.groupby(["report_set", "context", "position"])["reported"]
    within = cells.var(ddof=1).dropna()
    valid = reports.drop_duplicates(["report_set", "context", "report"])
    counts = valid.groupby(["report_set", "context"]).size()
    contexts = sum(len(asked) for asked in sets["contexts_asked"])
    every = np.zeros(contexts, dtype=int)
    every[: len(counts)] = counts
    invalid_rate, silent = zero_inflated(every, int(sets["reports_asked"].max()))
    return ReportStatistics(
        accuracy=correlation(rows["learned"], rows["reported"]),
        spread=float(means["mean_report"].std(ddof=1)),
        noise=float(np.sqrt(within.mean())) if len(within) else float("nan"),
        invalid_rate=invalid_rate,
        silent=silent,
    )


def zero_inflated(valid: np.ndarray, asked: int) -> tuple[float, float]:
    """Estimate the share of invalid reports, and of contexts in which none is ever valid.

    Maximum likelihood of a zero-inflated binomial: given that a context has a valid report, the
    mean count is ``asked * p / (1 - (1 - p)**asked)``. With one report a context the two cannot be
    told apart, and all is put down to invalid reports.

    Parameters
    ----------
    valid
        Number of valid reports of each context, shape (context,).
    asked
        Number asked in each.

    Examples
    --------
    >>> import numpy as np
    >>> zero_inflated(np.array([10, 10, 0, 10]), 10)
    (0.0, 0.25)
    """
    from scipy.optimize import brentq

    some = valid[valid > 0]
    mean, whole = valid.mean() / asked, (1 - valid.mean() / asked, 0.0)
    if asked == 1 or len(some) == len(valid) or mean == 0:
        return float(whole[0]), 0.0
    if some.mean() <= 1:
        return float(whole[0]), 0.0
    if some.mean() >= asked:
        return 0.0, float(1 - len(some) / len(valid))

    def surplus(p: float) -> float:
        return float(asked * p / -np.expm1(asked * np.log1p(-p)) - some.mean())

    p = brentq(surplus, 1e-9, 1 - 1e-9)
    silent = 1 - len(some) / len(valid) / -np.expm1(asked * np.log1p(-p))
    return (1 - p, float(silent)) if silent > 0 else (float(whole[0]), 0.0)


@dataclass(frozen=True)
class SimulatedChooser:
    """A simulated model, and its weights as an analysis of its choices learns them.

    Attributes
    ----------
    consistency, position_bias
        See `AssumedModel`.
    design
        How many choices and reports are asked.
    seed
        Seed of its weights and noise.
    contexts
        In how many contexts it chooses and reports.
    """

    consistency: float
    position_bias: float
    design: Design
    seed: int
    contexts: int = CONTEXTS

    @cached_property
    def analysis(self) -> Analysis:
        """Analysis of its choices."""
        settings = Settings(
            specs=chosen_specifications(),
            choice_sampler=replace(CHOICE_SAMPLER, seed=self.seed),
            regression_sampler=REGRESSION_SAMPLER,
        )
        return Analysis(self._answered(_CHOOSES, AssumedReports(0.0)), settings)

    @cached_property
    def learned(self) -> pd.DataFrame:
        """Its learned weights, as ``Analysis.learned`` returns them."""
        return self.analysis.learned(_NAME, "native", "off-the-shelf")

    def chosen(self) -> ChoiceStatistics:
        """Return what its choices show."""
        return choice_statistics(self.analysis.weights(_NAME, "native", "off-the-shelf"))

    def reported(self, reports: AssumedReports) -> ReportStatistics:
        """Return what its reports would show."""
        study = self._answered(_REPORTS, reports)
        return report_statistics(study.reports, study.report_sets, self.learned)

    def _answered(self, stages: tuple[StagePlan, ...], reports: AssumedReports) -> Study:
        model = AssumedModel(
            reports, consistency=self.consistency, position_bias=self.position_bias, name=_NAME
        )
        prepared: PreparedStudy = native_study(
            numbered_contexts(self.contexts),
            self.design.choices,
            self.design.reports,
            self.seed,
            stages,
        )
        return study_of_replies(prepared, simulated_replies(prepared, model, stages[0]))


@lru_cache(maxsize=8)
def match_choices(shown: ChoiceStatistics, choices: int, seed: int) -> tuple[float, float]:
    """Return consistency and position bias of a model whose choices show the same.

    Parameters
    ----------
    shown
        What is to be matched.
    choices
        Choices in each context.
    seed
        Seed of the simulations.

    Returns
    -------
    tuple
        Consistency (0.3 to 40) and position bias.
    """
    design = Design(CHOICE_CONTEXTS, choices, 1)
    tried = [
        SimulatedChooser(c, shown.intercept, design, seed, CHOICE_CONTEXTS).chosen()
        for c in _CONSISTENCIES
    ]
    consistency = _consistency(shown.size, np.array([each.size for each in tried]))
    found = float(np.interp(consistency, _CONSISTENCIES, [each.intercept for each in tried]))
    if abs(shown.intercept) < _SMALL_BIAS or found * shown.intercept <= 0:
        return consistency, shown.intercept
    return consistency, shown.intercept * shown.intercept / found


def _consistency(shown: float, sizes: np.ndarray) -> float:
    """Return the consistency at which slopes have a size, given their sizes at `_CONSISTENCIES`."""
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import brentq

    # More consistent choices have larger slopes; noise must not turn that round.
    rising = np.maximum.accumulate(sizes)
    logs = np.log(_CONSISTENCIES)
    if not rising[0] < shown < rising[-1]:
        return float(_CONSISTENCIES[0 if shown <= rising[0] else -1])
    curve = PchipInterpolator(logs, rising)
    return float(np.exp(brentq(lambda log: float(curve(log)) - shown, logs[0], logs[-1])))


def match_reports(
    chooser: SimulatedChooser, shown: ReportStatistics
) -> tuple[AssumedReports, ReportStatistics]:
    """Return how a model would report whose reports show the same, and what they show.

    Parameters
    ----------
    chooser
        The model's choices, matched already.
    shown
        What is to be matched. Where the noise is unknown, because a single report was asked, it is
        taken for zero: what scatters counts as belief.
    """
    noise = 0.0 if np.isnan(shown.noise) else shown.noise
    assumed = AssumedReports(
        accuracy=shown.accuracy,
        invalid_rate=shown.invalid_rate,
        silent=shown.silent,
        spread=shown.spread,
        noise=noise,
    )
    for _ in range(_ROUNDS):
        found = chooser.reported(assumed)
        ratio = shown.noise / found.noise if noise > 0 and found.noise > 0 else 1.0
        assumed = replace(
            assumed,
            accuracy=float(np.clip(assumed.accuracy + shown.accuracy - found.accuracy, -1, 1)),
            spread=min(_LARGEST_SPREAD, assumed.spread * shown.spread / found.spread),
            noise=min(_LARGEST_SPREAD, assumed.noise * ratio),
        )
    return assumed, chooser.reported(assumed)
