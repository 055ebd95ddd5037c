import math

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import Attribute, DecisionContext

WIDTH = Attribute("width", 0, 5, "cm")


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, math.inf), (math.nan, 1)])
def test_range_must_be_finite_and_increasing(low, high):
    with pytest.raises(InputError, match="width"):
        Attribute("width", low, high)


@pytest.mark.parametrize(
    ("name", "attributes", "complaint"),
    [
        ("", (WIDTH,), "empty name"),
        ("shelf", (), "no attribute"),
        ("shelf", (WIDTH, WIDTH), "'width' occurs twice"),
    ],
)
def test_malformed_contexts_are_refused(name, attributes, complaint):
    with pytest.raises(InputError, match=complaint):
        DecisionContext(name, "Which shelf?", attributes)


def test_a_context_may_have_one_attribute():
    assert DecisionContext("shelf", "Which?", (WIDTH,)).attribute_names == ("width",)
