"""Do models explain themselves better than others explain them? Answers from a table of scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.analysis.settings import kept_fits
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import Regression, RegressionSampler
from introspect_bayes.sampling.diagnostics import Diagnostics, diagnose
from introspect_bayes.sampling.intervals import estimate
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.scores import score_answers
from introspect_bayes.scores.rows import ScoreRows, score_rows
from introspect_bayes.scores.score_answers import OVERALL
from introspect_bayes.scores.scores import read_explanation_scores
from introspect_bayes.scores.sentences import (
    advantage_sentences,
    learning_sentences,
    two_model_sentences,
)
from introspect_bayes.scores.specifications import suited
from introspect_bayes.scores.two_models import COLUMNS, PAIR_SCALE, other_pairs
from introspect_bayes.specs import Specification
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows

SAMPLER: Final = Sampler(draws=1500, warmup=600)
"""Settings, unless others are given."""

_CURVE_SIZES: Final = 9


@dataclass(frozen=True)
class ExplanationScores:
    """A fitted table of explanation scores, and its answers.

    All answers are on the scale of the scores, with posterior means and 95% HDIs.

    Attributes
    ----------
    rows
        The rows of the model, and what they cannot tell.
    fit
        The fitted model (`regressions.Regression`).
    chosen_rows
        Which rows of the table are used, and which columns are pooled over.
    alternatives
        The advantage under other assumptions where two models tell it
        (`two_models.other_pairs`); else empty.
    """

    rows: ScoreRows = field(repr=False)
    fit: Regression = field(repr=False)
    chosen_rows: ChosenRows = EVERYTHING
    alternatives: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=COLUMNS), repr=False
    )

    @property
    def idata(self) -> xr.DataTree:
        """DataTree with the posterior, for ArviZ."""
        return self.fit.idata

    @property
    def model(self) -> Any:
        """The Bambi model."""
        return self.fit.model

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all parameters and answers."""
        if not self.draws:
            return self.fit.diagnostics
        return self.fit.diagnostics.worst_of(diagnose(self.draws, 0))

    @cached_property
    def draws(self) -> xr.Dataset:
        """Draws of the answers: ``advantage.TASK`` and ``learning.TASK``, dims (chain, draw)."""
        found = {f"advantage.{t}": own - other for t, (own, other) in self._advantages.items()}
        found |= {f"learning.{t}": own - other for t, (own, other) in self._gains.items()}
        return xr.Dataset({name: (("chain", "draw"), draws) for name, draws in found.items()})

    @cached_property
    def _advantages(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return score_answers.advantage_draws(self.fit, self.rows)

    @cached_property
    def _gains(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        if not self.rows.sizes:
            return {}
        ends = [self.rows.sizes[0], self.rows.sizes[-1]]
        doublings = np.log2(ends[1] / ends[0])
        curves = score_answers.curve_draws(self.fit, self.rows, ends)
        return {
            task: ((own[1] - own[0]) / doublings, (other[1] - other[0]) / doublings)
            for task, (own, other) in (
                (task, tuple(zip(*pairs, strict=True))) for task, pairs in curves.items()
            )
        }

    def advantage(self) -> pd.DataFrame:
        """Return the advantage of self over other, by task and overall.

        Each row of the table is predicted as if the explainer were the target itself and as if it
        were another model, everything else the same; the advantage is the mean difference::

            advantage_k = mean over rows i of task k of  E(score_i | self) - E(score_i | other)

        Overall, every task counts the same. The HDI tells of explaining oneself as such, not only
        of the pairs of models at hand: what is particular to a pair is a varying effect.

        Returns
        -------
        pandas.DataFrame
            One row a task, and "overall" where several tell: task, self, other (expected scores),
            advantage, hdi_low, hdi_high, probability (of an advantage above zero), note (why it
            cannot be told; the figures are then missing).
        """
        return self._compared(self._advantages, self.rows.advantage_untold, "advantage")

    def learning(self) -> pd.DataFrame:
        """Return what a doubling of the training size gains, for self and for other.

        On average from the smallest to the largest size of the table.

        Returns
        -------
        pandas.DataFrame
            As of `advantage`; self, other: score gained by a doubling, difference: self minus
            other.
        """
        return self._compared(self._gains, self.rows.learning_untold, "difference")

    def _compared(
        self,
        found: dict[str, tuple[np.ndarray, np.ndarray]],
        untold: dict[str, str],
        name: str,
    ) -> pd.DataFrame:
        rows: list[dict[str, Any]] = []
        for task in (*self.rows.tasks, *([OVERALL] if OVERALL in found else [])):
            row: dict[str, Any] = {"task": task, "self": np.nan, "other": np.nan, name: np.nan}
            row |= {"hdi_low": np.nan, "hdi_high": np.nan, "probability": np.nan}
            if task in found:
                own, other = found[task]
                summary = estimate(own - other)
                row |= {"self": own.mean(), "other": other.mean(), name: summary.mean}
                row |= {"hdi_low": summary.low, "hdi_high": summary.high}
                row["probability"] = (own > other).mean()
            rows.append(row | {"note": untold.get(task, "")})
        return pd.DataFrame(rows)

    def learning_curve(self, sizes: list[float] | None = None) -> pd.DataFrame:
        """Return expected scores along the training size, for self, other and their difference.

        Parameters
        ----------
        sizes
            Training sizes; by default those of the table, or nine from its smallest to its largest
            where it has more.

        Returns
        -------
        pandas.DataFrame
            task, who ("self", "other", "self - other"), training_size, mean, hdi_low, hdi_high;
            empty if no task tells a learning curve (`learning` says why).
        """
        chosen = sizes if sizes is not None else self._sizes()
        if any(size <= 0 for size in chosen):
            msg = f"training sizes must be positive, not {min(chosen):g}"
            raise InputError(msg)
        rows = []
        curves = score_answers.curve_draws(self.fit, self.rows, chosen) if chosen else {}
        for task, pairs in curves.items():
            for size, (own, other) in zip(chosen, pairs, strict=True):
                for who, draws in (("self", own), ("other", other), ("self - other", own - other)):
                    summary = estimate(draws)
                    rows.append((task, who, size, summary.mean, summary.low, summary.high))
        columns = ["task", "who", "training_size", "mean", "hdi_low", "hdi_high"]
        return pd.DataFrame(rows, columns=columns)

    def _sizes(self) -> list[float]:
        sizes = self.rows.sizes
        if len(sizes) <= _CURVE_SIZES:
            return sizes
        return [float(size) for size in np.geomspace(sizes[0], sizes[-1], _CURVE_SIZES)]

    def cells(self) -> pd.DataFrame:
        """Return which explainer helps where: every explainer about every target in every task.

        Returns
        -------
        pandas.DataFrame
            task, explainer, target, scores (how many), observed (their mean), mean, hdi_low,
            hdi_high (expected score over all items of the target, at the geometric mean of the
            training sizes), over_self, over_self_low, over_self_high (how much better than the
            target explains itself, with HDI; missing where it does not), best (probability that
            none explains the target better).
        """
        draws = dict(score_answers.cell_draws(self.fit, self.rows))
        names = ["task", "explainer", "target"]
        groups = self.rows.table.groupby(names, sort=False)["score"]
        counts, means = groups.size().to_dict(), groups.mean().to_dict()
        rows = []
        for (task, explainer, target), mine in draws.items():
            rivals = [d for (k, _, t), d in draws.items() if (k, t) == (task, target)]
            summary = estimate(mine)
            place = (task, explainer, target)
            row: dict[str, Any] = dict(zip(names, place, strict=True))
            row |= {"scores": counts[place], "observed": means[place]}
            row |= {"mean": summary.mean, "hdi_low": summary.low, "hdi_high": summary.high}
            row |= _over_self(mine, draws.get((task, target, target)), is_own=explainer == target)
            rows.append(row | {"best": float((mine >= np.max(rivals, axis=0)).mean())})
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return all answers as JSON-ready values; what is missing becomes None."""
        frames = {
            "advantage": self.advantage(),
            "learning": self.learning(),
            "learning_curve": self.learning_curve(),
            "cells": self.cells(),
            "alternatives": self.alternatives,
        }
        plain = {
            name: frame.astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in frames.items()
        }
        return {
            **plain,
            "conclusions": self.conclusions(),
            "dropped": self.rows.dropped,
            "diagnostics": dict(
                zip(self.diagnostics.__slots__, self.diagnostics.as_list(), strict=True)
            ),
            "problems": list(self.diagnostics.problems),
            **self.chosen_rows.as_dict(),
        }

    def conclusions(self) -> list[str]:
        """Return the answers in sentences, and what cannot be told and why."""
        advantage = self.advantage()
        usual = self.fit.spec.priors.get(PAIR_SCALE)
        return [
            *advantage_sentences(advantage),
            *two_model_sentences(self.alternatives, advantage, usual),
            *learning_sentences(self.learning(), has_sizes=bool(self.rows.sizes)),
        ]


def explanation_scores(
    source: str | Path | pd.DataFrame,
    *,
    where: Mapping[str, Any] | None = None,
    pool: str | Sequence[str] = (),
    specification: Specification | None = None,
    sampler: Sampler = SAMPLER,
    keep: bool = True,
) -> ExplanationScores:
    """Fit a table of explanation scores: who explained what of whom, and how well.

    The question of Li et al. (2025, doi:10.48550/arXiv.2511.08579), as a multilevel model. Scores
    of 0 and 1 are Bernoulli distributed, shares follow an ordered beta distribution
    (`sampling.ordered_beta`), whose exact 0 and 1 may be more, or fewer, where a model explains
    itself; and the log-odds are, for explainer e, target t, task k, item i, and d =
    log2(training size / geometric mean of the sizes)::

        Intercept + [e = t] (own + own_k + (own_doublings + own_doublings_k) d)
                  + doublings d + a_ke + g_ke d + b_kt + p_ket + q_ket d + u_kti

    where all that has indices varies around zero with a standard deviation of its own
    (`models/explanation_scores.toml`, `models/explanation_scores_beta.toml`). What a table has only
    one of falls away (`rows.dropped`). Where only two models tell the advantage, it rests on the
    prior of p and on this sum: the answer says how far others move it (`alternatives`), which may
    take a second fit.

    Parameters
    ----------
    source
        A CSV or Parquet file, or a frame (`read_explanation_scores`).
    where, pool
        Which rows are used (a value, or several, by column), and which columns of conditions are
        analysed together; as for `load_study`.
    specification
        Another than the shipped one, such as ``ib.spec("explanation_scores").with_priors(...)``.
    sampler
        Settings of the sampler.
    keep
        Whether a finished fit is kept, and found again.

    Raises
    ------
    InputError
        If the table cannot be read, a column splits the scores that is neither in `where` nor in
        `pool`, or the specification does not suit the scores.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> found = ib.explanation_scores("scores.csv")  # doctest: +SKIP
    >>> found.advantage()  # doctest: +SKIP
    """
    chosen_rows = ChosenRows.of(where, pool)
    rows = score_rows(read_explanation_scores(source, chosen_rows))
    chosen = rows.specification(suited(specification, rows))
    fitter = RegressionSampler(sampler, "nuts", kept_fits() if keep else None)
    fit = fitter.fit(chosen, rows.data, "explanation_scores")
    return ExplanationScores(rows, fit, chosen_rows, other_pairs(fit, rows, fitter))


def _over_self(mine: np.ndarray, own: np.ndarray | None, *, is_own: bool) -> dict[str, float]:
    names = ("over_self", "over_self_low", "over_self_high")
    if own is None or is_own:
        return dict.fromkeys(names, np.nan)
    summary = estimate(mine - own)
    return dict(zip(names, (summary.mean, summary.low, summary.high), strict=True))
