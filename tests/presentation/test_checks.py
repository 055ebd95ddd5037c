import io

from rich.console import Console

from introspect_bayes.checks import Check
from introspect_bayes.presentation.checks import check_summary, check_tables

CHECKS = [
    Check("convergence", "e1.acc.4o", "pass", "Chains mixed."),
    Check("convergence", "e1.acc.mini", "fail", "R-hat 1.3 of reported."),
    Check("convergence", "e2.acc.4o", "pass", "Chains mixed."),
    Check("data.replies", "4o, weight-trained", "information", "Nothing [yet]."),
    Check("loo.pareto-k", "e1.acc.4o", "error", "Went wrong: 3 draws."),
]


def printed(checks, width):
    console = Console(width=width, record=True, file=io.StringIO())
    for group in check_tables(checks):
        console.print(group)
    return console.export_text()


def test_checks_are_grouped_by_name_failures_first():
    lines = [line.rstrip() for line in printed(CHECKS, 100).splitlines()]
    assert lines[0] == "data.replies: Are replies there, and readable?"
    start = lines.index("convergence: Did the sampler reach the posterior?")
    assert lines[start + 1].split() == ["fail", "e1.acc.mini", "R-hat", "1.3", "of", "reported."]
    # What is said of two subjects is said once.
    assert lines[start + 2] == "pass e1.acc.4o; e2.acc.4o Chains mixed."


def test_nothing_is_cut_in_a_narrow_terminal():
    long = "A sentence that is far too long for one line of a narrow terminal, and goes on."
    subject = "choice weights of a-model-with-a-long-name, native"
    text = printed([Check("convergence", subject, "fail", long)], 80)
    assert all(len(line) <= 80 for line in text.splitlines())
    words = text.split()
    assert [word for word in long.split() if word not in words] == []
    assert "…" not in text


def test_brackets_are_text_not_markup():
    assert "Nothing [yet]." in printed(CHECKS, 100)


def test_the_summary_counts_every_status():
    assert check_summary(CHECKS) == "2 passed, 1 failed, 1 went wrong, 1 for information"
