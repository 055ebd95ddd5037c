"""How accurate introspection is once the noise of choices and reports is taken out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import reports_of
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.analysis.settings import Settings, kept_fits
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.errors import CannotCompute, InputError, NotInStudy, closest
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.fit import JointFit, JointSampler
from introspect_bayes.joint_model.sampling_model import Room
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS, REVEALED
from introspect_bayes.sampling.intervals import Estimate, estimate
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification
from introspect_bayes.specs import spec as shipped
from introspect_bayes.study import Study

JOINT_SAMPLER: Final = Sampler(draws=1500, warmup=600)
"""Settings for the joint model."""

AVERAGE: Final = "average"
"""What a table calls the average over base models, with equal weights."""

ESTIMATES: Final = ("plug_in", "noise_free", "mean_correlation")
"""What a row tells of a figure: the paper's own, the same without noise, the mean correlation."""

COLUMNS: Final = [
    "figure", "base_model",
    *(f"{kind}{end}" for kind in ESTIMATES for end in ("", "_low", "_high")),
    "sd_rho", "contexts", "reports", "problems",
]  # fmt: skip


@dataclass(frozen=True)
class JointAccuracy:
    """Accuracies of a study by the joint model, beside those of the paper's analysis.

    Attributes
    ----------
    fits
        By name, such as ``gpt-4o-2024-08-06.instilled``: one for each base model and set of
        contexts. Each has ``model``, ``idata``, ``diagnostics``, ``predicted()``, ``hdi()`` and
        ``rho_by_context()``.
    skipped
        Parts of the study that allow no fit, and why.
    analysis
        The plug-in analysis of the same study.
    figures
        Ids of the figures and effects that were asked for.
    """

    fits: dict[str, JointFit]
    skipped: dict[str, str]
    analysis: Analysis = field(repr=False)
    figures: tuple[str, ...]

    def __getitem__(self, name: str) -> JointFit:
        if name not in self.fits:
            msg = f"no fit {name!r}{closest(name, self.fits)}"
            raise KeyError(msg)
        return self.fits[name]

    @property
    def problems(self) -> dict[str, tuple[str, ...]]:
        """Failed diagnostics and predictive checks of the fits, by name; empty if none failed."""
        found = {name: fit.problems for name, fit in self.fits.items()}
        return {name: problems for name, problems in found.items() if problems}

    def predicted(self) -> pd.DataFrame:
        """Return the predictive checks of all fits (`JointFit.predicted`), column fit first."""
        frames = [fit.predicted().assign(fit=name) for name, fit in self.fits.items()]
        table = pd.concat(frames, ignore_index=True)
        return table[["fit", *table.columns.drop("fit")]]

    def hdi(self) -> pd.DataFrame:
        """Return the 95% HDIs of all parameters of all fits, the column fit naming each."""
        frames = [fit.hdi().assign(fit=name) for name, fit in self.fits.items()]
        return pd.concat(frames, ignore_index=True)

    def noise_free(self, figure: str, base_model: str) -> np.ndarray:
        """Return draws of the paper's figure, or of a training effect, free of noise.

        Takes and raises what `mean_correlation` does. In each draw weights are scaled as in the
        paper, reports cut off at the ends of the scale (`paper_scale.noise_free_figures`).
        """
        return self._draws(figure, base_model, JointFit.noise_free)

    def mean_correlation(self, figure: str, base_model: str) -> np.ndarray:
        """Return draws of the mean over contexts of rho, or of its change by training.

        Rho is the correlation of the reported with the used weights of a context.

        Parameters
        ----------
        figure
            Such as "e1.acc", or an effect such as "e2.effect".
        base_model
            A base model, or "average" for the mean over those with the figure.

        Raises
        ------
        CannotCompute
            If the study does not allow it.
        """
        return self._draws(figure, base_model, JointFit.mean_correlation)

    def _draws(
        self, figure: str, base_model: str, of_fit: Callable[[JointFit, str], np.ndarray]
    ) -> np.ndarray:
        if base_model == AVERAGE:
            draws = [self._draws(figure, b, of_fit) for b in self._having(figure)]
            if draws:
                return np.asarray(np.mean(draws, axis=0))
        elif figure in EFFECTS:
            before, after = EFFECTS[figure]
            earlier = self._draws(before, base_model, of_fit)
            return np.asarray(self._draws(after, base_model, of_fit) - earlier)
        elif (fit := self._fit_of(figure, base_model)) is not None:
            return of_fit(fit, figure)
        msg = f"no {figure} of {base_model} in this study"
        raise NotInStudy(msg)

    @cached_property
    def _table(self) -> pd.DataFrame:
        return pd.DataFrame(list(self._rows()), columns=COLUMNS)

    def table(self) -> pd.DataFrame:
        """Return accuracies and training effects: the paper's, noise-free, and mean correlation.

        Returns
        -------
        pandas.DataFrame
            One row a figure and base model (effects also for the "average" over base models):
            figure, base_model; plug_in (the paper's slope; NaN where it makes none), noise_free
            (the same of used weights and latent reports, in infinitely many contexts) and
            mean_correlation (mean over contexts of the correlation of reported and used weights),
            each followed by its 95% HDI (``_low``, ``_high``), effects being differences of two;
            sd_rho (posterior mean of the correlation's standard deviation over contexts), contexts
            (with a valid report), reports, problems (failed diagnostics of the fit, and what of
            the figure its predictive check missed).
        """
        return self._table.copy()

    def by_context(self, figure: str, base_model: str) -> pd.DataFrame:
        """Return the correlation in each context, as for a forest plot (`JointFit`).

        Raises
        ------
        CannotCompute
            If the study has no such figure.
        """
        fit = self._fit_of(figure, base_model)
        if fit is None:
            msg = f"no {figure} of {base_model} in this study"
            raise NotInStudy(msg)
        return fit.rho_by_context(figure)

    def _fit_of(self, figure: str, base_model: str) -> JointFit | None:
        if figure not in COMPARISONS:
            return None
        fit = self.fits.get(fit_name(base_model, figure))
        return fit if fit is not None and figure in fit.data.figures else None

    def _having(self, figure: str) -> list[str]:
        parts = EFFECTS.get(figure, (figure,))
        models = self.analysis.study.base_models
        return [b for b in models if all(self._fit_of(part, b) is not None for part in parts)]

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for figure in self.figures:
            models = self._having(figure)
            for base_model in models:
                yield self._row(figure, base_model)
            if figure in EFFECTS and models:
                yield self._row(figure, AVERAGE)

    def _row(self, figure: str, base_model: str) -> tuple[object, ...]:
        plug_in = self._plug_in(figure, base_model)
        free = estimate(self.noise_free(figure, base_model))
        mean = estimate(self.mean_correlation(figure, base_model))
        estimates: list[float] = []
        for found in (plug_in, free, mean):
            estimates += (found.mean, found.low, found.high) if found else (np.nan,) * 3
        models = self._having(figure) if base_model == AVERAGE else [base_model]
        parts = EFFECTS.get(figure, (figure,))
        fits = [fit for b in models if (fit := self._fit_of(parts[0], b)) is not None]
        problems = [p for fit in fits for p in fit.diagnostics.problems]
        problems += [fit.misfits[part] for fit in fits for part in parts if part in fit.misfits]
        known: tuple[float, ...] = (np.nan, np.nan, np.nan)
        if figure in COMPARISONS:
            counts = fits[0].data.counts[fits[0].data.figures.index(figure)]
            spread = fits[0].idata["posterior"]["sd_rho"].sel(figure=figure).mean()
            known = (float(spread), int((counts > 0).sum()), int(counts.sum()))
        said = "; ".join(dict.fromkeys(problems))
        return (figure, base_model, *estimates, *known, said)

    def _plug_in(self, figure: str, base_model: str) -> Estimate | None:
        try:
            if figure in COMPARISONS:
                return self.analysis.accuracy(base_model, figure).slope()
            if base_model == AVERAGE:
                effect = self.analysis.effect(figure)
                terms = ("reported", "introspection_trained", "base_model")
                return estimate(effect.slope_difference(*terms))
        except CannotCompute:
            return None
        return None


def fit_name(base_model: str, figure: str) -> str:
    """Return the name of the fit that holds a figure.

    Examples
    --------
    >>> fit_name("gpt-4o", "e3.after"), fit_name("gpt-4o", "native.acc")
    ('gpt-4o.native', 'gpt-4o.native.off-the-shelf')
    """
    comparison = COMPARISONS[figure]
    stage = "" if comparison.chooser == "weight-trained" else f".{comparison.chooser}"
    return f"{base_model}.{comparison.context_set}{stage}"


def joint_ids() -> list[str]:
    """Return the ids of what the joint model tells: accuracies and training effects."""
    return [*COMPARISONS, *EFFECTS]


def joint_accuracy(  # noqa: PLR0913 - settings, each with a default
    study: Study,
    specification: str | Specification = "joint_accuracy",
    *,
    only: Sequence[str] = (),
    analysis: Analysis | None = None,
    sampler: Sampler = JOINT_SAMPLER,
    keep: bool = True,
    progress: Progress | None = None,
) -> JointAccuracy:
    """Estimate how accurate introspection is, with the noise of choices and reports taken out.

    The paper correlates posterior means of weights with averages of reports. Noise in either draws
    the correlation towards zero (attenuation: Spearman 1904, doi:10.2307/1412159). Here choices and
    reports have one model (a Bayesian errors-in-variables model: Gustafson 2003,
    doi:10.1201/9780203502761); `models/joint_accuracy.toml` has its equations and priors. From its
    draws follow two figures: the paper's own without noise, and the mean correlation of the used
    with the reported weights of a context, which is another quantity. The choices of a base model
    in a set of contexts serve all its stages; contexts without a valid report inform weights and
    consistency. Each fit is checked against data that it makes (`JointAccuracy.predicted`).

    Parameters
    ----------
    study
        The study.
    specification
        A specification of the family "joint", or a shipped one's name.
    only
        Ids of figures, or their beginnings, such as ``["e1.acc", "e2"]``; all if empty. Fits, and
        so numbers, do not depend on it.
    analysis
        The plug-in analysis beside it; one with the shipped specifications if not given.
    sampler
        Settings of the joint model's sampler.
    keep
        Whether finished fits are kept and found again.
    progress
        Told about long work.

    Raises
    ------
    InputError
        If `study` is none, the specification is of another family, or no part of the study has
        choices and reports.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> study = ib.load_study("plunkett2025")  # doctest: +SKIP
    >>> ib.joint_accuracy(study).table()  # doctest: +SKIP
    """
    if not isinstance(study, Study):
        msg = f"joint_accuracy(study) needs a study, as load_study({study!r}) returns it"
        raise InputError(msg)
    chosen = shipped(specification) if isinstance(specification, str) else specification
    figures = tuple(select_ids(joint_ids(), only))
    if analysis is None:
        settings = Settings.default(seed=sampler.seed, keep=keep)
        analysis = Analysis(study, settings, progress)
    fitter = JointSampler(sampler, finished=kept_fits() if keep else None)
    needed = {part for figure in figures for part in EFFECTS.get(figure, (figure,))}
    everything, skipped = _all_data(analysis)
    wanted = {fit_name(b, figure) for b in study.base_models for figure in needed}
    chosen_data = {name: data for name, data in everything.items() if name in wanted}
    skipped = {name: reason for name, reason in skipped.items() if name in wanted}
    if not chosen_data:
        msg = (
            f"nothing in this study can be fitted with {chosen.name}: {'; '.join(skipped.values())}"
        )
        raise InputError(msg)
    room = Room.of(*everything.values())  # of all, so that numbers do not depend on `only`
    analysis.progress.start("Joint models", len(chosen_data))
    fits: dict[str, JointFit] = {}
    for name, data in chosen_data.items():
        fits[name] = fitter.fit(chosen, data, f"joint:{name}", room)
        analysis.progress.advance(1)
    return JointAccuracy(fits, skipped, analysis, figures)


def _all_data(analysis: Analysis) -> tuple[dict[str, JointData], dict[str, str]]:
    """Return the data of each fit that the study allows, and why others are not."""
    found: dict[str, JointData] = {}
    skipped: dict[str, str] = {}
    for base_model in analysis.study.base_models:
        for revealed in REVEALED:
            group = [f for f, c in COMPARISONS.items() if (c.context_set, c.chooser) == revealed]
            name = fit_name(base_model, group[0])
            try:
                found[name] = joint_data(analysis, base_model, group)
            except CannotCompute as reason:
                skipped[name] = str(reason)
    return found, skipped


def joint_data(analysis: Analysis, base_model: str, figures: Sequence[str]) -> JointData:
    """Return a base model's choices in a set of contexts, and the reports of all stages on them.

    Raises
    ------
    CannotCompute
        If there are no choices, or no reports on contexts with choices.
    """
    study = analysis.study
    first = COMPARISONS[figures[0]]
    choices = analysis.choices(base_model, first.context_set, first.chooser)
    counts = {name: len(c.attributes) for name, c in study.decision_contexts.items()}
    data = ChoiceData.from_frame(choices, study.difference_columns, counts)
    reports = {}
    for figure in figures:
        try:
            rows = reports_of(study, base_model, COMPARISONS[figure])
        except NotInStudy:
            continue
        if rows["context"].isin(data.contexts).any():
            reports[figure] = rows
    if not reports:
        msg = f"no valid reports of {base_model} on {first.context_set} contexts with choices"
        raise NotInStudy(msg)
    return JointData.from_frames(data, reports)
