"""What a terminal says of ablations once they are collected."""

from pathlib import Path

from introspect_bayes.presentation.readings import reading_notes
from introspect_bayes.study import study_folder
from introspect_bayes.study.ablations import counted, find_answers, scores_of


def ablation_summary(study: Path, model: str) -> str:
    """Return what a model's ablations hold, how its own answers score, and how to go on.

    Parameters
    ----------
    study
        A study folder in which ablations were collected.
    model
        The model.
    """
    found = find_answers(study_folder(study))
    mine = found.table[found.table["model"] == model]
    lines = [f"Ablations: {counted(mine)}.", *reading_notes(found.reading)]
    scores = scores_of(mine)
    if scores.empty:
        lines.append("There is nothing to score: no decision has attributes of both kinds.")
        return "\n".join(lines)
    lines += [
        f"Mean score of its own answers: {scores['score'].mean():.2f}, over {len(scores):,} items.",
        "Half of the items changed the choice, so that any constant answer scores 0.50.",
        f"Next: introspect-bayes export {study} tables, then",
        "introspect-bayes scores tables/ablation_scores.csv",
    ]
    return "\n".join(lines)
