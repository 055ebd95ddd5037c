"""Privileged access: whether a model knows itself better than another model knows it.

Every model's reports are held against every model's weights. One posterior correlation matrix of
all of them (`fits.CorrelationFit`) gives every cell, so that what enters several cells is counted
once. The question is that of Li et al. (2025, doi:10.48550/arXiv.2511.08579), asked of the data of
Plunkett et al. (2025).
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.analyses.analysis import Analysis, Progress, Settings
from introspect_bayes.analyses.experiments import (
    COMPARISONS,
    CannotCompute,
    cannot_compute,
    mean_reports,
    reports_of,
)
from introspect_bayes.errors import InputError
from introspect_bayes.fits import CorrelationData, CorrelationFit, CorrelationSampler
from introspect_bayes.fits import own_and_other as contrast
from introspect_bayes.priors import closest
from introspect_bayes.study import Study

if TYPE_CHECKING:
    import xarray as xr

SPECIFICATION: Final = "privileged_access"

PREFIX: Final = "privileged."
"""Beginning of the ids of these figures, before that of a comparison."""

ALIKE: Final = 0.8
"""Correlation of two models' weights from which own and other weights are nearly the same."""

_KEYS: Final = ["context", "position"]
_LEAST_CONTEXTS: Final = 3


@dataclass(frozen=True)
class AccessFigure:
    """One experiment and stage: the fit, and what a reader should know.

    Attributes
    ----------
    figure
        A key of `COMPARISONS`.
    models
        Base models that chose and reported, in the order of the fit's variables.
    rows
        One row an attribute of a shared context: context, position, and the variables of the fit
        (``weights of NAME``, ``reports of NAME``).
    fit
        The posterior.
    problems
        Failed diagnostics of the fit and of the choice weights that it rests on.
    warning
        What makes the comparison say little, in words; empty if nothing does.
    """

    figure: str
    models: tuple[str, ...]
    rows: pd.DataFrame = field(repr=False)
    fit: CorrelationFit = field(repr=False)
    problems: tuple[str, ...]
    warning: str


@dataclass(frozen=True)
class PrivilegedAccess:
    """Own minus other, by experiment and stage.

    Attributes
    ----------
    figures
        Results by figure (keys of `COMPARISONS`).
    skipped
        Figures that the study does not allow, and why (a `CannotCompute` each).

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> access = ib.privileged_access(ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> access.table()  # doctest: +SKIP
    """

    figures: dict[str, AccessFigure]
    skipped: dict[str, CannotCompute]

    @property
    def fits(self) -> dict[str, CorrelationFit]:
        """The posteriors by figure."""
        return {name: figure.fit for name, figure in self.figures.items()}

    @property
    def idata(self) -> "xr.DataTree":
        """A DataTree with one group a figure, each with posterior and sample_stats."""
        import xarray as xr

        return xr.DataTree.from_dict({n: figure.fit.idata for n, figure in self.figures.items()})

    @property
    def warnings(self) -> list[str]:
        """What makes comparisons say little, in words."""
        return [figure.warning for figure in self.figures.values() if figure.warning]

    def table(self) -> pd.DataFrame:
        """Return own minus other.

        Returns
        -------
        pandas.DataFrame
            One row a figure and contrast: figure, contrast, base_model (empty for overall), own
            and other (posterior means of the correlations), estimate (own minus other), hdi_low,
            hdi_high, error, low_error, high_error (Monte Carlo standard errors), alike
            (correlation of the models' weights), n (rows), contexts, problems. Contrasts, as in
            `fits.own_and_other.contrasts`: overall; target (who knows this model's weights?);
            reporter (whose weights do this model's reports tell?); tetrad (is there more than one
            common factor?), with own and other the two products.
        """
        return _frame(_contrast_rows(figure) for figure in self.figures.values())

    def correlations(self) -> pd.DataFrame:
        """Return every model's reports against every model's weights.

        Returns
        -------
        pandas.DataFrame
            One row a figure, reporter and target: estimate, hdi_low, hdi_high, and the Monte Carlo
            errors of the three.
        """
        return _frame(_cell_rows(figure) for figure in self.figures.values())

    def partial(self) -> pd.DataFrame:
        """Return what own reports add once others' reports and weights are known.

        Returns
        -------
        pandas.DataFrame
            One row a figure, base_model (empty for the mean over models) and quantity
            (`fits.own_and_other.partials`): estimate, hdi_low, hdi_high and the Monte Carlo errors.
        """
        return _frame(_partial_rows(figure) for figure in self.figures.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """Failed diagnostics of the fits that the results rest on."""
        return tuple(dict.fromkeys(p for f in self.figures.values() for p in f.problems))

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return each figure as JSON-ready values.

        The overall contrast has the keys that other figures have (`Reproduction.as_dict`); below
        own_minus_other, correlations and partial are the rows of the three tables.
        """
        tables = {"own_minus_other": self.table(), "correlations": self.correlations()}
        tables["partial"] = self.partial()
        return [
            {**_as_figure(figure), **{key: _records(rows, name) for key, rows in tables.items()}}
            for name, figure in self.figures.items()
        ]


def _as_figure(figure: AccessFigure) -> dict[str, Any]:
    overall = _contrast_rows(figure)[0]
    return {
        "id": f"{PREFIX}{figure.figure}",
        "title": f"own minus other, {COMPARISONS[figure.figure].title}",
        "base_model": None,
        "models": list(figure.models),
        "estimate": overall["estimate"],
        "hdi": [overall["hdi_low"], overall["hdi_high"]],
        "n": overall["n"],
        "contexts": overall["contexts"],
        "paper": None,
        "paper_hdi": None,
        "brms": None,
        "brms_hdi": None,
        "monte_carlo_errors": [overall[name] for name in ("error", "low_error", "high_error")],
        "verdict": "no published figure",
        "problems": list(figure.problems),
        "note": figure.warning,
    }


def _records(rows: pd.DataFrame, figure: str) -> list[dict[str, Any]]:
    mine = rows[rows["figure"] == figure]
    mine = mine.drop(columns=["figure", "n", "contexts", "problems"], errors="ignore")
    return [{str(key): value for key, value in row.items()} for row in mine.to_dict("records")]


def access_ids(base_models: Collection[str]) -> list[str]:
    """Return the ids of the figures of privileged access; none for a single model.

    Examples
    --------
    >>> access_ids(["a", "b"])[:2], access_ids(["a"])
    (['privileged.e1.acc', 'privileged.e1.base'], [])
    """
    return [f"{PREFIX}{name}" for name in COMPARISONS] if len(base_models) > 1 else []


def privileged_access(
    source: Study | Analysis,
    figures: Collection[str] = (),
    *,
    settings: Settings | None = None,
    seed: int = 2025,
    progress: Progress | None = None,
) -> PrivilegedAccess:
    """Hold every model's reports against every model's weights, by experiment and stage.

    Rows are the attributes of the contexts in which all models chose. Their variables, each
    standardized (ddof = 1), are the weights of the M models and their mean reports; they are normal
    with a correlation matrix whose prior is LKJ(1) (`models/privileged_access.toml`). A row in
    which some model gave no valid report counts as far as it goes. Contexts, not rows, count as
    independent: each HDI is as wide as the spread between contexts says
    (`fits.unit_adjustment`).

    Parameters
    ----------
    source
        A study, or an analysis, whose choice weights and settings are then used.
    figures
        Keys of `COMPARISONS`, such as "e3.after"; all that the study allows if empty.
    settings
        Specifications and sampler settings, if `source` is a study.
    seed
        Seed of all sampling, if neither `settings` nor an analysis is given.
    progress
        Told about long work, if `source` is a study.

    Raises
    ------
    CannotCompute
        If the study allows none of the figures; the message says why.
    InputError
        If a figure is unknown.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> ib.privileged_access(ib.load_study("plunkett2025"), ["e3.after"])  # doctest: +SKIP
    """
    for name in figures:
        if name not in COMPARISONS:
            msg = f"no comparison {name!r}{closest(name, COMPARISONS)}"
            raise InputError(msg)
    analysis = source
    if isinstance(analysis, Study):
        analysis = Analysis(analysis, settings or Settings.default(seed=seed), progress)
    found = access_where_possible(analysis, figures or COMPARISONS)
    if not found.figures:
        reasons = list(found.skipped.values())
        why = "; ".join(dict.fromkeys(str(reason) for reason in reasons))
        msg = f"privileged access cannot be computed: {why}"
        raise cannot_compute(msg, reasons)
    return found


def access_where_possible(
    analysis: Analysis,
    figures: Collection[str],
    finished: Callable[[str], None] = lambda _: None,
) -> PrivilegedAccess:
    """Return what the study allows of some figures, perhaps nothing.

    Parameters
    ----------
    analysis
        The analysis.
    figures
        Keys of `COMPARISONS`.
    finished
        Called with each figure that is done or skipped, for a progress bar.
    """
    done: dict[str, AccessFigure] = {}
    skipped: dict[str, CannotCompute] = {}
    for name in figures:
        try:
            done[name] = access_figure(analysis, name)
        except CannotCompute as reason:
            skipped[name] = reason
        finished(name)
    return PrivilegedAccess(done, skipped)


def access_figure(analysis: Analysis, figure: str) -> AccessFigure:
    """Fit the correlations of one experiment and stage.

    Parameters
    ----------
    analysis
        The analysis.
    figure
        A key of `COMPARISONS`.

    Raises
    ------
    CannotCompute
        If fewer than two models chose in shared contexts and reported on them.
    """
    models, rows = shared_rows(analysis, figure)
    comparison = COMPARISONS[figure]
    settings = analysis.settings
    variables = tuple(name for name in rows.columns if name not in _KEYS)
    data = CorrelationData(
        rows[list(variables)].to_numpy(), variables, rows["context"].to_numpy(dtype=str)
    )
    analysis.progress.start(f"Own and other: {figure}", 1)
    sampler = CorrelationSampler(settings.regression_sampler, settings.finished, settings.engine)
    fit = sampler.fit(settings.specs[SPECIFICATION], data, f"privileged.{figure}")
    analysis.progress.advance(1)
    problems = [
        f"choice weights of {model}: {problem}"
        for model in models
        for problem in analysis.weights(
            model, comparison.context_set, comparison.chooser
        ).diagnostics.problems
    ]
    return AccessFigure(
        figure,
        models,
        rows,
        fit,
        (*problems, *fit.diagnostics.problems),
        _warning(analysis, figure, models, rows),
    )


def shared_rows(analysis: Analysis, figure: str) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return the models that chose and reported, and the attributes that all of them chose among.

    Returns
    -------
    tuple
        Names of the models, and one row an attribute: context, position, ``weights of NAME`` and
        ``reports of NAME`` (standardized; missing where a model gave no valid report).

    Raises
    ------
    CannotCompute
        If fewer than two models, or fewer than three contexts, are left.
    """
    comparison = COMPARISONS[figure]
    weights, reports = {}, {}
    reasons: list[CannotCompute] = []
    for model in analysis.study.base_models:
        try:
            learned = analysis.learned(model, comparison.context_set, comparison.chooser)
            stated = mean_reports(reports_of(analysis.study, model, comparison))
        except CannotCompute as reason:
            reasons.append(reason)
            continue
        weights[model] = learned[[*_KEYS, "learned"]].rename(
            columns={"learned": f"weights of {model}"}
        )
        reports[model] = stated[[*_KEYS, "reported"]].rename(
            columns={"reported": f"reports of {model}"}
        )
    models = tuple(weights)
    if len(models) < 2:  # noqa: PLR2004
        missing = "; ".join(str(reason) for reason in reasons)
        who = f"only {models[0]} has both weights and reports" if models else "no model has both"
        msg = f"{figure}: own and other need two models, but {who}"
        raise cannot_compute(f"{msg} ({missing})" if missing else msg, reasons or [CannotCompute()])
    rows = weights[models[0]]
    for model in models[1:]:
        rows = rows.merge(weights[model], on=_KEYS, validate="one_to_one")
    for model in models:
        rows = rows.merge(reports[model], how="left", on=_KEYS, validate="one_to_one")
    _check_shared(figure, models, rows)
    return models, rows


def _check_shared(figure: str, models: tuple[str, ...], rows: pd.DataFrame) -> None:
    shared = rows["context"].nunique()
    if shared < _LEAST_CONTEXTS:
        msg = (
            f"{figure}: {', '.join(models)} chose in {shared} shared contexts; own and other need "
            f"at least {_LEAST_CONTEXTS}"
        )
        raise CannotCompute(msg)
    for model in models:
        told = rows.loc[rows[f"reports of {model}"].notna(), "context"].nunique()
        if told < _LEAST_CONTEXTS:
            msg = (
                f"{figure}: {model} gave valid reports in {told} of the {shared} shared contexts; "
                f"own and other need at least {_LEAST_CONTEXTS}"
            )
            raise CannotCompute(msg)


def _warning(analysis: Analysis, figure: str, models: tuple[str, ...], rows: pd.DataFrame) -> str:
    """Say where own and other weights are nearly the same, and how little they could differ."""
    r = rows[[f"weights of {model}" for model in models]].corr().to_numpy()
    same = float(r[np.triu_indices(len(models), 1)].mean())
    comparison = COMPARISONS[figure]
    taught = comparison.chooser == "weight-trained" and comparison.context_set == "instilled"
    if not (taught and not analysis.study.targets.empty) and same < ALIKE:
        return ""
    why = "all models were trained towards the same targets" if taught else "the models are alike"
    return (
        f"{figure}: {why}, so that own and other weights are nearly the same (r = {same:.2f}): "
        f"even reports that repeat the own weights exactly would come only {1 - same:.2f} closer "
        "to them than to the others'"
    )


_Rows = list[dict[str, Any]]


def _frame(parts: Iterator[_Rows]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part])


def _cells(
    figure: AccessFigure, name: str, of: Callable[[np.ndarray], np.ndarray]
) -> list[dict[str, float]]:
    return [
        {
            "estimate": e.mean,
            "hdi_low": e.low,
            "hdi_high": e.high,
            "error": e.mean_error,
            "low_error": e.low_error,
            "high_error": e.high_error,
        }
        for e in figure.fit.estimates(name, of)
    ]


def _contrast_rows(figure: AccessFigure) -> _Rows:
    whose = [("overall", "")]
    whose += [(kind, model) for kind in ("target", "reporter") for model in figure.models]
    whose.append(("tetrad", ""))
    cells = _cells(figure, "contrasts", contrast.all_contrasts)
    alike = cells.pop()["estimate"]
    about = {
        "alike": alike,
        "n": len(figure.rows),
        "contexts": int(figure.rows["context"].nunique()),
        "problems": "; ".join(figure.problems),
    }
    return [
        {
            "figure": figure.figure,
            "contrast": kind,
            "base_model": model,
            "own": cells[3 * number]["estimate"],
            "other": cells[3 * number + 1]["estimate"],
            **cells[3 * number + 2],
            **about,
        }
        for number, (kind, model) in enumerate(whose)
    ]


def _cell_rows(figure: AccessFigure) -> _Rows:
    pairs = [(reporter, target) for reporter in figure.models for target in figure.models]
    cells = _cells(figure, "cells", contrast.all_cells)
    return [
        {"figure": figure.figure, "reporter": reporter, "target": target, **cell}
        for (reporter, target), cell in zip(pairs, cells, strict=True)
    ]


def _partial_rows(figure: AccessFigure) -> _Rows:
    names = [(model, quantity) for model in ("", *figure.models) for quantity in contrast.PARTIAL]
    cells = _cells(figure, "partials", contrast.all_partials)
    return [
        {"figure": figure.figure, "base_model": model, "quantity": quantity, **cell}
        for (model, quantity), cell in zip(names, cells, strict=True)
    ]
