"""What a report is made of, whatever its format: sections of text, tables and figures."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal
from xml.etree import ElementTree as ET

import pandas as pd

_SIDES: Final = ("width", "height")
_PIXELS: Final = 96 / 72
"""CSS pixels in a point."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text; a warning or a note is set off.

    Attributes
    ----------
    text
        Plain text.
    kind
        "text", "note" or "warning".
    """

    text: str
    kind: Literal["text", "note", "warning"] = "text"


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be shown as they are: a formula, a BibTeX entry."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table as it is read, and the numbers behind it.

    Attributes
    ----------
    name
        Of its file, such as "headline".
    title
        What it shows.
    headers, rows
        Text of the heads and of the cells.
    data
        The same in full precision, for the CSV file.
    caption
        What a reader must know.
    numeric
        Which columns are set flush right.
    code
        Which columns hold formulae.
    for_paper
        Whether it is one of those that go into a paper (the LaTeX file).
    """

    name: str
    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    data: pd.DataFrame = field(repr=False)
    caption: str = ""
    numeric: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()
    for_paper: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure, what it shows in words, and the numbers that it draws.

    Attributes
    ----------
    name
        Of its files, such as "figure-2-reports".
    title
        What it shows.
    alternative
        Text in its place: what it shows, in words and numbers.
    svg
        The picture, its background transparent.
    data
        Tidy rows of what is drawn.
    caption
        What a reader must know.
    """

    name: str
    title: str
    alternative: str
    svg: bytes = field(repr=False)
    data: pd.DataFrame = field(repr=False)
    caption: str = ""

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels, of which 96 are an inch."""
        root = ET.fromstring(self.svg)  # noqa: S314 - drawn here
        width, height = (float(root.attrib[side].removesuffix("pt")) for side in _SIDES)
        return round(width * _PIXELS), round(height * _PIXELS)

    @property
    def address(self) -> str:
        """The picture as an address that holds it whole."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"


Block = Paragraph | Code | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report with a heading of its own.

    Attributes
    ----------
    name
        A key of `sections.SECTIONS`.
    title
        The heading.
    blocks
        What it holds, in order.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title, subtitle
        Of the study, and what was done.
    made
        Date and time in words: the only thing that differs between two reports of the same.
    sections
        In order.
    """

    title: str
    subtitle: str
    made: str
    sections: tuple[Section, ...]

    @property
    def tables(self) -> Iterator[Table]:
        """All tables, in order."""
        return (block for s in self.sections for block in s.blocks if isinstance(block, Table))

    @property
    def figures(self) -> Iterator[Figure]:
        """All figures, in order."""
        return (block for s in self.sections for block in s.blocks if isinstance(block, Figure))


def csv_text(block: Table | Figure) -> str:
    r"""Return the numbers behind a table or figure as CSV (full precision, UTF-8, LF).

    Examples
    --------
    >>> import pandas as pd
    >>> csv_text(Table("t", "T", ("r",), ((".54",),), pd.DataFrame({"r": [0.5419]})))
    'r\n0.5419\n'
    """
    return str(block.data.to_csv(index=False, lineterminator="\n"))
