"""Choices and reports of the same contexts as arrays, as the joint model takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.constants import WEIGHT_LIMIT

ROUNDING: Final = 1.0
"""Step of the scale on which weights are reported: whole numbers from -100 to 100."""


@dataclass(frozen=True)
class JointData:
    """Choices of one model in C contexts, and the reports of F figures on the same contexts.

    Attributes
    ----------
    choices
        The choices; their contexts are those of the fit. K attributes at most.
    figures, report_sets
        Names of the F figures and of the S sets of reports.
    set_index
        Report set of each figure and context, shape (figure, context), values 0 to S - 1; 0 where
        there are no reports.
    counts
        Valid reports, shape (figure, context).
    means
        Their means out of 100, shape (figure, context, attribute); 0 without reports.
    squares
        Their squared deviations from the mean, summed, same shape; each report's rounding error
        counts, so that no ten equal reports seem exact (Sheppard 1897: step²/12 a report).
    reports
        The reports themselves out of 100, within -1 to 1, NaN where there is none; shape (figure,
        context, report, attribute). Fits do not need them, their predictive check does.
    """

    choices: ChoiceData
    figures: tuple[str, ...]
    report_sets: tuple[str, ...]
    set_index: np.ndarray
    counts: np.ndarray
    means: np.ndarray
    squares: np.ndarray
    reports: np.ndarray

    @classmethod
    def from_frames(cls, choices: ChoiceData, reports: Mapping[str, pd.DataFrame]) -> "JointData":
        """Take the reports of several figures from a study's frame.

        Parameters
        ----------
        choices
            The choices. Reports on contexts without choices are left out.
        reports
            Rows of ``study.reports`` by figure; a context belongs to one report set of a figure.
        """
        contexts = {name: number for number, name in enumerate(choices.contexts)}
        shape = (len(reports), len(contexts), choices.differences.shape[1])
        names = dict.fromkeys(n for r in reports.values() for n in r["report_set"].unique())
        report_sets = tuple(names)
        set_index = np.zeros(shape[:2], dtype=int)
        counts = np.zeros(shape[:2])
        means, squares = np.zeros(shape), np.zeros(shape)
        most = max(rows.groupby("context")["report"].nunique().max() for rows in reports.values())
        single = np.full((*shape[:2], int(most), shape[2]), np.nan)
        for figure, rows in enumerate(reports.values()):
            mine = rows[rows["context"].isin(choices.contexts)]
            keys = ["report_set", "context", "position"]
            for key, values in mine.groupby(keys, sort=False)["reported"]:
                report_set, context, position = (str(part) for part in key)
                place = (figure, contexts[context])
                given = values.to_numpy(dtype=float) / WEIGHT_LIMIT
                rounding = (ROUNDING / WEIGHT_LIMIT) ** 2 / 12
                set_index[place] = report_sets.index(report_set)
                counts[place] = len(given)
                means[place][int(position) - 1] = given.mean()
                squares[place][int(position) - 1] = ((given - given.mean()) ** 2 + rounding).sum()
                single[place][: len(given), int(position) - 1] = np.clip(given, -1, 1)
        figures = tuple(reports)
        return cls(choices, figures, report_sets, set_index, counts, means, squares, single)

    @cached_property
    def cells(self) -> np.ndarray:
        """Where there are reports on an attribute, shape (figure, context, attribute)."""
        return np.asarray(self.cell_counts > 0)

    @cached_property
    def cell_counts(self) -> np.ndarray:
        """Reports on each attribute, shape (figure, context, attribute); 0 for absent ones."""
        return np.asarray(self.counts[..., None] * self.choices.present)

    @cached_property
    def signed_differences(self) -> np.ndarray:
        """Differences chosen minus rejected, shape (context, trial, attribute), 0 beyond the last.

        The log-odds of each choice are these times the slopes, plus `sides` times the intercept.
        """
        return self._by_context(self.choices.differences * self._signs[:, None])

    @cached_property
    def sides(self) -> np.ndarray:
        """1 for A, -1 for B, 0 beyond a context's last choice, shape (context, trial)."""
        return self._by_context(self._signs)

    @property
    def _signs(self) -> np.ndarray:
        return np.where(self.choices.selection == 1, 1.0, -1.0)

    def _by_context(self, rows: np.ndarray) -> np.ndarray:
        index = self.choices.index
        count = np.bincount(index, minlength=len(self.choices.contexts))
        order = np.argsort(index, kind="stable")
        place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
        padded = np.zeros((len(count), max(1, int(count.max())), *rows.shape[1:]))
        padded[index[order], place] = rows[order]
        return padded
