"""The shipped alternatives to the paper's regression of reports, fitted to the same data."""

from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.loo import REPORT_MODELS, comparison
from introspect_bayes.checks.outcome import Check
from introspect_bayes.regressions.regression import Regression, RegressionSampler
from introspect_bayes.specs import spec
from introspect_bayes.specs.engines import with_chains


class Alternatives:
    """Fits alternatives and compares them; a specification is compiled once.

    Parameters
    ----------
    settings
        Sampler settings of the analysis.

    Examples
    --------
    >>> alternatives = Alternatives(Settings.default())
    >>> alternatives.compare(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    'pass'
    """

    def __init__(self, settings: Settings) -> None:
        self._regressions = RegressionSampler(
            settings.regression_sampler,
            with_chains(settings.engine),
            settings.finished,
        )

    def compare(self, of: Examination[Regression]) -> Check:
        """Fit the alternatives to a fit's data, and compare their leave-one-out with its own.

        Parameters
        ----------
        of
            A regression of learned on reported weights.
        """
        others: dict[str, Examination[Regression]] = {}
        for name in REPORT_MODELS:
            if name == of.fit.spec.name:
                continue
            label = f"{of.subject}: {name}"
            fit = self._regressions.fit(spec(name), of.fit.data, label)
            others[name] = Examination(fit, label, of.seed)
        return comparison(of, others)
