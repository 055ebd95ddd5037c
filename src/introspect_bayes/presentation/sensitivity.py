"""How figures move with the priors, as tables."""

from collections.abc import Iterator

import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.analysis.sensitivity import PriorSensitivity
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number

_LARGE = 0.05
"""A move of an estimate, in units of a standardized slope, that a table sets off: a convention."""


def movements_table(found: PriorSensitivity) -> Table:
    """Return one row a figure: its HDI, and how far other priors move it."""
    table = Table(
        box=box.SIMPLE_HEAD, title="Under other priors", title_justify="left", padding=(0, 1)
    )
    table.add_column("id", overflow="fold")
    table.add_column("own priors [95% HDI]", no_wrap=True)
    table.add_column("estimates", no_wrap=True)
    table.add_column("HDIs within", no_wrap=True)
    table.add_column("largest move", no_wrap=True, justify="right")
    table.add_column("by")
    for row in found.summary().to_dict("records"):
        share = pd.isna(row["hdi_low"])
        usual = number(row["estimate"], proportion=share)
        if not share:
            usual = f"{usual} {interval((row['hdi_low'], row['hdi_high']))}"
        move = number(row["move"], decimals=3)
        table.add_row(
            row["id"] + (f" {PROBLEM_MARK}" if row["problems"] else ""),
            usual,
            " to ".join(number(row[end], proportion=share) for end in ("least", "most")),
            "" if share else interval((row["lowest"], row["highest"])),
            f"[bold]{move}[/bold]" if row["move"] >= _LARGE else move,
            row["by"],
        )
    return table


def scenarios_table(found: PriorSensitivity) -> Table:
    """Return which priors each scenario has."""
    table = Table(box=box.SIMPLE_HEAD, title="The priors", title_justify="left", padding=(0, 1))
    table.add_column("scenario", no_wrap=True)
    table.add_column("what differs")
    for scenario in found.scenarios[1:]:
        table.add_row(scenario.name, scenario.description)
    return table


def conclusions(found: PriorSensitivity) -> Iterator[str]:
    """Yield sentences on what the priors decide, and on fits that cannot be relied on."""
    summary = found.summary()
    decided = summary[summary["sign_changes"] != ""]
    if decided.empty:
        yield "Under every prior tried the same HDIs exclude zero."
    for row in decided.to_dict("records"):
        why = f"whether the HDI excludes zero depends on the prior ({row['sign_changes']})"
        yield f"{row['id']}: {why}"
    for row in summary[summary["unclear"] != ""].to_dict("records"):
        yield f"{row['id']}: the HDI ends within Monte Carlo error of zero ({row['unclear']})"
    for row in summary[summary["problems"] != ""].to_dict("records"):
        yield f"{PROBLEM_MARK} {row['id']}: diagnostics failed under {row['problems']}"
