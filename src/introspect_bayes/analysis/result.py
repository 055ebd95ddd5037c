"""A figure as computed from a study."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class Result:
    """A figure computed from a study.

    Attributes
    ----------
    estimate
        Posterior mean of a regression's slope, Pearson's correlation, or a proportion.
    n
        Rows used: attributes, choices or reports.
    hdi
        95% HDI, None for proportions; it takes rows as independent.
    hdi_contexts
        95% interval that takes contexts as units (`contexts_as_units`); None if it cannot be had.
    hdi_contexts_missing
        Why not; empty if there is one.
    errors
        Monte Carlo standard errors of the estimate and of the HDI's two ends.
    problems
        Failed diagnostics of any fit that the figure rests on.
    note
        What a reader should know.
    base_models
        For figures over several base models: those that entered.
    read_draws
        Returns the posterior draws of the slope or contrast behind the HDI, shape (chain, draw);
        None without an HDI.
    """

    estimate: float
    n: int
    hdi: tuple[float, float] | None = None
    errors: tuple[float, float, float] = (0.0, 0.0, 0.0)
    problems: tuple[str, ...] = ()
    note: str = ""
    base_models: tuple[str, ...] = ()
    hdi_contexts: tuple[float, float] | None = None
    hdi_contexts_missing: str = ""
    read_draws: Callable[[], np.ndarray] | None = field(default=None, repr=False, compare=False)

    @property
    def draws(self) -> np.ndarray | None:
        """Posterior draws of the slope or contrast behind the HDI, shape (chain, draw).

        Where the estimate is Pearson's correlation their mean differs from it a little.
        """
        return None if self.read_draws is None else self.read_draws()
