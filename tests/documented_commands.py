"""The command lines of README and documentation, and what is said of those that no test runs."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
READ = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

NOT_RUN = re.compile(r"<!-- not run by a test: (\S.*?) -->\s*\Z", re.DOTALL)
"""A note before a block: why no test runs it."""


@dataclass(frozen=True)
class Block:
    """A fenced block; `not_run` is why no test runs it, empty where one does."""

    text: str
    not_run: str


@dataclass(frozen=True)
class Line:
    """A command line of a block, such as `uv run pytest`; blocks join, split and pipe lines."""

    words: tuple[str, ...]
    not_run: str

    @property
    def ours(self) -> list[str] | None:
        """The arguments of introspect-bayes, if it is that."""
        words = self.words[2:] if self.words[:2] == ("uv", "run") else self.words
        return list(words[1:]) if words[0] == "introspect-bayes" else None

    def __str__(self) -> str:
        return shlex.join(self.words)


def blocks(page, language):
    written = page.read_text(encoding="utf-8")
    return [
        Block(found[1], note[1] if (note := NOT_RUN.search(written[: found.start()])) else "")
        for found in re.finditer(rf"^```{language}\n(.*?)^```", written, re.DOTALL | re.MULTILINE)
    ]


def lines(page):
    """Return the command lines of a page's shell blocks."""
    return [
        Line(tuple(shlex.split(part)), block.not_run)
        for block in blocks(page, "sh")
        for whole in block.text.replace("\\\n", " ").splitlines()
        for part in shlex.join(shlex.split(whole, comments=True))
        .replace(" '&&' ", "\n")
        .replace(" '|' ", "\n")
        .split("\n")
        if part
    ]


def our_commands(page):
    """Return the arguments of every command of this package on a page."""
    return [line.ours for line in lines(page) if line.ours is not None]
