"""Whether own reports tell a model's weights better than another model's reports do."""

from collections.abc import Iterator
from dataclasses import replace

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.presentation.drawings import drawing, svg_of
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section
from introspect_bayes.presentation.tables import PROBLEM_MARK, interval, number
from introspect_bayes.presentation.terminal_tables import from_terminal
from introspect_bayes.privileged import tables
from introspect_bayes.privileged.plots import plot_own_minus_other
from introspect_bayes.privileged.privileged import PrivilegedAccess
from introspect_bayes.protocol.comparisons import COMPARISONS


def privileged(access: PrivilegedAccess) -> Section:
    """Return own reports against others' reports, as predictors of a model's weights."""
    if access.figures:
        blocks = tuple(_blocks(access))
    else:
        why = "; ".join(dict.fromkeys(str(reason) for reason in access.skipped.values()))
        said = "Own and other need two base models with choices and reports"
        blocks = (Paragraph(said + (f" ({why})." if why else "."), "note"),)
    return Section("privileged", "Privileged access", blocks)


def _blocks(access: PrivilegedAccess) -> Iterator[Block]:
    yield Paragraph(
        "Do own reports tell a model's weights better than another model's reports do? Own minus "
        "other is then above 0. Whatever else a model's choices and reports share, and another's "
        "do not, counts as well."
    )
    table = from_terminal("privileged", tables.differences_table(access), access.table())
    yield replace(table, for_paper=True)
    for note in tables.notes(access):
        yield Paragraph(f"{note}.", "warning" if PROBLEM_MARK in note else "note")
    yield _forest(access)
    cells = access.correlations()
    yield from_terminal("privileged-cells", tables.cells_table(access), cells)
    yield from_terminal("privileged-partial", tables.partial_table(access), access.partial())
    if len(access.given_target):
        given = access.given_target
        yield from_terminal("privileged-given", tables.given_target_table(access), given)


def _forest(access: PrivilegedAccess) -> Figure:
    with drawing():
        svg = svg_of(plot_own_minus_other(access))
    frame = access.table()
    shown = frame[frame["contrast"].isin(["overall", "target"])].reset_index(drop=True)
    said = "; ".join(
        f"{COMPARISONS[row['figure']].title}, {row['base_model'] or 'all models'}: "
        f"{number(row['estimate'])} {interval((row['hdi_low'], row['hdi_high']))}"
        for row in shown.to_dict("records")
    )
    return Figure(
        name="own-minus-other",
        title="Own minus other",
        alternative=f"Differences of correlations with {HDI_PROB:.0%} HDIs. {said}.",
        svg=svg,
        data=shown,
        caption="Above 0 a model's own reports tell its weights better than others' reports do.",
    )
