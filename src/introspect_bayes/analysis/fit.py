"""`fit`: one line from a specification and a study to posteriors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute, InputError, closest
from introspect_bayes.progress import Progress
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS, REVEALED
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.specs import EQUATION_FAMILIES, Specification
from introspect_bayes.specs import spec as shipped
from introspect_bayes.study import Study


@dataclass(frozen=True)
class Fits(Mapping[str, ChoiceWeights | Regression]):
    """Fits of one specification to all parts of a study that it applies to.

    A mapping from names, such as ``gpt-4o-2024-08-06.native`` or ``e1.acc.gpt-4o-2024-08-06``,
    to fits, each with ``model``, ``idata`` (a DataTree), ``diagnostics`` and ``hdi()``.

    Attributes
    ----------
    by_name
        The fits.
    skipped
        Parts of the study that could not be fitted, and why.
    analysis
        The analysis that made them; pass the fits on as ``weights`` to reuse it.
    """

    by_name: dict[str, ChoiceWeights | Regression]
    skipped: dict[str, str] = field(repr=False)
    analysis: Analysis = field(repr=False)

    def __getitem__(self, name: str) -> ChoiceWeights | Regression:
        if name not in self.by_name:
            msg = f"no fit {name!r}{closest(name, self.by_name)}"
            raise KeyError(msg)
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def __repr__(self) -> str:
        return f"<Fits: {', '.join(self.by_name)}>"

    def hdi(self) -> pd.DataFrame:
        """Return the 95% HDIs of all fits as one tidy frame, the column fit naming each."""
        return pd.concat(
            [part.hdi().assign(fit=name) for name, part in self.by_name.items()],
            ignore_index=True,
        )


def fit(
    specification: str | Specification,
    study: Study,
    *,
    weights: Fits | None = None,
    seed: int = 2025,
    progress: Progress | None = None,
) -> Fits:
    """Fit a specification to every part of a study that it applies to.

    Parameters
    ----------
    specification
        A shipped specification's name ("choice_weights", "report_accuracy",
        "introspection_training", "choice_weights_pooled", ...), or a specification, for example
        with other priors.
    study
        The study.
    weights
        Choice weights already fitted to the same study, to be used by a regression.
    seed
        Seed of all sampling; with `weights`, that of their analysis.
    progress
        Told about long work.

    Raises
    ------
    InputError
        If `study` is none, no part of it allows the specification, or `weights` belong to another
        study.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> study = ib.load_study("plunkett2025")  # doctest: +SKIP
    >>> weights = ib.fit("choice_weights", study)  # doctest: +SKIP
    >>> ib.fit("report_accuracy", study, weights=weights).hdi()  # doctest: +SKIP
    """
    if not isinstance(study, Study):
        msg = f"fit(..., study) needs a study, as load_study({study!r}) returns it"
        raise InputError(msg)
    chosen = shipped(specification) if isinstance(specification, str) else specification
    if weights is not None and not isinstance(weights, Fits):
        msg = f"weights= must be what fit('choice_weights', study) returned, not {weights!r}"
        raise InputError(msg)
    if weights is not None and weights.analysis.study is not study:
        msg = "weights= were fitted to another study"
        raise InputError(msg)
    settings = weights.analysis.settings if weights is not None else Settings.default(seed=seed)
    place = _place(chosen)
    settings = replace(settings, specs={**settings.specs, place: chosen})
    analysis = Analysis(study, settings, progress)
    if weights is not None and place != "choice_weights":
        analysis.use_weights_of(weights.analysis)
    return _fit_all(analysis, place)


def _place(specification: Specification) -> str:
    """Return which of the paper's specifications another takes the place of."""
    if specification.family in EQUATION_FAMILIES:
        msg = f"{specification.name}: fit() has no rows for family {specification.family!r}"
        raise InputError(msg)
    if "slopes" in specification.terms:
        return "choice_weights"
    known = {"reported", "introspection_trained", "base_model", "context"}
    strange = [name for name in specification.variables if name not in known]
    if specification.response != "learned" or strange:
        msg = (
            f"{specification.name}: no analysis has rows for {specification.formula!r}; a "
            f"regression is one of learned on {', '.join(sorted(known))}"
        )
        raise InputError(msg)
    trained = "introspection_trained" in specification.variables
    return "introspection_training" if trained else "report_accuracy"


def _fit_all(analysis: Analysis, name: str) -> Fits:
    done: dict[str, ChoiceWeights | Regression] = {}
    skipped: dict[str, str] = {}
    base_models = analysis.study.base_models
    jobs: dict[str, Callable[[], ChoiceWeights | Regression]]
    if name == "choice_weights":
        jobs = {
            ".".join([b, s, *([stage] if stage != "weight-trained" else [])]): partial(
                analysis.weights, b, s, stage
            )
            for b in base_models
            for s, stage in REVEALED
        }
    elif name == "report_accuracy":
        jobs = {
            f"{c}.{b}": partial(analysis.accuracy, b, c) for c in COMPARISONS for b in base_models
        }
    else:
        jobs = {effect: partial(analysis.effect, effect) for effect in EFFECTS}
    for label, make in jobs.items():
        try:
            done[label] = make()
        except CannotCompute as reason:
            skipped[label] = str(reason)
    if not done:
        msg = f"nothing in this study can be fitted with {name}: {'; '.join(skipped.values())}"
        raise InputError(msg)
    return Fits(done, skipped, analysis)
