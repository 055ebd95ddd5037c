"""What a run waits for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a run waits for at a moment.

    Attributes
    ----------
    calls
        Calls without an answer yet.
    longest
        Seconds since the first of them was made.
    rest
        Seconds until anything is asked again.
    reason
        The kind of failure because of which nothing is asked; see `OutcomeKind`.
    """

    calls: int = 0
    longest: float = 0.0
    rest: float = 0.0
    reason: str = ""
