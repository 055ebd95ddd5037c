import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect_bayes.protocol.contexts import Attribute, DecisionContext
from introspect_bayes.protocol.trials import (
    Options,
    ablate,
    decimals,
    draw_ablations,
    draw_options,
    draw_target_weights,
    draw_trials,
    neutralize,
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


@given(st.integers(), st.sampled_from(SHELF.attribute_names))
def test_a_neutralized_pair_differs_in_exactly_that_attribute(seed, name):
    before = draw_options(SHELF, random.Random(seed))
    after = neutralize(SHELF, before, name)
    for k, attribute in enumerate(SHELF.attributes):
        if attribute.name == name:
            assert after.a[k] == after.b[k] == pytest.approx((before.a[k] + before.b[k]) / 2)
            assert attribute.minimum <= after.a[k] <= attribute.maximum
            assert len(str(after.a[k]).split(".")[1]) <= decimals(attribute.span) + 1
            assert (after.a[k] == before.a[k]) == (before.a[k] == before.b[k])
        else:
            assert (after.a[k], after.b[k]) == (before.a[k], before.b[k])


@given(st.integers(), st.floats(-100, 100), st.floats(-100, 100))
def test_to_a_weighted_sum_the_common_value_does_not_matter(seed, first, second):
    before = draw_options(SHELF, random.Random(seed))
    after = neutralize(SHELF, before, "width")
    weights = [first, second]
    difference = utility(SHELF, weights, after.a) - utility(SHELF, weights, after.b)
    tilt = second * (before.a[1] - before.b[1]) / SHELF.attributes[1].span
    assert difference == pytest.approx(tilt, abs=1e-9)


def test_an_ablation_asks_the_question_and_the_pair_without_each_attribute():
    (trial,) = draw_trials([SHELF], "native", {"decision": 1}, seed=7)
    question, *decisions = ablate(SHELF, trial)
    assert question.id == "ablation/native/shelf/1"
    assert question.options == trial.options
    assert [each.id for each in decisions] == [
        "decision/native/shelf/1 without width",
        "decision/native/shelf/1 without tilt",
    ]


def test_more_ablations_change_no_other_and_equal_values_are_never_ablated():
    steps = DecisionContext("steps", "Which?", (Attribute("n", 0, 5), Attribute("w", 0, 90)))
    trials = list(draw_trials([SHELF, CHAIR, steps], "native", {"decision": 40, "report": 2}, 7))
    few = draw_ablations([SHELF, steps], trials, 3, seed=7)
    more = draw_ablations([CHAIR, SHELF, steps], trials, 50, seed=7)
    assert set(few) <= set(more)
    assert len(few) == 2 * 3 * (1 + 2)
    assert few != draw_ablations([SHELF, steps], trials, 3, seed=8)
    chosen = [trial for trial in more if trial.task == "ablation"]
    tied = sum(
        any(a == b for a, b in zip(t.options.a, t.options.b, strict=True))
        for t in trials
        if t.task == "decision"
    )
    assert tied > 3
    assert len(chosen) == 3 * 40 - tied
    assert len({trial.id for trial in more}) == len(more)
    assert all(a != b for t in chosen for a, b in zip(t.options.a, t.options.b, strict=True))
