"""Accuracies with the noise of choices and reports taken out, beside the plug-in ones."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.errors import CannotCompute
from introspect_bayes.joint_model import tables
from introspect_bayes.joint_model.accuracies import ESTIMATES, JointAccuracy
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.drawings import drawing, svg_of
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section
from introspect_bayes.presentation.slope_plots import plot_slopes
from introspect_bayes.presentation.tables import PROBLEM_MARK, number
from introspect_bayes.presentation.terminal_tables import from_terminal

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def joint(found: JointAccuracy | str | None) -> Section:
    """Return the paper's figures and those free of noise, and correlations context by context.

    Parameters
    ----------
    found
        The joint model's accuracies; why there are none; None if not asked for.
    """
    blocks: tuple[Block, ...] = ()
    if isinstance(found, str):
        blocks = (Paragraph(f"{found[0].upper()}{found[1:]}.", "note"),)
    elif found is not None:
        blocks = tuple(_blocks(found))
    return Section("joint", "Joint against plug-in", blocks)


def _blocks(found: JointAccuracy) -> Iterator[Block]:
    yield Paragraph(
        "Noise in choices and reports makes a correlation smaller than that of what lies behind "
        "it. The joint model of both takes the noise out. The mean correlation of single contexts "
        "is another quantity: the paper scales weights to ±100, and pools contexts."
    )
    yield replace(from_terminal("joint", tables.joint_table(found), found.table()), for_paper=True)
    for note in tables.joint_notes(found):
        text = f"{note.rstrip('.')}."
        yield Paragraph(text, "warning" if PROBLEM_MARK in note else "note")
    yield _pairs(found.table())
    contexts = _contexts(found)
    if contexts:
        yield _forest(contexts)


def _pairs(rows: pd.DataFrame) -> Figure:
    with drawing():
        svg = svg_of(draw_pairs(rows))
    said = "; ".join(
        f"{row['figure']}, {row['base_model']}: "
        + ", ".join(f"{tables.LABELS[kind]} {tables.with_ends(row, kind)}" for kind in ESTIMATES)
        for row in rows.to_dict("records")
    )
    return Figure(
        name="joint-pairs",
        title="Accuracy with noise and without",
        alternative=f"Three points a row with {HDI_PROB:.0%} HDIs. {said}.",
        svg=svg,
        data=rows,
    )


def draw_pairs(rows: pd.DataFrame) -> "Drawing":
    """Draw the estimates of each row with their HDIs, a line each."""
    import matplotlib.pyplot as plt

    places = np.arange(len(rows))
    with panels.style():
        drawn, panel = plt.subplots(figsize=(6.5, 0.9 + 0.36 * len(rows)), layout="constrained")
        panel.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        for rank, (kind, shift) in enumerate(zip(ESTIMATES, (-0.2, 0.0, 0.2), strict=True)):
            colour, marker = panels.look(rank)
            panel.hlines(places + shift, rows[f"{kind}_low"], rows[f"{kind}_high"], color=colour)
            label = tables.LABELS[kind]
            panel.plot(rows[kind], places + shift, marker, color=colour, markersize=4, label=label)
        names = rows["figure"] + ", " + rows["base_model"]
        panel.set_yticks(places, names)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel(f"accuracy or difference of accuracies, with {HDI_PROB:.0%} HDI")
        drawn.legend(loc="outside upper center", ncols=3)
    return drawn


def _contexts(found: JointAccuracy) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the correlation in each context with reports, the least first."""
    frames = {}
    for figure in found.figures:
        for base_model in found.analysis.study.base_models:
            try:
                rows = found.by_context(figure, base_model)
            except CannotCompute:
                continue
            kept = rows[rows["reports"] > 0]
            frames[figure, base_model] = kept.sort_values(["mean", "context"], ignore_index=True)
    return frames


def _forest(contexts: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    with drawing():
        svg = svg_of(plot_slopes(contexts, label="latent correlation in the context"))
    data = pd.concat(
        [
            frame.assign(comparison=figure, base_model=base_model)
            for (figure, base_model), frame in contexts.items()
        ],
        ignore_index=True,
    )
    said = " ".join(
        f"{base_model}, {figure}: from {number(frame['mean'].iloc[0])} "
        f"({frame['context'].iloc[0]}) to {number(frame['mean'].iloc[-1])} "
        f"({frame['context'].iloc[-1]}) in {len(frame)} contexts."
        for (figure, base_model), frame in contexts.items()
    )
    return Figure(
        name="joint-contexts",
        title="Latent correlation in each context",
        alternative=f"Forest of single contexts with {HDI_PROB:.0%} HDIs, sorted. {said}",
        svg=svg,
        data=data,
        caption="Contexts with a valid report, sorted within each panel; the CSV file names them.",
    )
