"""Warning signs in choices and reports, to be seen before anyone trusts a correlation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from introspect_bayes.protocol.trials import Task

ONE_SIDED: Final = 0.9
"""Share of choices for one position above which they say little about weights."""

UNREADABLE: Final = 0.2
"""Share of failed replies of a task above which a study should not go on unexamined."""

LEAST: Final = 30
"""Replies of a task below which nothing is said."""

FEW: Final = 8
"""Replies of a task that suffice where more than half of them have failed."""

_LISTED: Final = 10
_ADVICE: Final = {
    "cut off before any text": "; raise the token limit: --max-tokens, --decision-max-tokens",
    "cut off while thinking": "; the token limit went into thinking: raise --max-tokens and "
    "--decision-max-tokens, or turn thinking off",
    "thinking only": "; the server counts all of the reply as thinking, which is never taken for "
    "an answer: turn thinking, or the server's reasoning parser, off",
    "in tool calls": "; the model calls tools instead of answering: offer it none",
    "in another field": "; the server puts the reply into another field of its response than "
    "content: set it up as a chat API",
}
"""What may mend a failure that the server or its settings bring about."""


@dataclass(slots=True)
class Tally:
    """Replies of one model, counted by what they were read as.

    Attributes
    ----------
    choices
        Choices of "A" and of "B".
    reports
        Number of valid reports.
    ablations, foreseen
        Number of valid answers to the ablation question, and how often they say, attribute by
        attribute, that the choice would change.
    failures
        Failed replies by task and reason (`parse.Failure`).
    small_reports
        Valid reports in which no weight is beyond ±1, and not all are zero.
    """

    choices: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    ablations: int = 0
    foreseen: Counter[bool] = field(default_factory=Counter)
    failures: Counter[tuple[Task, str]] = field(default_factory=Counter)
    small_reports: int = 0

    def add_report(self, weights: Sequence[float]) -> None:
        """Count a valid report."""
        self.reports += 1
        self.small_reports += 0 < max(abs(weight) for weight in weights) <= 1

    @property
    def valid(self) -> int:
        """Number of valid replies."""
        return self.choices.total() + self.reports + self.ablations

    @property
    def invalid(self) -> int:
        """Number of failed replies."""
        return self.failures.total()


class WarningSign(NamedTuple):
    """A warning sign: its kind, the same whatever the counts, and a sentence."""

    kind: str
    text: str


def warning_signs(tally: Tally) -> Iterator[WarningSign]:
    """Yield the warning signs of a tally.

    Parameters
    ----------
    tally
        Of the replies so far.

    Examples
    --------
    >>> [sign.text for sign in warning_signs(Tally(choices=Counter(A=58, B=2)))]
    ['97% of 60 choices are A: they follow the position, not the options']
    """
    count = tally.choices.total()
    if count >= LEAST:
        letter, most = tally.choices.most_common(1)[0]
        if most / count > ONE_SIDED:
            yield WarningSign(
                "one-sided choices",
                f"{most / count:.0%} of {count:,} choices are {letter}: they follow the position, "
                "not the options",
            )
    if tally.foreseen.total() >= LEAST and len(+tally.foreseen) == 1:
        (answer,) = +tally.foreseen
        yield WarningSign(
            "same ablation answer",
            f"all {tally.foreseen.total():,} answers about single attributes are "
            f"{str(answer).lower()}: they tell no attribute from another, and score .5",
        )
    if tally.reports >= FEW and tally.small_reports > tally.reports / 2:
        yield WarningSign(
            "another scale",
            f"{tally.small_reports:,} of {tally.reports:,} valid reports have all weights between "
            "-1 and 1: probably on another scale than the one asked for, -100 to 100",
        )
    valid_replies: dict[Task, int] = {
        "decision": count, "report": tally.reports, "ablation": tally.ablations,
    }  # fmt: skip
    for task, valid in valid_replies.items():
        reasons = Counter({why: n for (t, why), n in tally.failures.items() if t == task})
        failed = reasons.total()
        count, limit = valid + failed, UNREADABLE if valid + failed >= LEAST else 0.5
        if count >= FEW and failed / count > limit:
            why, most = reasons.most_common(1)[0]
            yield WarningSign(
                f"unusable {task}s",
                f"{failed / (valid + failed):.0%} of {valid + failed:,} {task}s cannot be used "
                f"(most often: {why}, {most:,}{_ADVICE.get(why, '')})",
            )


def how_many(count: int, noun: str) -> str:
    """Return a count together with the noun of what is counted, as many as they are.

    Examples
    --------
    >>> how_many(1, "request"), how_many(1200, "request")
    ('1 request', '1,200 requests')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def listed(counts: Counter[str]) -> str:
    """Return the most frequent of counted things in words, and how many more there are.

    Examples
    --------
    >>> listed(Counter(beds=3, cars=1))
    'beds (3), cars (1)'
    """
    shown = [f"{name} ({count:,})" for name, count in counts.most_common(_LISTED)]
    more = len(counts) - len(shown)
    return ", ".join([*shown, f"and {more:,} more"] if more else shown)
