"""Own and other, as a heat map of reporters and targets, and as a forest."""

from typing import TYPE_CHECKING

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.presentation import panels
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.privileged.privileged import PrivilegedAccess
from introspect_bayes.protocol.comparisons import COMPARISONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_reporters(
    access: PrivilegedAccess, *, figsize: tuple[float, float] | None = None
) -> "Figure":
    """Plot every model's reports (rows) against every model's weights (columns).

    Parameters
    ----------
    access
        What `privileged_access` returned.
    figsize
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure
        A panel each experiment and stage; colours are posterior means, numbers have their HDI.

    Examples
    --------
    >>> plot_reporters(access).savefig("reporters.pdf")  # doctest: +SKIP
    """
    import matplotlib.pyplot as plt

    frame = access.correlations()
    names = list(access.figures)
    size = max(len(figure.models) for figure in access.figures.values())
    with panels.style():
        drawing, axes = plt.subplots(
            1,
            len(names),
            figsize=figsize or (1.2 + (0.6 + 0.95 * size) * len(names), 1.4 + 0.7 * size),
            layout="constrained",
            squeeze=False,
        )
        for name, panel in zip(names, axes[0], strict=True):
            rows = frame[frame["figure"] == name]
            models = access.figures[name].models
            values = rows["estimate"].to_numpy().reshape(len(models), len(models))
            image = panel.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
            for number_of, row in enumerate(rows.to_dict("records")):
                line, column = divmod(number_of, len(models))
                text = f"{number(row['estimate'])}\n{interval((row['hdi_low'], row['hdi_high']))}"
                colour = "white" if abs(row["estimate"]) > 0.6 else "black"  # noqa: PLR2004
                panel.text(column, line, text, ha="center", va="center", color=colour, fontsize=7)
            panel.set_title(COMPARISONS[name].title.replace(", ", "\n"))
            panel.set_xticks(range(len(models)), models, rotation=30, ha="right")
            shown = models if panel is axes[0, 0] else [""] * len(models)
            panel.set_yticks(range(len(models)), shown)
            panel.set_xlabel("weights of")
        axes[0, 0].set_ylabel("reports of")
        drawing.colorbar(image, ax=axes[0, -1], label="correlation")
    return panels.shown_once(drawing)


def plot_own_minus_other(
    access: PrivilegedAccess, *, figsize: tuple[float, float] | None = None
) -> "Figure":
    """Plot own minus other with its 95% HDI: over all models, and for each model's weights.

    Parameters
    ----------
    access, figsize
        As of `plot_reporters`.

    Examples
    --------
    >>> plot_own_minus_other(access).savefig("own_minus_other.pdf")  # doctest: +SKIP
    """
    import matplotlib.pyplot as plt

    frame = access.table()
    frame = frame[frame["contrast"].isin(["overall", "target"])]
    labels: list[str] = []
    with panels.style():
        drawing, panel = plt.subplots(
            figsize=figsize or (5.5, 0.8 + 0.24 * len(frame)), layout="constrained"
        )
        panel.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        for place, row in enumerate(frame.to_dict("records")):
            overall = row["contrast"] == "overall"
            colour = panels.COLOURS[0] if overall else "0.5"
            ends = [row["hdi_low"], row["hdi_high"]]
            panel.plot(ends, [place, place], color=colour, linewidth=2.5 if overall else 1.2)
            panel.plot(row["estimate"], place, "o", color=colour, markersize=5 if overall else 3)
            mark = f" {PROBLEM_MARK}" if row["problems"] else ""
            whose = COMPARISONS[row["figure"]].title if overall else f"    {row['base_model']}"
            labels.append(whose + mark)
        panel.set_yticks(range(len(labels)), labels)
        panel.set_ylim(len(labels) - 0.5, -0.5)
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel(f"own minus other correlation, {HDI_PROB:.0%} HDI")
    return panels.shown_once(drawing)
