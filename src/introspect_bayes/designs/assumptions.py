"""What is assumed of a model that nobody has asked yet."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import first_duplicate
from introspect_bayes.simulate import Introspection


@dataclass(frozen=True, slots=True)
class AssumedReports:
    """How a model is assumed to report its weights.

    Parameters
    ----------
    accuracy
        Correlation, over contexts and attributes, of its weights with what its reports say on
        average, -1 to 1. An analysis finds a little less, because choices and reports are noisy.
    invalid_rate
        Share of reports that are invalid, 0 to 1, in contexts where any is valid.
    silent
        Share of contexts, 0 to 1, in which no report is ever valid.
    spread
        Standard deviation of what reports say on average, on the scale of -100 to 100.
    noise
        Standard deviation of a single report around that.

    Raises
    ------
    InputError
        If a value is impossible.

    Examples
    --------
    >>> AssumedReports(accuracy=0.5).noise
    15.0
    """

    accuracy: float
    invalid_rate: float = 0.0
    silent: float = 0.0
    spread: float = 35.0
    noise: float = 15.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            low, high = _LIMITS[name]
            if not low <= value <= high or not math.isfinite(value):
                limits = f"lie in {low:g} to {high:g}" if math.isfinite(high) else "be 0 or more"
                msg = f"{name} = {value}: must {limits}"
                raise InputError(msg)
        if self.spread == 0 and self.noise == 0:
            msg = "spread and noise are both 0: reports that do not vary tell nothing"
            raise InputError(msg)

    @property
    def introspection(self) -> Introspection:
        """The same as the simulated decision makers take it."""
        return Introspection(self.accuracy, self.spread, self.noise, invalid_rate=self.invalid_rate)


_LIMITS = {
    "accuracy": (-1.0, 1.0),
    "invalid_rate": (0.0, 1.0),
    "silent": (0.0, 1.0),
    "spread": (0.0, math.inf),
    "noise": (0.0, math.inf),
}


@dataclass(frozen=True, slots=True)
class AssumedModel:
    """What is assumed of one base model.

    Parameters
    ----------
    reports
        How it reports; before introspection training, if `after` is given.
    after
        How it reports after introspection training. With it the effect of training is planned
        for, without it the accuracy of one model.
    consistency
        Log-odds of a choice per unit of utility difference, utilities being weighted sums of
        attributes scaled to 0-1, weights scaled to -1 to 1; above 0.
    position_bias
        Log-odds of A between equal options.
    name
        Of the base model.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    reports: AssumedReports
    after: AssumedReports | None = None
    consistency: float = 6.0
    position_bias: float = 0.0
    name: str = "model"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.consistency) and self.consistency > 0):
            msg = f"consistency = {self.consistency}: must be above 0"
            raise InputError(msg)
        if not math.isfinite(self.position_bias):
            msg = f"position_bias = {self.position_bias}: must be a finite number"
            raise InputError(msg)


def assumed_models(given: AssumedModel | Sequence[AssumedModel]) -> tuple[AssumedModel, ...]:
    """Check that models can be planned for together.

    Raises
    ------
    InputError
        If there is none, names are doubled, or accuracies of several models are asked for.

    Examples
    --------
    >>> [model.name for model in assumed_models(AssumedModel(AssumedReports(0.5)))]
    ['model']
    """
    models = (given,) if isinstance(given, AssumedModel) else tuple(given)
    if not models:
        msg = "assume at least one base model"
        raise InputError(msg)
    if (doubled := first_duplicate([model.name for model in models])) is not None:
        msg = f"two base models are called {doubled!r}"
        raise InputError(msg)
    trained = {model.after is not None for model in models}
    if len(trained) > 1:
        msg = "either all base models or none are assumed to be trained (after)"
        raise InputError(msg)
    if len(models) > 1 and trained == {False}:
        msg = (
            "the accuracy of one base model is planned for at a time; only the effect of training "
            "(after) is averaged over several"
        )
        raise InputError(msg)
    return models


def several(model: AssumedModel, count: int) -> tuple[AssumedModel, ...]:
    """Return so many base models of which the same is assumed.

    Examples
    --------
    >>> trained = AssumedModel(AssumedReports(0.5), after=AssumedReports(0.7))
    >>> [model.name for model in several(trained, 2)]
    ['model 1', 'model 2']
    """
    if count == 1:
        return (model,)
    return tuple(replace(model, name=f"{model.name} {number + 1}") for number in range(count))
