"""How far other priors move the figures."""

from collections.abc import Iterator

from introspect_bayes.analysis.sensitivity import PriorSensitivity
from introspect_bayes.checks.prior_sensitivity import PRIOR_SENSITIVITY
from introspect_bayes.constants import HDI_PROB
from introspect_bayes.document.check_table import checks_table
from introspect_bayes.findings import Findings
from introspect_bayes.presentation import plots
from introspect_bayes.presentation import sensitivity as tables
from introspect_bayes.presentation.drawings import drawing, svg_of
from introspect_bayes.presentation.records import Block, Figure, Paragraph, Section
from introspect_bayes.presentation.terminal_tables import from_terminal


def sensitivity(findings: Findings) -> Section:
    """Return how far other priors move each figure, and where prior and data pull apart."""
    blocks: list[Block] = []
    checks = [check for check in findings.checks if check.name == PRIOR_SENSITIVITY]
    if checks:
        blocks.append(checks_table("prior-checks", "Do prior and data pull apart?", checks))
    if findings.sensitivity is not None:
        blocks += _moved(findings.sensitivity)
    return Section("sensitivity", "Prior sensitivity", tuple(blocks))


def _moved(found: PriorSensitivity) -> Iterator[Block]:
    for sentence in tables.conclusions(found):
        yield Paragraph(f"{sentence[0].upper()}{sentence[1:].rstrip('.')}.")
    yield from_terminal("sensitivity", tables.movements_table(found), found.summary())
    scenarios = tables.scenarios_table(found)
    frame = found.frame[["scenario", "priors"]].drop_duplicates()
    yield from_terminal("sensitivity-priors", scenarios, frame)
    with drawing():
        drawn = plots.plot_sensitivity(found.draws).viz["figure"].item()
        svg = svg_of(drawn)
    moves = found.summary()
    said = "; ".join(
        f"{row['id']}: estimates from {row['least']:.2f} to {row['most']:.2f}"
        for row in moves.to_dict("records")
        if row["hdi_low"] == row["hdi_low"]
    )
    drawn_rows = found.frame[found.frame["hdi_low"].notna()].reset_index(drop=True)
    yield Figure(
        name="sensitivity-forest",
        title="Every HDI under every prior",
        alternative=(
            f"Forest of posterior means with 50% and {HDI_PROB:.0%} HDIs, a group of rows for each "
            f"figure and a row for each prior. {said}."
        ),
        svg=svg,
        data=drawn_rows,
        caption="Grey lines go down from the estimate under the study's own priors.",
    )
