"""`plan_study`: the designs of a study compared by simulation, before anybody pays for one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.collect.estimate import Prices
from introspect_bayes.designs.assumptions import AssumedModel, assumed_models
from introspect_bayes.designs.design import TRAINED, UNTRAINED, Bill, Design, bill, grid
from introspect_bayes.designs.goals import (
    Goals,
    certainty_of_mean,
    certainty_of_share,
    probability,
)
from introspect_bayes.designs.simulated_studies import SimulatedStudies
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.requests import SamplingOptions
from introspect_bayes.specs import Specification, chosen_specifications

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SURE: Final = 0.95
"""Certainty, over Monte Carlo error, that counts as enough."""

TOLERATED: Final = 0.05
"""Largest share of simulated studies with failed diagnostics in a design that meets a goal."""

_LEAST_STUDIES: Final = 10


@dataclass(frozen=True)
class DesignAnalysis:
    """What simulated studies found under each design, and what each design costs.

    Attributes
    ----------
    models
        What was assumed.
    goals
        What a design must achieve.
    outcomes
        One row a simulated study and design: study, contexts, choices, reports, estimate, low,
        high (95% HDI; NaN where it cannot be computed), problems (failed diagnostics), reason.
    bills
        What each design asks and costs, by design.
    seed
        Seed of the simulations.
    """

    models: tuple[AssumedModel, ...]
    goals: Goals
    outcomes: pd.DataFrame = field(repr=False)
    bills: dict[Design, Bill] = field(repr=False)
    seed: int

    @property
    def studies(self) -> int:
        """Simulated studies of each design."""
        return int(self.outcomes["study"].nunique())

    @property
    def figure(self) -> str:
        """What is planned for: "accuracy", or "effect" of introspection training."""
        return "accuracy" if self.models[0].after is None else "effect"

    def table(self) -> pd.DataFrame:
        """Return one row a design, the cheapest first.

        Returns
        -------
        pandas.DataFrame
            Columns contexts, choices, reports; requests, prompt_tokens, reply_tokens, cost (US
            dollars, NaN without prices); estimate (mean); width (mean of the 95% HDI's) and
            width_error; for each event of ``goals.events`` its probability and, with the ending
            _error, its Monte Carlo error; failed (studies that allow no HDI: no event happens in
            them, and they have no width) and doubtful (studies with failed diagnostics); verdict
            ("met": all goals; "doubtful": met by numbers that cannot be trusted, because in more
            than `TOLERATED` of the studies diagnostics failed; "missed"), certainty (of reaching
            the goals, over Monte Carlo error; 0 where more than `TOLERATED` are doubtful) and
            cheapest (of those that meet the goals). The last three are missing without goals.
        """
        keys = list(Design.__slots__)
        rows = []
        for design in self.bills:
            found = self._found(design)
            asked = self.bills[design]
            cost = np.nan if asked.cost is None else asked.cost
            rows.append(
                {
                    **asdict(design),
                    "requests": asked.requests,
                    "prompt_tokens": asked.prompt_tokens,
                    "reply_tokens": asked.reply_tokens,
                    "cost": cost,
                    **self._expected(found),
                }
            )
        table = pd.DataFrame(rows).sort_values([self.price, *keys], ignore_index=True)
        if any(self.goals.wanted()):
            meeting = table.index[table["verdict"] == "met"]
            table["cheapest"] = table.index == (meeting[0] if len(meeting) else -1)
        return table

    @property
    def price(self) -> str:
        """Column that designs are ranked by: cost, or requests if no prices were given."""
        priced = all(each.cost is not None for each in self.bills.values())
        return "cost" if priced else "requests"

    def cheapest(self, certainty: float | None = None) -> pd.Series | None:
        """Return the row of the cheapest design that meets the goals; None if none does.

        Parameters
        ----------
        certainty
            Least certainty of it, over Monte Carlo error; if not given, the estimates must meet
            the goals.

        Raises
        ------
        InputError
            If there are no goals.
        """
        if not any(self.goals.wanted()):
            msg = "cheapest: no goal was given, such as Goals(width=0.1)"
            raise InputError(msg)
        table = self.table()
        kept = table["verdict"] == "met" if certainty is None else table["certainty"] >= certainty
        return table[kept].iloc[0] if kept.any() else None

    def plot(self, figsize: tuple[float, float] | None = None) -> "Figure":
        """Plot width and probabilities of all designs against what they cost.

        Parameters
        ----------
        figsize
            Width and height in inches.
        """
        from introspect_bayes.designs.drawing import draw_designs

        return draw_designs(self.table(), self.goals, self.price, figsize)

    def _found(self, design: Design) -> pd.DataFrame:
        chosen = pd.Series(data=True, index=self.outcomes.index)
        for name, value in asdict(design).items():
            chosen &= self.outcomes[name] == value
        return self.outcomes[chosen]

    def _expected(self, found: pd.DataFrame) -> dict[str, Any]:
        low, high = (found[end].to_numpy(dtype=float) for end in ("low", "high"))
        known = ~np.isnan(low)
        widths = (high - low)[known]
        count = len(widths)
        expected: dict[str, Any] = {
            "estimate": found["estimate"].mean(),
            "width": widths.mean() if count else np.nan,
            "width_error": widths.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan,
        }
        happened = {e: int(self.goals.happened(e, low, high).sum()) for e in self.goals.events}
        for event, times in happened.items():
            expected[event], expected[f"{event}_error"] = probability(times, len(found))
        expected["failed"] = int((~known).sum())
        expected["doubtful"] = int((found["problems"] != "").sum())
        certainties = []
        for name, limit in self.goals.wanted():
            if name == "width":
                sure = certainty_of_mean(expected["width"], expected["width_error"], limit, count)
                certainties.append((expected["width"] <= limit, sure if count > 1 else 0.0))
            else:
                sure = certainty_of_share(happened[name], len(found), limit)
                certainties.append((expected[name] >= limit, sure))
        if certainties:
            met = all(met for met, _ in certainties)
            trusted = expected["doubtful"] <= TOLERATED * len(found)
            expected["verdict"] = ("met" if trusted else "doubtful") if met else "missed"
            # Bonferroni: the goals' doubts add up at worst.
            sure = max(0.0, 1 - sum(1 - sure for _, sure in certainties))
            expected["certainty"] = sure if trusted else 0.0
        return expected


def plan_study(  # noqa: PLR0913 - everything that decides the numbers
    assumed: AssumedModel | Sequence[AssumedModel],
    *,
    contexts: int | Iterable[int] = 100,
    choices: int | Iterable[int] = 50,
    reports: int | Iterable[int] = 10,
    goals: Goals | None = None,
    prices: Prices | None = None,
    model: str = "model",
    conditions: SamplingOptions | None = None,
    studies: int = 100,
    seed: int = 1,
    processes: int | None = None,
    specs: dict[str, Specification] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> DesignAnalysis:
    """Tell by simulation what designs of a study would find, and what they would cost.

    Simulated decision makers answer whole studies, which go through the same parser and the same
    analysis as real ones. Planned for is the accuracy of one model's reports on its own weights
    (``native.acc``), or, where models are assumed to be trained, the effect of introspection
    training (``e3.effect``), averaged over the base models.

    Parameters
    ----------
    assumed
        What is assumed of each base model.
    contexts, choices, reports
        Decision contexts, and choices and reports asked in each; all combinations of several.
    goals
        What a design must achieve.
    prices
        US dollars per million tokens.
    model, conditions
        The model's name and the conditions, parts of each request's text, for the cost.
    studies
        Simulated studies of each design, 10 or more. Studies of different designs share their
        contexts, choices and reports as far as they go, so that designs differ by more than chance.
    seed
        Seed of everything. The numbers depend on the designs, too: a study of the largest holds
        those of the others.
    processes
        Studies simulated at the same time; as many as there are cores if not given. The numbers do
        not depend on it.
    specs
        Specifications that take the place of the shipped ones, by name.
    advance
        Called with the number of studies finished, for a progress bar.

    Raises
    ------
    InputError
        If an assumption, a design or a goal is impossible.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> found = ib.plan_study(ib.AssumedModel(ib.AssumedReports(accuracy=0.6)), contexts=[10, 20],
    ...     choices=30, reports=5, goals=ib.Goals(width=0.4), studies=10, processes=1)
    >>> found.table()["contexts"].tolist()
    [10, 20]
    >>> int(found.cheapest()["contexts"])
    20
    """
    _require_possible(studies, seed, processes)
    models = assumed_models(assumed)
    designs = grid(contexts, choices, reports)
    if not designs:
        msg = "no design: give at least one number each of contexts, choices and reports"
        raise InputError(msg)
    stages = UNTRAINED if models[0].after is None else TRAINED
    asked = (model, conditions or SamplingOptions())
    bills = {design: bill(design, stages, len(models), prices, asked) for design in designs}
    specs = {**chosen_specifications(), **(specs or {})}
    simulated = SimulatedStudies(models, tuple(designs), specs, seed)
    rows = []
    for found in _outcomes(simulated, studies, processes):
        rows += found
        advance(1)
    return DesignAnalysis(models, goals or Goals(), pd.DataFrame(rows), bills, seed)


def _require_possible(studies: int, seed: int, processes: int | None) -> None:
    if studies < _LEAST_STUDIES:
        msg = f"studies = {studies}: simulate {_LEAST_STUDIES} or more of each design"
        raise InputError(msg)
    if seed < 0 or (processes is not None and processes < 1):
        msg = f"seed = {seed}, processes = {processes}: seeds are 0 or more, processes 1 or more"
        raise InputError(msg)


def _outcomes(
    simulated: SimulatedStudies, studies: int, processes: int | None
) -> Iterable[list[dict[str, Any]]]:
    import joblib

    jobs = (joblib.delayed(simulated.outcomes)(number) for number in range(studies))
    count = min(studies, processes or joblib.cpu_count())
    found: Iterable[list[dict[str, Any]]] = joblib.Parallel(n_jobs=count, return_as="generator")(
        jobs
    )
    return found
