import pytest
from rich.console import Console

from introspect_bayes.collect.collection import Snapshot
from introspect_bayes.collect.estimate import Prices, TokenEstimate
from introspect_bayes.collect.planning import CollectionPlan
from introspect_bayes.collect.waiting import Waiting
from introspect_bayes.presentation.collecting import (
    CollectionProgress,
    estimate_in_words,
    estimate_table,
)
from introspect_bayes.protocol.stages import Model

NASTY = "A \x1b[2J\x1b]0;owned\x07[bold red]B[/] \u202edrawkcab\r\n[link=http://x]c[/link]"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_bar_shows_invalid_share_tokens_and_cost(capsys):
    snapshot = Snapshot(
        planned=100, answered=40, valid=30, invalid=10, prompt_tokens=8_000, reply_tokens=1_000,
        prompt_tokens_left=12_000, reply_tokens_left=1_500,
    )  # fmt: skip
    with CollectionProgress(Prices(1.0, 10.0), shown=True) as progress:
        progress.update(snapshot)
        progress.warn("97% of 60 choices are A")
    shown = " ".join(capsys.readouterr().err.split())
    for part in ("40/100", "25% invalid", "9.0k/22.5k tokens", "$0.02/$0.04"):
        assert part in shown
    assert "Warning: 97% of 60 choices are A" in shown


def test_the_bar_shows_what_is_waited_for(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    waiting = Waiting(calls=8, longest=95.0)
    with CollectionProgress(None, shown=True) as progress:
        progress.update(Snapshot(1200, 0, 0, 0, failed={"timeout": 3}, waiting=waiting))
    shown = " ".join(capsys.readouterr().err.split())
    assert "0/1200" in shown
    assert "8 calls out, the first for 95 s; 3 calls failed (timeout 3)" in shown


def test_nothing_is_drawn_where_nobody_watches_but_warnings_are_told(capsys):
    with CollectionProgress(None, shown=False) as progress:
        progress.update(Snapshot(planned=2, answered=1, valid=1, invalid=0))
        progress.warn("look")
    assert capsys.readouterr().err == "Warning: look\n"


def test_lines_come_now_and_then_and_soon_when_something_happens(capsys):
    clock = Clock()
    resting = Waiting(rest=44.6, reason="rate limited")
    with CollectionProgress(None, shown=False, clock=clock) as progress:
        for second in range(3600):
            clock.now = float(second)
            waiting = Waiting(1, float(second)) if second < 100 else Waiting()
            failed = {}
            if second >= 1000:
                failed = {"rate limited": 2}
                waiting = resting if second < 1040 else Waiting()
            done = second // 10
            progress.update(Snapshot(1200, done, done, 0, failed=failed, waiting=waiting))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 of 1,200 answered; a call out for 5 s"
    news = next(line for line in lines if "rate limited" in line)
    assert news.startswith("100 of 1,200 answered; waiting 45 s, the server is asked too often")
    assert "2 calls failed (rate limited 2)" in news
    assert 15 < len(lines) < 40


@pytest.mark.parametrize("shown", [True, False])
def test_first_replies_are_shown_and_obeyed_by_no_terminal(capsys, shown):
    with CollectionProgress(None, shown=shown) as progress:
        progress.first("decision", NASTY, "not A or B")
        progress.first("report", "x" * 5000, None)
        progress.warn(f"so said {NASTY}")
        progress.tell(NASTY)
    said = capsys.readouterr().err
    assert "First decision (cannot be used: not A or B): A \\x1b[2J" in said
    assert "[bold red]B[/] \\u202edrawkcab\\r\\n[link=http://x]c[/link]" in said.replace("\n", "")
    for letter in ("\x1b[2J", "\x1b]0", "\x07", "\u202e"):
        assert letter not in said
    assert "5,000 in all" in said
    assert said.count("x") < 600


def test_who_wants_quiet_is_only_warned(capsys):
    clock = Clock()
    with CollectionProgress(None, shown=True, quiet=True, clock=clock) as progress:
        progress.first("decision", "A", None)
        progress.tell("found")
        clock.now = 1000.0
        progress.update(Snapshot(2, 1, 1, 0))
        progress.warn("look")
    assert capsys.readouterr().err == "Warning: look\n"


def plan(counted):
    trials = {"a": "decision/native/x/1", "b": "decision/native/x/2", "c": "report/native/x/1"}
    estimate = TokenEstimate(
        {"decision": 100.0, "report": 300.0}, {"decision": 2.0, "report": 50.0}, counted
    )
    return CollectionPlan(Model("[m]", "[m]"), trials, frozenset({"a"}), {}, estimate)


def test_the_estimate_adds_up_and_says_what_is_guessed():
    console = Console(width=100)
    with console.capture() as captured:
        console.print(estimate_table(plan({"decision": 1}), None, Prices(1000.0, 1000.0)))
    lines = [line.split() for line in captured.get().splitlines()]
    assert "[m]" in lines[0]
    assert lines[2:] == [
        ["decisions", "1", "100", "2", "$0.10", "counted", "in", "1", "replies"],
        ["reports", "1", "300", "50", "$0.35", "guessed"],
        ["together", "2", "400", "52", "$0.45", "guessed"],
    ]


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({}, "of prompts from their length, of replies 2 a decision, 50 a report."),
        ({"decision": 20}, "Guessed are the tokens of reports:"),
        ({"decision": 20, "report": 3}, "what the server counted"),
    ],
)  # fmt: skip
def test_an_estimate_names_its_guesses(counted, said):
    assert said in estimate_in_words(plan(counted), None)
    assert ("thinks" in estimate_in_words(plan(counted), None)) is (len(counted) < 2)
