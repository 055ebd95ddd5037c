"""Classes of findings, and the one sentence that follows from them."""

import pytest

from introspect_bayes.checks import Change, Finding
from introspect_bayes.checks.evidence import better_than, kind_of, largest
from introspect_bayes.checks.finding import MOVES, concluded
from introspect_bayes.checks.outcome import Check
from introspect_bayes.presentation.checks import conclusion_lines

MOVED = (Change("e1.acc.m", 0.5, 0.53), Change("e2.acc.m", 0.7, 0.701))


def test_the_gravest_class_decides_and_comes_first():
    harmless = Finding("bounds", "known and harmless", "Weights are bounded")
    moves = Finding("position", "numbers move", "Position moves choices", (), MOVED)
    stop = Finding("files", "stop", "A file is left out")
    assert concluded([]).kind is None
    assert concluded([harmless]).kind == "known and harmless"
    both = concluded([harmless, moves])
    assert both.kind == "numbers move"
    assert both.text == "Nothing stops you; 1 finding moves numbers: e1.acc.m."
    everything = concluded([harmless, moves, stop, stop])
    assert [f.kind for f in everything.findings] == ["stop"] * 2 + [moves.kind, harmless.kind]
    assert everything.text.startswith("Stop: do not trust these numbers before 2 findings are")


def test_a_change_counts_from_a_unit_and_a_half_of_the_second_decimal():
    assert kind_of(MOVED) == "numbers move"
    assert kind_of([Change("e1.acc.m", 0.5, 0.5 + 0.99 * MOVES)]) == "known and harmless"
    assert largest(MOVED) == "e1.acc.m .500 → .530"
    assert largest(MOVED[1:]) == "accuracies move by at most .001"


def test_every_change_is_shown_in_full_only():
    conclusion = concluded([Finding("position", "numbers move", "It moves", (), MOVED)], ["x"])
    short = [str(line) for line in conclusion_lines(conclusion)]
    assert short[1:] == [
        "numbers move: It moves.",
        "Not looked at: x. --full shows every change and check.",
    ]
    full = [str(line) for line in conclusion_lines(conclusion, full=True)]
    assert full[2:4] == ["    e1.acc.m .500 → .530", "    e2.acc.m .700 → .701"]


def test_changed_intervals_are_written_as_such():
    change = Change("e1.acc.m", 0.39, 0.39, (0.31, 0.49), (0.27, 0.52))
    assert str(change) == "e1.acc.m [.31, .49] → [.27, .52]"
    assert change.as_dict()["hdi_otherwise"] == [0.27, 0.52]
    finding = Finding("contexts-as-units", "numbers move", "Wider", (), (change,))
    assert finding.as_dict()["changes"][0]["hdi"] == [0.31, 0.49]
    assert concluded([finding]).text.endswith("e1.acc.m.")


@pytest.mark.parametrize(("bad", "problems"), [(0, 1), (3, 0)])
def test_doubtful_regressions_are_never_better(bad, problems):
    numbers = {"other.elpd_diff": 40.0, "other.se": 4.0, "other.slope": 0.5}
    sound = Check("c", "s", "fail", "M.", {**numbers, "other.bad_k": 0, "other.problems": 0})
    assert better_than(sound)["other"] == pytest.approx(7.6e-24, rel=0.1)
    doubts = {"other.bad_k": bad, "other.problems": problems}
    assert better_than(Check("c", "s", "fail", "M.", {**numbers, **doubts})) == {}
