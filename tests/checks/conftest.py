"""Fits that the tests of several checks examine, each made once."""

import pytest

from checks_data import simulated_rows
from fits_data import simulated_choices
from introspect_bayes.checks import Examination
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec


@pytest.fixture(scope="session")
def examine_choices():
    """Fit simulated choices; options of `simulated_choices`, and perhaps a specification."""

    def examine(specification=None, seed=0, draws=500, **options):
        sampler = ChoiceWeightsSampler(Sampler(draws=draws, warmup=400, seed=2))
        shape = {"contexts": 24, "attributes": 3, "trials": 60, "bias": 0.0, "scale": 1.0}
        choices = simulated_choices(seed=seed, **(shape | options))
        columns = [name for name in choices.columns if name.startswith("d")]
        data = ChoiceData.from_frame(choices, columns)
        fit = sampler.fit(specification or spec("choice_weights"), data, "simulated")
        return Examination(fit, "simulated choices", seed=3)

    return examine


@pytest.fixture(scope="session")
def examine_rows():
    """Fit a regression to rows."""
    sampler = RegressionSampler(Sampler(draws=500, warmup=500, seed=2))

    def examine(rows, specification=None):
        fit = sampler.fit(specification or spec("report_accuracy"), rows, "simulated")
        return Examination(fit, "simulated reports", seed=3)

    return examine


@pytest.fixture(scope="session")
def sound_choices(examine_choices):
    """Choices drawn from the very model that is fitted, without a position bias."""
    return examine_choices()


@pytest.fixture(scope="session")
def certain_choices(examine_choices):
    """Choices far more predictable than the prior of the slopes expects."""
    return examine_choices(scale=8.0)


@pytest.fixture(scope="session")
def biased_choices(examine_choices):
    """Choices that follow the position as much as the options."""
    return examine_choices(bias=1.5)


@pytest.fixture(scope="session")
def without_intercept(examine_choices):
    """The same choices, fitted by a model that knows no position bias."""
    return examine_choices(spec("choice_weights_no_intercept"), bias=1.5)


@pytest.fixture(scope="session")
def pooled_choices(examine_choices):
    """Predictable choices in a few contexts, which together tell the weights' size."""
    return examine_choices(spec("choice_weights_pooled"), draws=2000, scale=3.0, contexts=8)


@pytest.fixture(scope="session")
def sound_reports(examine_rows):
    """Rows drawn from the very regression that is fitted."""
    return examine_rows(simulated_rows())
