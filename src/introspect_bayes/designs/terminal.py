"""A design analysis as the terminal shows it."""

import math
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
from rich import box
from rich.table import Table

from introspect_bayes.designs.assumptions import AssumedModel, AssumedReports
from introspect_bayes.designs.design_analysis import SURE, TOLERATED, DesignAnalysis
from introspect_bayes.designs.drawing import design_text
from introspect_bayes.designs.earlier_study import LikeStudy
from introspect_bayes.designs.goals import PROBABILITIES
from introspect_bayes.presentation.tables import PROBLEM_MARK, number

_SHORT: Final = {
    "exclude_zero": "excludes 0",
    "outside_rope": "outside ROPE",
    "inside_rope": "inside ROPE",
    "exclude_difference": "excludes value",
}
CHEAPEST_MARK: Final = "←"


def least_asked(earlier: LikeStudy) -> Iterator[str]:
    """Yield a sentence for each base model of which nobody said how many reports were asked."""
    guessed = earlier.matched.loc[~earlier.matched["asked_known"].astype(bool), "base_model"]
    for name in guessed.unique():
        yield (
            f"{name} was asked for at least {earlier.designs[name].reports} reports in each "
            "context, the most that one has; if for more, its share of invalid ones is larger "
            "(--reports-asked says how many)."
        )


def designs_table(found: DesignAnalysis) -> Table:
    """Return one row a design, the cheapest first."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Designs, {found.studies} simulated studies each: {found.figure}",
        title_justify="left",
        padding=(0, 1),
    )
    goals, events = dict(found.goals.wanted()), found.goals.events
    names = ["contexts", "choices", "reports", "requests", "tokens"]
    names += ["cost"] if found.price == "cost" else []
    names += ["estimate", "HDI width", *(_SHORT[event] for event in events)]
    for name in [*names, *(["verdict", "certainty"] if goals else [])]:
        table.add_column(name, justify="right")
    for row in found.table().to_dict("records"):
        table.add_row(*_cells(found, row))
    return table


def _cells(found: DesignAnalysis, row: dict[Any, Any]) -> Iterator[str]:
    marked = f" {PROBLEM_MARK}" if row["doubtful"] else ""
    for name in ("contexts", "choices", "reports"):
        yield f"{row[name]}"
    yield f"{row['requests']:,}"
    yield f"{(row['prompt_tokens'] + row['reply_tokens']) / 1e6:.2f}M"
    if found.price == "cost":
        yield f"${row['cost']:.2f}"
    yield ("none" if math.isnan(row["estimate"]) else number(row["estimate"])) + marked
    yield _with_error(row["width"], row["width_error"], 3)
    for event in found.goals.events:
        yield _with_error(row[event], row[f"{event}_error"], 2)
    if "verdict" in row:
        yield row["verdict"] + (f" {CHEAPEST_MARK}" if row["cheapest"] else "")
        yield f"{row['certainty']:.0%}"


def _with_error(value: float, error: float, decimals: int) -> str:
    if math.isnan(value):
        return "none"
    return f"{number(value, decimals=decimals)} ± {number(error, decimals=decimals)}"


def assumed_text(model: AssumedModel) -> str:
    """Return what is assumed of a model, in a sentence."""
    said = _reports_text(model.reports)
    if model.after is not None:
        said = f"before training {said}; after it {_reports_text(model.after)}"
    return (
        f"Assumed of {model.name}: consistency {model.consistency:.1f}, position bias "
        f"{model.position_bias:.2f}; {said}."
    )


def _reports_text(how: AssumedReports) -> str:
    text = (
        f"accuracy {number(how.accuracy)}, spread {how.spread:.0f}, noise {how.noise:.0f}, "
        f"{how.invalid_rate:.1%} invalid"
    )
    return text + (f", {how.silent:.0%} of contexts silent" if how.silent else "")


def conclusions(found: DesignAnalysis) -> Iterator[str]:
    """Yield what follows, sentence by sentence."""
    if any(found.goals.wanted()):
        yield from _about_goals(found)
    table = found.table()
    if failed := int(table["failed"].sum()):
        total = len(found.outcomes)
        reasons = found.outcomes.loc[found.outcomes["reason"] != "", "reason"].value_counts()
        yield f"{failed} of {total} simulated studies allow no HDI: {reasons.index[0]}."
    if doubtful := int(table["doubtful"].sum()):
        shown = found.outcomes.loc[found.outcomes["problems"] != "", "problems"].value_counts()
        yield (
            f"{PROBLEM_MARK} In {doubtful} of {len(found.outcomes)} simulated studies the "
            f"diagnostics of a fit failed, such as: {shown.index[0]}."
        )
    yield (
        "± is the Monte Carlo standard error; that the HDI excludes a value is told as a "
        "probability. Tokens and cost are those of asking, guessed from the text's length; "
        "training is not in them."
    )


def _about_goals(found: DesignAnalysis) -> Iterator[str]:
    best = found.cheapest()
    wanted = " and ".join(_goal_text(name, limit) for name, limit in found.goals.wanted())
    table = found.table()
    if (table["verdict"] == "doubtful").any():
        yield (
            "Where the verdict is doubtful, the goal is reached by numbers that cannot be trusted: "
            f"diagnostics failed in more than {TOLERATED:.0%} of the simulated studies."
        )
    if best is None:
        yield f"No design meets the goal ({wanted}); try larger ones."
        return
    yield (
        f"The cheapest design that meets the goal ({wanted}): {_priced(best, found.price)} "
        f"(certainty {best['certainty']:.0%})."
    )
    sure = found.cheapest(SURE)
    if best["certainty"] < SURE:
        also = "none does" if sure is None else f"the cheapest is {_priced(sure, found.price)}"
        yield f"With {SURE:.0%} certainty {also}; more studies (--studies) make it surer."
    close = table[(table[found.price] < best[found.price]) & (table["certainty"] > 1 - SURE)]
    if len(close):
        listed = "; ".join(design_text(row) for row in close.to_dict("records"))
        yield f"Cheaper ones that may meet it, too: {listed}."


def _goal_text(name: str, limit: float) -> str:
    if name == "width":
        return f"width at most {number(limit)}"
    return f"{PROBABILITIES[name]} with probability {number(limit)}"


def _priced(row: pd.Series, price: str) -> str:
    cost = f", ${row['cost']:.2f}" if price == "cost" else ""
    return f"{design_text(row)}, {int(row['requests']):,} requests{cost}"
