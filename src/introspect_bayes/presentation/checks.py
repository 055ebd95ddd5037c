"""Tables of checks for the terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from introspect_bayes.checks import CHECKS, Check, Conclusion, FindingClass, Status

_STYLES: Final[dict[Status, str]] = {
    "fail": "bold red",
    "error": "bold red",
    "information": "cyan",
    "pass": "green",
}
"""Style of each status, the most urgent first."""

_SUBJECT_WIDTH: Final = 32

_WORDS: Final[dict[Status, str]] = {
    "pass": "passed",
    "fail": "failed",
    "error": "went wrong",
    "information": "for information",
}


_CLASS_STYLES: Final[dict[FindingClass, str]] = {
    "stop": "bold red",
    "numbers move": "yellow",
    "known and harmless": "green",
}
"""Style of each class of findings, the gravest first."""


def conclusion_lines(conclusion: Conclusion, *, full: bool = False) -> Iterator[Text]:
    """Yield the conclusion in words, then a line for each finding, the gravest first.

    Parameters
    ----------
    conclusion
        What was concluded.
    full
        Whether every accuracy that a finding touches follows below it.

    Examples
    --------
    >>> from introspect_bayes.checks.finding import concluded
    >>> [str(line) for line in conclusion_lines(concluded([]))][0]
    'Nothing was found that stops you or moves an accuracy.'
    """
    yield Text(conclusion.text, style="bold")
    for finding in conclusion.findings:
        yield Text.assemble((finding.kind, _CLASS_STYLES[finding.kind]), f": {finding.message}.")
        if full:
            yield from (Text(f"    {change}") for change in finding.changes)
    unseen = f"Not looked at: {'; '.join(conclusion.unseen)}." if conclusion.unseen else ""
    more = "" if full else "--full shows every change and check."
    if last := " ".join(filter(None, (unseen, more))):
        yield Text(last)


def check_tables(
    checks: Sequence[Check], questions: Mapping[str, str] | None = None
) -> Iterator[Group]:
    """Yield a headed table for each check that was made, failures first.

    Subjects about which the same is said share a row.

    Parameters
    ----------
    checks
        What was checked.
    questions
        Names of checks in the order of the tables, and the question that each answers; those of
        studies if not given.

    Examples
    --------
    >>> made = Check("convergence", "e1.acc.4o", "pass", "Chains mixed.")
    >>> [str(group.renderables[0]) for group in check_tables([made])]
    ['convergence: Did the sampler reach the posterior?']
    """
    for name, question in (questions or CHECKS).items():
        mine = [check for check in checks if check.name == name]
        if not mine:
            continue
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", max_width=_SUBJECT_WIDTH)
        table.add_column(overflow="fold")
        for status, subjects, message in joined_rows(mine):
            style = _STYLES[status]
            table.add_row(Text(status, style=style), Text("; ".join(subjects)), Text(message))
        yield Group(Text(f"{name}: {question}", style="bold"), table, Text())


def joined_rows(checks: Sequence[Check]) -> Iterator[tuple[Status, list[str], str]]:
    """Yield status, subjects and message of what is said of several subjects, failures first.

    Examples
    --------
    >>> names = ("e1.acc.4o", "e2.acc.4o")
    >>> list(joined_rows([Check("convergence", name, "pass", "Ok.") for name in names]))
    [('pass', ['e1.acc.4o', 'e2.acc.4o'], 'Ok.')]
    """
    for status in _STYLES:
        rows: dict[str, list[str]] = {}
        for check in checks:
            if check.status == status:
                rows.setdefault(check.message, []).append(check.subject)
        for message, subjects in rows.items():
            yield status, subjects, message


def check_summary(checks: Sequence[Check]) -> str:
    """Return one line: how many checks passed, failed, went wrong or were for information.

    Examples
    --------
    >>> check_summary([Check("convergence", "e1.acc.4o", "pass", "Ok.")])
    '1 passed, 0 failed, 0 went wrong, 0 for information'
    """
    counts = Counter(check.status for check in checks)
    return ", ".join(f"{counts[status]} {word}" for status, word in _WORDS.items())
