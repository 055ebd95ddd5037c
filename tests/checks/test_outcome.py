import json

import pytest

from introspect_bayes.checks.outcome import STATUSES, Check, attempt
from introspect_bayes.errors import CannotCompute, InputError, NotInStudy


def raising(error):
    def make():
        raise error

    return make


def test_what_the_data_does_not_allow_is_information_with_the_reason():
    check = attempt("loo.pareto-k", "e1.acc.4o", raising(CannotCompute("two rows only")))
    assert (check.name, check.subject, check.status) == (
        "loo.pareto-k",
        "e1.acc.4o",
        "information",
    )
    assert check.message == "Cannot be checked: two rows only."


def test_what_a_user_can_mend_is_an_error_with_the_reason():
    check = attempt("loo.pareto-k", "e1.acc.4o", raising(InputError("too few draws.")))
    assert (check.status, check.message) == ("error", "Went wrong: too few draws.")


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), NotInStudy("no reports")])
def test_a_fault_of_the_program_is_never_swallowed_nor_nothing_to_check_made_up(error):
    with pytest.raises(type(error)):
        attempt("convergence", "e1.acc.4o", raising(error))


def test_a_check_that_was_made_is_passed_on():
    made = Check("convergence", "e1.acc.4o", "pass", "Chains mixed.")
    assert attempt("convergence", "e1.acc.4o", lambda: made) is made
    assert made.status in STATUSES


def test_numbers_survive_json_even_where_they_are_not_finite():
    check = Check("convergence", "x", "fail", "No.", {"rhat": float("inf"), "ess": 3})
    assert json.loads(json.dumps(check.as_dict(), allow_nan=False)) == {
        "name": "convergence",
        "subject": "x",
        "status": "fail",
        "message": "No.",
        "numbers": {"rhat": None, "ess": 3.0},
    }
