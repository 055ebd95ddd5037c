"""What accuracy consists of, beside what a correlation says."""

from introspect_bayes.presentation.records import Block, Paragraph, Section
from introspect_bayes.presentation.tables import PROBLEM_MARK
from introspect_bayes.presentation.terminal_tables import from_terminal
from introspect_bayes.profile.profile import AccuracyProfile
from introspect_bayes.profile.tables import notes, profile_table


def profile(found: AccuracyProfile | None) -> Section:
    """Return the profile's table, or why there is none; nothing if it was not asked for."""
    blocks: list[Block] = []
    if found is not None and not found.rows:
        why = "; ".join(dict.fromkeys(str(reason) for reason in found.skipped.values()))
        blocks.append(Paragraph(f"No comparison has a profile ({why}).", "note"))
    elif found is not None:
        blocks.append(
            Paragraph(
                "A correlation does not say whether reports are too flat, have the right sign, or "
                "name what matters most. Brackets take contexts as units."
            )
        )
        shown = profile_table(found.rows, found.problems)
        blocks.append(from_terminal("profile", shown, found.table()))
        blocks += [
            Paragraph(f"{note}.", "warning" if PROBLEM_MARK in note else "note")
            for note in notes(found.rows, found.problems)
        ]
    return Section("profile", "What accuracy consists of", tuple(blocks))
