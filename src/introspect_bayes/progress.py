"""How far long work is: what is told, whoever listens."""

from typing import Protocol


class Progress(Protocol):
    """Told what long work begins and how far it is."""

    def start(self, description: str, total: int) -> None:
        """Begin a piece of work of so many steps."""

    def advance(self, steps: int) -> None:
        """Finish some steps of the piece of work begun last."""


class Silent:
    """Progress that nobody watches."""

    def start(self, description: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int) -> None:
        """Do nothing."""
