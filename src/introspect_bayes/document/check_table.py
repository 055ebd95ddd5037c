"""Checks as a table of a report."""

from collections.abc import Iterator, Sequence

import pandas as pd

from introspect_bayes.checks import CHECKS, Check
from introspect_bayes.presentation.checks import joined_rows
from introspect_bayes.presentation.records import Table


def checks_table(name: str, title: str, checks: Sequence[Check]) -> Table:
    """Return checks, what is said of several subjects in one row, failures of a check first.

    The numbers behind it: name, subject, status, message and each number of each check.

    Examples
    --------
    >>> made = Check("convergence", "e1.acc.4o", "pass", "Chains mixed.", {"rhat": 1.0})
    >>> checks_table("checks", "Checks", [made]).rows[0][1:]
    ('pass', 'e1.acc.4o', 'Chains mixed.')
    """
    return Table(
        name=name,
        title=title,
        headers=("check", "status", "subject", "what was found"),
        rows=tuple(_rows(checks)),
        data=pd.DataFrame([_numbers(check) for check in checks]),
    )


def _rows(checks: Sequence[Check]) -> Iterator[tuple[str, ...]]:
    for name, question in CHECKS.items():
        mine = [check for check in checks if check.name == name]
        for status, subjects, message in joined_rows(mine):
            yield (f"{name}: {question}", status, "; ".join(subjects), message)


def _numbers(check: Check) -> dict[str, object]:
    known = check.as_dict()
    told = {key: known[key] for key in ("name", "subject", "status", "message")}
    return {**told, **known["numbers"]}
