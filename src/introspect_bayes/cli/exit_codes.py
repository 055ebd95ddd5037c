"""What the exit codes of commands mean."""

from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """How a command ended.

    Examples
    --------
    >>> ExitCode.BAD_INPUT.value, ExitCode.BAD_INPUT.short
    (2, 'something must be mended first')
    """

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    RESUMABLE = 3
    INTERRUPTED = 130

    @property
    def short(self) -> str:
        """What the code means, for the end of a help screen."""
        return _SHORT[self]

    @property
    def meaning(self) -> str:
        """What the code means, for a reference page (Markdown)."""
        return _MEANINGS[self]


_SHORT: Final = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "done, but a diagnostic or check failed",
    ExitCode.BAD_INPUT: "something must be mended first",
    ExitCode.RESUMABLE: "stopped early, and the same command goes on",
    ExitCode.INTERRUPTED: "interrupted",
}

_MEANINGS: Final = {
    ExitCode.DONE: "done; every number passed its diagnostics, every planned request has its "
    "answer or was refused by the server",
    ExitCode.FAILED: "done, but do not rely on all of it: a fit failed its diagnostics or its "
    "predictive check (its numbers are marked †), a check of scores failed, or `check` says *stop*",
    ExitCode.BAD_INPUT: "nothing was done or written: something must be mended first, and one "
    "message on standard error says what and where; for `verify`, the replies are not intact; for "
    "`train`, the job failed",
    ExitCode.RESUMABLE: "stopped early: the same command goes on from there (`collect`, `train`)",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C; nothing half-written",
}


def exit_codes_in_words() -> str:
    """Return all exit codes in one sentence.

    Examples
    --------
    >>> exit_codes_in_words()[:55]
    'Exit codes: 0 done; 1 done, but a diagnostic or check f'
    """
    return f"Exit codes: {'; '.join(f'{code.value} {code.short}' for code in ExitCode)}."
