"""The shipped alternatives to the paper's specifications, fitted to the same data."""

from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.loo import CHOICE_MODELS, REPORT_MODELS, comparison
from introspect_bayes.checks.outcome import Check
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.choices.choice_weights import ChoiceWeights
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
        self._choices = ChoiceWeightsSampler(
            settings.choice_sampler, settings.engine, settings.finished
        )
        self._regressions = RegressionSampler(
            settings.regression_sampler,
            with_chains(settings.engine),
            settings.finished,
        )

    def compare(self, of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
        """Fit the alternatives to a fit's data, and compare their leave-one-out with its own.

        Parameters
        ----------
        of
            Choice weights, or a regression of learned on reported weights.
        """
        others: dict[str, Examination[ChoiceWeights] | Examination[Regression]] = {}
        shipped = CHOICE_MODELS if isinstance(of.fit, ChoiceWeights) else REPORT_MODELS
        for name in shipped:
            if name == of.fit.spec.name:
                continue
            label = f"{of.subject}: {name}"
            if isinstance(of.fit, ChoiceWeights):
                choices = self._choices.fit(spec(name), of.fit.data, label)
                others[name] = Examination(choices, label, of.seed)
            else:
                regression = self._regressions.fit(spec(name), of.fit.data, label)
                others[name] = Examination(regression, label, of.seed)
        return comparison(of, others)
