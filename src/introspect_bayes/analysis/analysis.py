"""One study's fits, each made once and only when a figure needs it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.experiments import correlation, mean_reports, reports_of, standardize
from introspect_bayes.analysis.once import Once
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute, InputError, NotInStudy, none_computable
from introspect_bayes.progress import Progress, Silent
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS, REVEALED
from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.regressions.regression import Regression, RegressionSampler
from introspect_bayes.sampling.diagnostics import Diagnostics
from introspect_bayes.specs import Specification
from introspect_bayes.study import Study
from introspect_bayes.study.split_frames import require_unsplit

BATCHES: Final = 20
"""Batches of draws, five a chain, whose spread tells the weights' Monte Carlo error."""


class Analysis:
    """The paper's analyses of one study.

    Fits are made on first use and kept. Every method that needs data which the study lacks
    raises CannotCompute with the reason.

    Parameters
    ----------
    study
        The study.
    settings
        Specifications and sampler settings; the shipped ones if not given.
    progress
        Told about long work.

    Raises
    ------
    InputError
        If a column of the study's frames splits the trials of a context, or several models made
        them, and it is not pooled over (`Study.pooled`).
    """

    def __init__(
        self,
        study: Study,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> None:
        require_unsplit(study)
        self.study = study
        self.settings = settings or Settings.default()
        self.progress = progress or Silent()
        chosen = self.settings
        self._choices = ChoiceWeightsSampler(chosen.choice_sampler, chosen.engine, chosen.finished)
        self._regressions = RegressionSampler(
            chosen.regression_sampler, chosen.engine, chosen.finished
        )
        self._weights: Callable[[str, ContextSet, Stage], ChoiceWeights] = Once(self._fit_weights)
        self._learned: Callable[[str, ContextSet, Stage], pd.DataFrame] = Once(self._scale_weights)
        self.rows = Once(self._compare)
        self.accuracy = Once(self._fit_accuracy)
        self.effect = Once(self._fit_effect)
        self.fits: dict[str, Regression] = {}
        self.weight_fits: dict[str, ChoiceWeights] = {}

    def __getstate__(self) -> dict[str, object]:
        # Bars belong to the terminal that shows them.
        return {**vars(self), "progress": Silent()}

    def diagnostics(self) -> list[Diagnostics]:
        """Return the diagnostics of all fits made so far."""
        # Lists, for another thread may be adding to what is there.
        weights = [fit.diagnostics for fit in list(self.weight_fits.values())]
        return weights + [fit.diagnostics for fit in list(self.fits.values())]

    def with_specifications(self, specs: Mapping[str, Specification]) -> "Analysis":
        """Return an analysis of the same study with some specifications replaced.

        It shares the choice weights if their specification stays, and keeps no finished fits: a
        sweep would soon have driven out all others.
        """
        settings = replace(self.settings, specs={**self.settings.specs, **specs}, finished=None)
        other = Analysis(self.study, settings, self.progress)
        if settings.specs["choice_weights"] == self.settings.specs["choice_weights"]:
            other.use_weights_of(self)
        return other

    def with_learned(
        self, learned: Callable[[str, ContextSet, Stage], pd.DataFrame], study: Study | None = None
    ) -> "Analysis":
        """Return an analysis whose learned weights come from elsewhere, and perhaps its study.

        Parameters
        ----------
        learned
            What takes the place of the method `learned`.
        study
            A changed study; the same if not given.
        """
        settings = replace(self.settings, finished=None)
        other = Analysis(study or self.study, settings, self.progress)
        other._learned = Once(learned)
        return other

    def use_weights_of(self, other: "Analysis") -> None:
        """Take choice weights from another analysis of the same study, its fits included."""
        self._weights = other.weights
        self._learned = other.learned
        self.weight_fits = other.weight_fits

    def choices(
        self, base_model: str, context_set: ContextSet, stage: Stage = "weight-trained"
    ) -> pd.DataFrame:
        """Return the choices of a base model's stage in a set of contexts."""
        frame = self.study.choices
        chosen = frame[
            (frame["base_model"] == base_model)
            & (frame["context_set"] == context_set)
            & (frame["stage"] == stage)
        ]
        if chosen.empty:
            msg = f"no choices of {base_model}, {stage}, in {context_set} contexts"
            raise NotInStudy(msg)
        return chosen

    def weights(
        self, base_model: str, context_set: ContextSet, stage: Stage = "weight-trained"
    ) -> ChoiceWeights:
        """Return the choice weights of a base model's stage in a set of contexts."""
        return self._weights(base_model, context_set, stage)

    def _fit_weights(self, base_model: str, context_set: ContextSet, stage: Stage) -> ChoiceWeights:
        choices = self.choices(base_model, context_set, stage)
        # The seed follows from the name, which for the paper's stage must therefore not change.
        name = f"choice_weights:{base_model}:{context_set}"
        described = f"Choice weights: {base_model}, {context_set}"
        if stage != "weight-trained":
            name, described = f"{name}:{stage}", f"{described}, {stage}"
        fit = self.fit_choices(choices, name, described)
        self.weight_fits[name] = fit
        return fit

    def fit_choices(self, choices: pd.DataFrame, name: str, described: str) -> ChoiceWeights:
        """Fit choice_weights to choices.

        Parameters
        ----------
        choices
            Rows of ``study.choices``.
        name
            Name of the fit, from which its seed derives.
        described
            What progress calls it.
        """
        data = self.choice_data(choices)
        self.progress.start(described, len(data.contexts))
        spec = self.settings.specs["choice_weights"]
        return self._choices.fit(spec, data, name, self.progress.advance)

    def choice_data(self, choices: pd.DataFrame) -> ChoiceData:
        """Return rows of ``study.choices`` as the models of choices take them."""
        counts = {name: len(c.attributes) for name, c in self.study.decision_contexts.items()}
        return ChoiceData.from_frame(choices, self.study.difference_columns, counts)

    def learned(
        self, base_model: str, context_set: ContextSet, stage: Stage = "weight-trained"
    ) -> pd.DataFrame:
        """Return the learned (or native) weights, scaled, rounded and standardized.

        Parameters
        ----------
        base_model
            A base model of the study.
        context_set, stage
            Which choices reveal the weights.

        Returns
        -------
        pandas.DataFrame
            One row an attribute: context, position, weight (-100 to 100) and learned
            (standardized over all rows, ddof = 1, before contexts without a valid report drop
            out); weight_1, weight_2, ... from batches of the draws, for the Monte Carlo error.
        """
        return self._learned(base_model, context_set, stage)

    def _scale_weights(
        self, base_model: str, context_set: ContextSet, stage: Stage
    ) -> pd.DataFrame:
        fit = self.weights(base_model, context_set, stage)
        frame = fit.hdi()[["context", "position", "weight"]]
        present = fit.data.present
        for number, weights in enumerate(fit.batch_weights(BATCHES), start=1):
            frame[f"weight_{number}"] = weights[present]
        frame["learned"] = standardize(frame["weight"])
        return frame

    def learned_table(self) -> pd.DataFrame:
        """Return the learned weights of the whole study: one row an attribute.

        Columns base_model, stage (whose choices reveal them), context_set, context, position,
        weight (-100 to 100), weight_error (its Monte Carlo error), tells_nothing (whether the
        context's choices tell nothing of its weights, `ChoiceWeights.telling_nothing`).
        """
        parts = []
        for base_model in self.study.base_models:
            for context_set, stage in REVEALED:
                try:
                    weights = self.learned(base_model, context_set, stage)
                except CannotCompute:
                    continue
                silent = self.weights(base_model, context_set, stage).telling_nothing()
                table = weights[["context", "position", "weight"]].assign(
                    weight_error=batch_errors(weights),
                    tells_nothing=weights["context"].isin(silent),
                )
                where = {"base_model": base_model, "stage": stage, "context_set": context_set}
                parts.append(table.assign(**where))
        if not parts:
            msg = "the study has no choices, so there are no learned weights"
            raise InputError(msg)
        columns = ["base_model", "stage", "context_set", "context", "position", "weight"]
        columns += ["weight_error", "tells_nothing"]
        return pd.concat(parts, ignore_index=True)[columns]

    def _compare(self, base_model: str, figure: str) -> pd.DataFrame:
        """Return the rows of a comparison: learned and reported weights side by side.

        Parameters
        ----------
        base_model
            A base model of the study.
        figure
            A key of `COMPARISONS`, such as "e1.acc".
        """
        comparison = COMPARISONS[figure]
        reports = mean_reports(reports_of(self.study, base_model, comparison))
        learned = self.learned(base_model, comparison.context_set, comparison.chooser)
        return self._merged(learned, reports)

    def _merged(self, weights: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
        rows = weights.merge(reports, on=["context", "position"], validate="one_to_one")
        if len(rows) < 3:  # noqa: PLR2004
            msg = f"only {len(rows)} attributes have both a weight and a valid report"
            raise CannotCompute(msg)
        return rows

    def target_rows(self, base_model: str, figure: str) -> pd.DataFrame:
        """Return target and reported weights side by side (column learned holds the target)."""
        comparison = COMPARISONS[figure]
        reports = mean_reports(reports_of(self.study, base_model, comparison))
        targets = self.targets(base_model).rename(columns={"target": "weight"})
        targets["learned"] = standardize(targets["weight"])
        return self._merged(targets, reports)

    def targets(self, base_model: str) -> pd.DataFrame:
        """Return the target weights of the instilled contexts: context, position, target."""
        targets = self.study.targets
        if targets.empty:
            msg = "no target weights: nothing was instilled, or instilled_weights.csv is missing"
            raise NotInStudy(msg)
        sets = self.study.report_sets
        asked = sets[(sets["base_model"] == base_model) & (sets["context_set"] == "instilled")]
        choices = self.study.choices
        chosen = choices[
            (choices["base_model"] == base_model) & (choices["context_set"] == "instilled")
        ]
        contexts = set(chosen["context"]).union(*asked["contexts_asked"])
        kept = targets[targets["context"].isin(contexts)].reset_index(drop=True)
        if kept.empty:
            msg = f"no target weights for the instilled contexts of {base_model}"
            raise NotInStudy(msg)
        return kept

    def _fit_accuracy(self, base_model: str, figure: str) -> Regression:
        """Fit report_accuracy to a comparison."""
        return self.regress(f"{figure}.{base_model}", self.rows(base_model, figure))

    def regress(self, name: str, rows: pd.DataFrame) -> Regression:
        """Fit report_accuracy to rows with the columns learned and reported."""
        return self._regress("report_accuracy", name, rows)

    def correlate(self, name: str, rows: pd.DataFrame) -> Regression:
        """Fit report_accuracy with both sides standardized over the very rows used.

        With the flat prior of the slope, its posterior mean is then Pearson's correlation.
        """
        both = {side: standardize(rows[side]) for side in ("learned", "reported")}
        return self._regress("report_accuracy", name, rows.assign(**both))

    def effect_rows(self, figure: str) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """Return the rows before and after training of each base model that has both.

        Parameters
        ----------
        figure
            A key of `EFFECTS`.
        """
        before, after = EFFECTS[figure]
        pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
        reasons: list[CannotCompute] = []
        for base_model in self.study.base_models:
            try:
                pairs[base_model] = (self.rows(base_model, before), self.rows(base_model, after))
            except CannotCompute as reason:
                reasons.append(reason)
        if not pairs:
            msg = "no base model has reports before and after training"
            raise none_computable(msg, reasons)
        return pairs

    def _fit_effect(self, figure: str) -> Regression:
        """Fit introspection_training to the comparisons before and after training."""
        parts = [
            rows.assign(introspection_trained=trained, base_model=base_model)
            for base_model, pair in self.effect_rows(figure).items()
            for trained, rows in enumerate(pair)
        ]
        return self._regress("introspection_training", figure, pd.concat(parts, ignore_index=True))

    def _regress(self, specification: str, name: str, rows: pd.DataFrame) -> Regression:
        # Another thread may ask for other rows under the same name.
        fit = self.fits.get(name)
        if fit is None or not fit.data.equals(rows):
            self.progress.start(f"Regression: {name}", 1)
            fit = self._regressions.fit(self.settings.specs[specification], rows, name)
            self.fits[name] = fit
            self.progress.advance(1)
        return fit


def of_batches(rows: pd.DataFrame) -> list[str]:
    """Return the names of the columns that hold weights from batches of draws: weight_1, ..."""
    return [f"weight_{n}" for n in range(1, BATCHES + 1) if f"weight_{n}" in rows]


def batch_errors(weights: pd.DataFrame) -> np.ndarray:
    """Return the Monte Carlo error of each scaled weight, from the weights of batches of draws.

    Parameters
    ----------
    weights
        With weight_1, weight_2, ..., as from `Analysis.learned`.
    """
    batches = weights[of_batches(weights)].to_numpy()
    return np.asarray(batches.std(axis=1, ddof=1) / np.sqrt(batches.shape[1]))


def weight_error(rows: pd.DataFrame, statistic: Callable[[pd.Series], float]) -> float:
    """Return the Monte Carlo error that the estimated weights lend to a statistic of them.

    The statistic is computed from the weights of batches of draws; its standard deviation over
    batches, divided by the square root of their number, is the error.

    Parameters
    ----------
    rows
        With weight_1, weight_2, ...; without them (target weights) the error is zero.
    statistic
        A function of one column of weights.
    """
    names = of_batches(rows)
    if not names:
        return 0.0
    values = [statistic(rows[name]) for name in names]
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def plain_correlation(rows: pd.DataFrame) -> float:
    """Return Pearson's correlation of learned and reported weights over the rows."""
    return correlation(rows["learned"], rows["reported"])
