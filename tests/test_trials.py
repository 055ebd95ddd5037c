import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect_bayes.contexts import Attribute, DecisionContext
from introspect_bayes.trials import (
    Options,
    decimals,
    draw_options,
    draw_target_weights,
    draw_trials,
    noiseless_choice,
    utility,
)

SHELF = DecisionContext(
    "shelf", "Which shelf?", (Attribute("width", 10, 90, "cm"), Attribute("tilt", 0.1, 0.5, "rad"))
)
CHAIR = DecisionContext("chair", "Which chair?", (Attribute("height", 40, 60, "cm"),))


@pytest.mark.parametrize(
    ("span", "expected"), [(5, 0), (4.99, 1), (1, 1), (0.99, 2), (0.1, 2), (0.099, 3), (0.004, 4)]
)
def test_decimals_follow_the_range(span, expected):
    assert decimals(span) == expected


@given(st.integers())
def test_options_lie_in_range(seed):
    options = draw_options(SHELF, random.Random(seed))
    for values in (options.a, options.b):
        for value, attribute in zip(values, SHELF.attributes, strict=True):
            assert attribute.minimum <= value <= attribute.maximum


@given(st.integers())
def test_target_weights_are_integers_with_one_at_the_limit(seed):
    (weights,) = draw_target_weights([SHELF], random.Random(seed)).values()
    assert max(abs(weight) for weight in weights) == 100
    assert all(isinstance(weight, int) for weight in weights)


def test_choice_follows_utility_and_ties_go_to_b():
    assert utility(SHELF, [50, -20], [90, 0.5]) == pytest.approx(30)
    assert noiseless_choice(SHELF, [1, 0], Options((80, 0.1), (20, 0.1))) == "A"
    assert noiseless_choice(SHELF, [1, 0], Options((20, 0.5), (20, 0.1))) == "B"


def test_adding_contexts_or_trials_changes_no_other_trial():
    few = {t.id: t for t in draw_trials([SHELF], "native", {"decision": 3}, seed=7)}
    more = {
        t.id: t for t in draw_trials([CHAIR, SHELF], "native", {"report": 2, "decision": 5}, seed=7)
    }
    assert len(more) == 14
    assert few.items() <= more.items()
    other = {t.id: t for t in draw_trials([SHELF], "native", {"decision": 3}, seed=8)}
    assert few.keys() == other.keys()
    assert few != other
