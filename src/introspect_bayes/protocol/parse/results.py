"""What a reply was read as."""

from dataclasses import dataclass, field
from typing import Final, Literal

from introspect_bayes.protocol.parse.failures import Failure, Liberty

LETTERS: Final[dict[str, Literal["A", "B"]]] = {"A": "A", "B": "B"}
"""What a choice may be."""


@dataclass(frozen=True, slots=True)
class ParsedChoice:
    """A choice as read, or a failure.

    Attributes
    ----------
    choice
        "A" or "B"; None if the reply failed.
    failure
        Why it failed; None if it did not.
    liberties
        What was left out to read it.
    """

    choice: Literal["A", "B"] | None = None
    failure: Failure | None = None
    liberties: tuple[Liberty, ...] = ()

    @property
    def content(self) -> object:
        """What was read: the letter, or the failure."""
        return self.choice or self.failure

    @property
    def label(self) -> str:
        """What was read, in a word or two: the letter, or the failure."""
        return str(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadByAttribute:
    """What is known of a reply that names attributes, whatever it says of each.

    Attributes
    ----------
    failure
        Why it failed; None if it did not.
    mapping
        Keys as stated to attribute names, where a lenient parser matched them.
    liberties
        What was left out or taken for something else to read it.
    """

    failure: Failure | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    liberties: tuple[Liberty, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedReport(ReadByAttribute):
    """A report as read: weights in attribute order, or a failure.

    Attributes
    ----------
    weights
        One per attribute, exactly as stated; None if the reply failed.
    failure, mapping, liberties
        As of `ReadByAttribute`.
    """

    weights: tuple[float, ...] | None = None

    @property
    def content(self) -> object:
        """What was read: the weights, or the failure."""
        return self.weights if self.failure is None else self.failure

    @property
    def label(self) -> str:
        """What was read, in a word or two: "valid report", or the failure."""
        return self.failure or "valid report"


@dataclass(frozen=True, slots=True)
class ParsedChanges(ReadByAttribute):
    """An answer to the ablation question as read: one per attribute in order, or a failure.

    Attributes
    ----------
    changes
        Whether the choice would change without the attribute; None if the reply failed.
    failure, mapping, liberties
        As of `ReadByAttribute`.
    """

    changes: tuple[bool, ...] | None = None

    @property
    def content(self) -> object:
        """What was read: the changes, or the failure."""
        return self.changes if self.failure is None else self.failure

    @property
    def label(self) -> str:
        """What was read, in a word or two: "valid answer", or the failure."""
        return self.failure or "valid answer"


Parsed = ParsedChoice | ParsedReport | ParsedChanges
"""What a reply was read as, by its task."""
