"""What a terminal shows while replies come in, and what they will cost before they do."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from introspect_bayes.collect.collection import Collection, Snapshot
from introspect_bayes.collect.estimate import Prices
from introspect_bayes.collect.planning import CollectionPlan
from introspect_bayes.presentation.harmless import harmless
from introspect_bayes.presentation.waiting import SparseLines, waiting_in_words
from introspect_bayes.protocol.parse import Failure
from introspect_bayes.protocol.trials import Task
from introspect_bayes.protocol.warning_signs import how_many, listed

_SHOWN: Final = 400
"""Most characters shown of a first reply."""


class CollectionProgress:
    """A bar with rate, time left, share of invalid replies, tokens and cost.

    Where nothing is drawn, a line now and then says how far it is.

    Parameters
    ----------
    prices
        US dollars per million tokens; without them no cost is shown.
    shown
        Whether to draw the bar.
    quiet
        Whether to show warnings only.
    clock
        Gives the time in seconds.
    """

    def __init__(
        self,
        prices: Prices | None,
        *,
        shown: bool,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prices, self._quiet = prices, quiet
        self._lines = None if shown or quiet else SparseLines(clock)
        console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("left{task.fields[detail]}"),
            console=console,
            disable=quiet or not shown,
        )
        self._task = self._bar.add_task("replies", total=None, rate="", detail="")
        self._began = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Show how far it is."""
        if self._lines is not None and (line := self._lines.due(snapshot)):
            self._print(line)
        if not self._began:
            self._began = True
            # Answers of earlier runs must not count in this run's rate.
            self._bar.reset(self._task, total=snapshot.planned, completed=snapshot.answered)
        speed = self._bar.tasks[0].speed
        self._bar.update(
            self._task,
            completed=snapshot.answered,
            rate=f"{speed:.1f}/s" if speed else "",
            detail=self._detail(snapshot),
        )

    def warn(self, text: str) -> None:
        """Show a warning above the bar."""
        self._print(text, "Warning: ", style="bold yellow")

    def tell(self, text: str) -> None:
        """Show what was found of the server."""
        if not self._quiet:
            self._print(text)

    def first(self, task: Task, reply: str, failure: Failure | None) -> None:
        """Show the first reply to a task, and why it cannot be used."""
        if not self._quiet:
            unusable = "" if failure is None else f" (cannot be used: {failure})"
            self._print(harmless(reply, _SHOWN) or "(empty)", f"First {task}{unusable}: ")

    def _print(self, text: str, before: str = "", style: str = "bold") -> None:
        # A Text, as brackets in what models and servers say are no markup.
        self._bar.console.print(Text(before, style) + Text(harmless(text)), soft_wrap=True)

    def _detail(self, snapshot: Snapshot) -> str:
        read = snapshot.valid + snapshot.invalid
        parts = ["", f"{snapshot.invalid / read:.0%} invalid"] if read else [""]
        if trouble := waiting_in_words(snapshot):
            return " · ".join([*parts, escape(trouble)])
        tokens = snapshot.prompt_tokens + snapshot.reply_tokens
        ahead = snapshot.prompt_tokens_left + snapshot.reply_tokens_left
        parts.append(f"{_short(tokens)}/{_short(tokens + ahead)} tokens")
        if self._prices is not None:
            spent = self._prices.cost(snapshot.prompt_tokens, snapshot.reply_tokens)
            more = self._prices.cost(snapshot.prompt_tokens_left, snapshot.reply_tokens_left)
            parts.append(f"${spent:.2f}/${spent + more:.2f}")
        return " · ".join(parts)


def _short(count: float) -> str:
    """Return a count in few letters, as a terminal has only 80 columns."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return f"{count:.0f}"


def estimate_table(plan: CollectionPlan, limit: int | None, prices: Prices | None) -> Table:
    """Return what a run would ask: requests, tokens and cost by task."""
    table = Table(box=None, title=escape(f"To ask of {plan.model.name}"), title_justify="left")
    names = ["task", "requests", "prompt tokens", "reply tokens"]
    names += ["tokens are"] if prices is None else ["cost", "tokens are"]
    for name in names:
        table.add_column(name, justify="left" if name.startswith("t") else "right")
    counts = plan.tasks(plan.left[:limit])
    rows = [(f"{task}s", {task: count}) for task, count in sorted(counts.items())]
    for name, left in [*rows, ("together", dict(counts))]:
        prompts, replies = plan.estimate.total(left)
        cells = [f"{sum(left.values()):,}", f"{prompts:,.0f}", f"{replies:,.0f}"]
        if prices is not None:
            cells.append(f"${prices.cost(prompts, replies):.2f}")
        answers = [plan.estimate.counted.get(task, 0) for task in left]
        counted = f"counted in {sum(answers):,} replies" if all(answers) else "guessed"
        table.add_row(name, *cells, counted if left else "")
    return table


def estimate_in_words(plan: CollectionPlan, limit: int | None) -> str:
    """Return which numbers of an estimate are guesses, and how to replace them by counts."""
    guessed = plan.estimate.guessed(plan.tasks(plan.left[:limit]))
    if not guessed:
        return "Tokens are what the server counted in the replies so far."
    each = ", ".join(f"{plan.estimate.reply[task]:.0f} a {task}" for task in guessed)
    return (
        f"Guessed are the tokens of {' and '.join(f'{task}s' for task in guessed)}: of prompts "
        f"from their length, of replies {each}. A model that thinks before it answers writes many "
        "times as much: ask a few with --limit 20, and what the server counts replaces the guesses."
    )


def summary(collection: Collection) -> str:
    """Return how a run ended, in one paragraph, and how to go on."""
    snapshot, counts = collection.snapshot, collection.counts
    read = f"{snapshot.invalid:,} replies cannot be used"
    lines = [
        f"{collection.model}: {snapshot.answered:,} of {snapshot.planned:,} requests answered.",
        f"In this run {counts.answered:,} were; of all, {read}.",
    ]
    if counts.failed:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.failed.most_common())
        lines.append(f"{counts.failed.total():,} of {counts.attempts:,} calls failed: {kinds}.")
    if counts.asked_again:
        lines.append(
            f"Requests asked again after a call without a known end, perhaps billed twice: "
            f"{len(counts.asked_again):,}."
        )
    lines += refusal_lines(collection)
    lines += [*collection.findings, *(f"Warning: {sign}" for sign in collection.warnings)]
    if not collection.complete:
        why = f" ({collection.message})" if collection.message else ""
        lines.append(f"Stopped: {collection.ending}{why}. The same command goes on from here.")
    return "\n".join(harmless(line) for line in lines)


def refusal_lines(collection: Collection) -> list[str]:
    """Return what the server refused to have answered: how often, why, and in which contexts."""
    if not collection.refusals:
        return []
    refused = collection.snapshot.refused
    reasons, contexts = Counter[str](), Counter[str]()
    for counted in collection.refusals:
        reasons[counted.reason] += counted.count
        contexts[counted.context] += counted.count
    return [
        (
            f"The server refused {how_many(refused, 'request')}, not counted among the "
            "replies that cannot be used; --ask-refused-again asks again."
        ),
        f"Reasons: {listed(reasons)}.",
        f"Contexts: {listed(contexts)}.",
    ]
