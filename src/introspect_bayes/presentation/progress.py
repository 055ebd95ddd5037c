"""Progress on standard error, for anything that takes over a second."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class TerminalProgress:
    """Two bars: all figures, and the piece of work at hand.

    Parameters
    ----------
    shown
        Whether to draw anything; false where standard error is not a terminal.
    what
        What is made, if not figures.
    """

    def __init__(self, *, shown: bool, what: str = "Figures") -> None:
        self._what = what
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shown,
        )
        self._all = self._bars.add_task(what, total=None)
        self._current = self._bars.add_task("Loading PyMC", total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def close(self) -> None:
        """Remove the bars, so that tables can be printed."""
        self._bars.stop()

    def expect(self, figures: int) -> None:
        """Say how many figures there will be."""
        self._bars.update(self._all, total=figures)

    def finish_one(self, name: str) -> None:
        """Count a finished figure."""
        self._bars.update(self._all, advance=1, description=f"{self._what} (last: {name})")

    def start(self, description: str, total: int) -> None:
        """Begin a piece of work of so many steps."""
        self._bars.reset(self._current, description=description, total=total)

    def advance(self, steps: int) -> None:
        """Finish some steps of the piece of work begun last."""
        self._bars.update(self._current, advance=steps)
