"""From a study to what is found in it."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.reproduce import figure_ids, reproduce
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import data_health
from introspect_bayes.errors import InputError
from introspect_bayes.findings.findings import Findings
from introspect_bayes.presentation.provenance import provenance
from introspect_bayes.privileged.access_figure import PREFIX
from introspect_bayes.privileged.privileged import access_ids, access_where_possible
from introspect_bayes.profile.profile import profile_where_possible
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.study import Study, load_study


def analyze(  # noqa: PLR0913 - what is analysed, and how
    study: Study | Analysis | str | Path = "plunkett2025",
    *,
    only: str | Collection[str] = (),
    settings: Settings | None = None,
    seed: int = 2025,
    published: bool = False,
    truth: Mapping[str, float] | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> Findings:
    """Analyse a study: every figure that its data allows, with 95% HDIs.

    Parameters
    ----------
    study
        A study, or what `load_study` takes: a study's name or folder. An analysis, if fits that it
        made are to be used again.
    only
        Ids of figures such as "e1.acc", or their beginnings; all if empty. The data's health is
        then left out.
    settings
        Specifications, priors included, sampler settings, engine, and whether finished fits are
        kept (`Settings.default`).
    seed
        Seed of all sampling, if neither `settings` nor an analysis is given.
    published
        Whether to set the paper's figures beside them, with verdicts, as the command `reproduce`
        does.
    truth
        The known truth by figure, of a simulated study.
    full
        Whether to say, too, what accuracy consists of (`accuracy_profile`).
    progress
        Told about long work, unless an analysis is given.

    Returns
    -------
    Findings
        All that the command `analyze` prints.

    Raises
    ------
    InputError
        If the study cannot be read, `only` names an unknown figure, or `settings` come with an
        analysis, which has its own.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> found = ib.analyze("smollm2", only="invalid")
    >>> found
    <Findings of smollm2: 1 of 1 figures, 3 warnings>
    >>> found.table()["estimate"].round(2).tolist()  # a share needs no sampling
    [0.58]
    >>> found = ib.analyze(ib.load_study("plunkett2025"), published=True)  # doctest: +SKIP
    >>> found.table()  # doctest: +SKIP
    """
    if isinstance(study, Analysis):
        if settings is not None:
            msg = "settings= are for a study; an analysis has settings of its own"
            raise InputError(msg)
        analysis = study
    else:
        loaded = study if isinstance(study, Study) else load_study(study)
        analysis = Analysis(loaded, settings or Settings.default(seed=seed), progress)
    ids = (only,) if isinstance(only, str) else tuple(only)
    return findings_of(analysis, ids, published=published, truth=truth, health=not ids, full=full)


def findings_of(  # noqa: PLR0913 - what a command or a report may leave out
    analysis: Analysis,
    only: Collection[str] = (),
    *,
    published: bool = False,
    truth: Mapping[str, float] | None = None,
    access: bool = True,
    health: bool = True,
    full: bool = False,
    finished: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Return what an analysis finds, as far as it is asked for.

    Parameters
    ----------
    analysis
        The analysis; its progress is told.
    only, published, truth, full
        As for `analyze`.
    access, health
        Whether to compute privileged access, and the data's health.
    finished
        Called with each figure that is done or skipped, for a progress bar.

    Raises
    ------
    InputError
        If `only` names an unknown figure.
    """
    base_models = analysis.study.base_models
    wanted = wanted_ids(base_models, only, published=published)
    apart = set(access_ids(base_models))
    usual = [name for name in wanted if name not in apart]
    figures = []
    for figure in reproduce(analysis, usual, published=published) if usual else ():
        figures.append(figure)
        finished(figure.id)
    compared = [name.removeprefix(PREFIX) for name in wanted if name in apart and access]
    kinds = {figure.kind for figure in figures}
    profiled = [name for name in COMPARISONS if name in kinds]
    return Findings(
        analysis,
        tuple(figures),
        access=access_where_possible(analysis, compared, finished),
        health=tuple(data_health(analysis)) if health else (),
        published=published,
        truth=truth,
        only=tuple(only),
        profile=profile_where_possible(analysis, profiled) if full else None,
        provenance=provenance(analysis),
    )


def wanted_ids(
    base_models: Collection[str], only: Collection[str] = (), *, published: bool = False
) -> list[str]:
    """Return the ids of the figures that are asked for, those of privileged access at the end.

    Parameters
    ----------
    base_models
        Base models of the study.
    only
        Ids, or their beginnings; all if empty.
    published
        Whether to compare with the paper.

    Raises
    ------
    InputError
        If a name matches nothing; the message lists the ids.

    Examples
    --------
    >>> wanted_ids(["a", "b"], ["privileged.e2"])
    ['privileged.e2.acc']
    """
    models = list(base_models)
    ids = figure_ids(models, published=published)
    return select_ids([*ids, *access_ids(models)], only)
