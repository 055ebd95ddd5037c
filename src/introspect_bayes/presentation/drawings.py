"""Figures of a report: drawn as SVG that is the same for the same numbers."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_SETTINGS: Final[dict[Any, Any]] = {
    "svg.hashsalt": "introspect-bayes",
    "svg.fonttype": "path",
    "savefig.transparent": True,
    # ArviZ chooses its foreground by the background, which only the saved file lacks.
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.pad_inches": 0.05,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw into memory, with letters as outlines, and close what was drawn."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    with mpl.rc_context(_SETTINGS):
        yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


def svg_of(drawn: "Drawing") -> bytes:
    """Return a drawing as SVG without date, its background transparent.

    Call it inside `drawing`, so that identifiers do not depend on chance.
    """
    written = io.BytesIO()
    drawn.savefig(written, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return written.getvalue()


def thin(drawn: "Drawing", most: int) -> None:
    """Leave out points of lines and outlines of areas that have too many to be told apart.

    Parameters
    ----------
    drawn
        The drawing, which changes.
    most
        Points to keep of each line; the first and the last among them.
    """
    for panel in drawn.axes:
        for line in panel.lines:
            x, y = (np.asarray(values) for values in line.get_data())
            kept = _spread(len(x), most)
            line.set_data(x[kept], y[kept])
        for collection in panel.collections:
            for path in collection.get_paths():
                # The outline of an area runs along one side and back along the other.
                vertices = np.asarray(path.vertices, dtype=float)
                kept = _spread(len(vertices), 2 * most)
                path.vertices = vertices[kept]
                if path.codes is not None:
                    path.codes = np.asarray(path.codes)[kept]


def _spread(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def drawn_data(drawn: "Drawing") -> pd.DataFrame:
    """Return the lines and points that a drawing shows, as it shows them.

    For drawings that ArviZ computes: whoever wants to draw them again needs no draws.

    Returns
    -------
    pandas.DataFrame
        One row a point: panel (its title, or its number from 1), kind ("line", "points" or "area"),
        series (from 1 within kind and panel), x, y (six significant digits).
    """
    from matplotlib.collections import PathCollection

    parts: list[pd.DataFrame] = []
    for number, panel in enumerate(drawn.axes, start=1):
        shown = [("line", np.column_stack(line.get_data())) for line in panel.lines]
        for collection in panel.collections:
            if isinstance(collection, PathCollection):
                shown.append(("points", np.asarray(collection.get_offsets(), dtype=float)))
            else:
                shown += [("area", np.asarray(path.vertices)) for path in collection.get_paths()]
        counts: dict[str, int] = {}
        for kind, points in shown:
            counts[kind] = counts.get(kind, 0) + 1
            values = [[float(f"{value:.6g}") for value in point] for point in points]
            frame = pd.DataFrame(values, columns=["x", "y"])
            place = panel.get_title() or number
            parts.append(frame.assign(panel=place, kind=kind, series=counts[kind]))
    columns = ["panel", "kind", "series", "x", "y"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
