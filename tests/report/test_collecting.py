from rich.console import Console

from introspect_bayes.collect.collection import Snapshot
from introspect_bayes.collect.estimate import Prices, TokenEstimate
from introspect_bayes.collect.planning import CollectionPlan
from introspect_bayes.report.collecting import CollectionProgress, estimate_table
from introspect_bayes.stages import Model


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


def test_nothing_is_drawn_where_nobody_watches_but_warnings_are_told(capsys):
    with CollectionProgress(None, shown=False) as progress:
        progress.update(Snapshot(planned=2, answered=1, valid=1, invalid=0))
        progress.warn("look")
    assert capsys.readouterr().err == "Warning: look\n"


def test_the_estimate_adds_up():
    trials = {"a": "decision/native/x/1", "b": "decision/native/x/2", "c": "report/native/x/1"}
    estimate = TokenEstimate(
        {"decision": 100.0, "report": 300.0}, {"decision": 2.0, "report": 50.0}
    )
    plan = CollectionPlan(Model("[m]", "[m]"), trials, frozenset({"a"}), {}, estimate)
    console = Console(width=100)
    with console.capture() as captured:
        console.print(estimate_table(plan, None, Prices(1000.0, 1000.0)))
    lines = [line.split() for line in captured.get().splitlines()]
    assert "[m]" in lines[0]
    assert lines[2:] == [
        ["decisions", "1", "100", "2", "$0.10"],
        ["reports", "1", "300", "50", "$0.35"],
        ["together", "2", "400", "52", "$0.45"],
    ]
