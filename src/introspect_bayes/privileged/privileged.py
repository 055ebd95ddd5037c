"""Privileged access: whether own reports tell a model's weights better than another model's do.

Every model's reports are held against every model's weights. One posterior correlation matrix of
all of them (`correlations.CorrelationFit`) gives every cell, so that what enters several cells is
counted once. The question is that of Li et al. (2025, doi:10.48550/arXiv.2511.08579), asked of the
data of Plunkett et al. (2025).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.errors import CannotCompute, none_computable
from introspect_bayes.privileged import access_tables
from introspect_bayes.privileged.access_figure import PREFIX, AccessFigure, access_figure
from introspect_bayes.privileged.correlations import CorrelationFit
from introspect_bayes.privileged.given_target import COLUMNS, given_target, json_ready
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.study import Study

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class PrivilegedAccess:
    """Own minus other, by experiment and stage.

    Attributes
    ----------
    figures
        Results by figure (keys of `COMPARISONS`).
    skipped
        Figures that the study does not allow, and why (a `CannotCompute` each).
    given_target
        Own reports with own weights once the target weights are known (`given_target`).

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> access = ib.privileged_access(ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> access.table()  # doctest: +SKIP
    """

    figures: dict[str, AccessFigure]
    skipped: dict[str, CannotCompute]
    given_target: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))

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
            hdi_high, error, low_error, high_error (Monte Carlo standard errors), share, share_low,
            share_high (of what reports of the own weights alone would show, with its HDI:
            `privileged.own_and_other.shares_of_own_weights`; overall and of reporters, where own
            reports tell something and the models' weights are not alike), alike (correlation of
            the models' weights), n (rows), contexts, problems. Contrasts, as in
            `privileged.own_and_other.contrasts`: overall; target (who knows this model's weights?);
            reporter (whose weights do this model's reports tell?); tetrad (is there more than one
            common factor?), with own and other the two products.
        """
        return access_tables.contrast_table(self.figures.values())

    def correlations(self) -> pd.DataFrame:
        """Return every model's reports against every model's weights.

        Returns
        -------
        pandas.DataFrame
            One row a figure, reporter and target: estimate, hdi_low, hdi_high, and the Monte Carlo
            errors of the three.
        """
        return access_tables.cell_table(self.figures.values())

    def partial(self) -> pd.DataFrame:
        """Return what own reports add once others' reports and weights are known.

        Returns
        -------
        pandas.DataFrame
            One row a figure, base_model (empty for the mean over models) and quantity
            (`privileged.own_and_other.partials`): estimate, hdi_low, hdi_high and the Monte
            Carlo errors.
        """
        return access_tables.partial_table(self.figures.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """Failed diagnostics of the fits that the results rest on."""
        return tuple(dict.fromkeys(p for f in self.figures.values() for p in f.problems))

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return each figure as JSON-ready values.

        The overall contrast has the keys that other figures have (`Reproduction.as_dict`); below
        own_minus_other, correlations, partial and given_target are the rows of the four tables.
        """
        known = self.given_target.set_index("figure")
        return [
            {
                **access_tables.as_dict(figure),
                "given_target": json_ready(known.loc[known.index == name]),
            }
            for name, figure in self.figures.items()
        ]


def access_ids(base_models: Collection[str]) -> list[str]:
    """Return the ids of the figures of privileged access; none for a single model.

    Examples
    --------
    >>> access_ids(["a", "b"])[:2], access_ids(["a"])
    (['privileged.e1.acc', 'privileged.e1.base'], [])
    """
    return [f"{PREFIX}{name}" for name in COMPARISONS] if len(base_models) > 1 else []


def select_comparisons(only: Collection[str]) -> list[str]:
    """Return the comparisons that are named, with or without "privileged." before them.

    Raises
    ------
    InputError
        If a name matches nothing.

    Examples
    --------
    >>> select_comparisons(["privileged.e3", "e2"])
    ['e2.acc', 'e3.before', 'e3.after']
    """
    everything = PREFIX.removesuffix(".") in only
    named = [] if everything else [name.removeprefix(PREFIX) for name in only]
    return select_ids(COMPARISONS, named, "comparison")


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
    (`privileged.unit_adjustment`).

    Parameters
    ----------
    source
        A study, or an analysis, whose choice weights and settings are then used.
    figures
        Comparisons, such as "e3.after" or "privileged.e3.after", or their beginnings; all that the
        study allows if empty.
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
    wanted = select_comparisons(figures)
    analysis = source
    if isinstance(analysis, Study):
        analysis = Analysis(analysis, settings or Settings.default(seed=seed), progress)
    found = access_where_possible(analysis, wanted)
    if not found.figures:
        msg = "privileged access cannot be computed"
        raise none_computable(msg, found.skipped.values())
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
    return PrivilegedAccess(done, skipped, given_target(analysis, list(done)))
