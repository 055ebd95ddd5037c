"""Flat priors are refused at once where choices leave weights without bound."""

import numpy as np
import pytest
from scipy.integrate import quad

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.proper_posterior import require_proper_posterior
from introspect_bayes.errors import InputError
from introspect_bayes.specs import spec

PAPER = spec("choice_weights")


def data(*contexts):
    """Choices of contexts, each a pair of differences (choice, attribute) and selections."""
    differences = np.concatenate([np.atleast_2d(d) for d, _ in contexts])
    selection = np.concatenate([np.asarray(s) for _, s in contexts])
    index = np.repeat(np.arange(len(contexts)), [len(s) for _, s in contexts])
    names = tuple(f"context_{number}" for number in range(len(contexts)))
    counts = np.full(len(contexts), differences.shape[1])
    return ChoiceData(names, index, differences, selection, counts)


def overlapping(seed=1, count=40, width=2):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, width)), random.integers(0, 2, count)


def separable(seed=2):
    differences, _ = overlapping(seed)
    return differences, (differences @ [1.0, -0.5] > 0).astype(int)


def test_choices_that_overlap_may_have_a_flat_prior():
    for prior in ("Flat()", "HalfFlat()", "Normal(0, 1)"):
        require_proper_posterior(PAPER.with_priors(slopes=prior), data(overlapping()))
    require_proper_posterior(PAPER.with_priors(Intercept="Flat()"), data(separable()))


@pytest.mark.parametrize(
    "context",
    [
        separable(),
        (
            np.eye(2)[[0, 0, 0, 0]] * [[1], [2], [-1], [3]],
            [1, 0, 1, 0],
        ),  # one attribute never varies
        (np.ones((6, 2)) * np.arange(6)[:, None], [0, 1, 0, 1, 1, 0]),  # two that go together
        (np.array([[1.0, 0.5]]), [1]),
    ],
    ids=["separable", "never varies", "go together", "one choice"],
)
def test_what_has_no_proper_posterior_is_refused(context):
    flat = PAPER.with_priors(slopes="Flat()")
    with pytest.raises(InputError, match=r"1 of 2 contexts \(the first: context_1\)") as caught:
        require_proper_posterior(flat, data(overlapping(), context))
    assert "--prior choice_weights.slopes='Normal(0, 3)'" in str(caught.value)


def test_one_sided_choices_leave_a_flat_intercept_without_bound():
    differences, _ = overlapping()
    both = PAPER.with_priors(Intercept="Flat()")
    with pytest.raises(InputError, match=r"--prior choice_weights.Intercept="):
        require_proper_posterior(both, data((differences, np.ones(len(differences), dtype=int))))


def test_half_flat_slopes_need_a_bound_on_one_side_only():
    differences = np.abs(overlapping(width=1)[0])
    half = spec("choice_weights_no_intercept").with_priors(slopes="HalfFlat()")
    require_proper_posterior(half, data((differences, np.zeros(len(differences), dtype=int))))
    with pytest.raises(InputError, match="no proper posterior"):
        require_proper_posterior(half, data((differences, np.ones(len(differences), dtype=int))))


def test_the_judgement_is_that_of_quadrature():
    """A slope's flat posterior has a finite integral exactly where it is not refused."""
    flat = spec("choice_weights_no_intercept").with_priors(slopes="Flat()")
    x = np.array([0.5, 1.0, -0.7, 0.2])
    for selection in ([1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1]):
        signed = x * np.where(np.array(selection) == 1, 1, -1)

        def likelihood(slope, signed=signed):
            return np.exp(-np.logaddexp(0, -signed * slope).sum())

        mass = [quad(likelihood, -end, end, limit=500)[0] for end in (200, 2000)]
        proper = mass[1] < 1.01 * mass[0]
        try:
            require_proper_posterior(flat, data((x[:, None], selection)))
        except InputError:
            assert not proper
        else:
            assert proper
