"""Read replies as they come, to count them and to warn early."""

from collections.abc import Mapping

from introspect_bayes.material import PreparedStudy
from introspect_bayes.parse import parse_choice, parser
from introspect_bayes.parse.ablations import parse_changes_strictly
from introspect_bayes.trials import Trial
from introspect_bayes.warning_signs import Tally, warning_signs

_EVERY = 10
"""Replies between two looks for warning signs."""


class Watch:
    """Counts what replies are read as, and finds warning signs.

    Nothing that is read here is kept: analyses read the stored replies again.

    Parameters
    ----------
    study
        The study that the replies belong to.
    """

    def __init__(self, study: PreparedStudy) -> None:
        self.tally = Tally()
        self._kinds: set[str] = set()
        self._parse = parser(study.parser)
        self._trials: Mapping[str, Trial] = {
            trial.id: trial for trial in (*study.trials, *study.ablations)
        }
        self._names = {
            c.name: c.attribute_names for members in study.contexts.values() for c in members
        }
        self._read = 0

    def read(self, trial_id: str, text: str | None, finish_reason: str) -> None:
        """Count a reply."""
        trial = self._trials[trial_id]
        if trial.task == "decision":
            choice = parse_choice(text)
            if choice in {"A", "B"}:
                self.tally.choices[choice] += 1
            else:
                self.tally.failures["decision", choice] += 1
            return
        names, cut_off = self._names[trial.context], finish_reason == "length"
        if trial.task == "ablation":
            answer = parse_changes_strictly(text, names, cut_off=cut_off)
            self.tally.ablations += answer.failure is None
            self.tally.foreseen.update(answer.changes or ())
            if answer.failure is not None:
                self.tally.failures["ablation", answer.failure] += 1
            return
        report = self._parse(text, names, cut_off=cut_off)
        if report.failure is None:
            self.tally.reports += 1
        else:
            self.tally.failures["report", report.failure] += 1

    def look(self) -> list[str]:
        """Return warning signs that were not there before."""
        self._read += 1
        if self._read % _EVERY:
            return []
        new = [s for s in warning_signs(self.tally) if s.kind not in self._kinds]
        self._kinds |= {sign.kind for sign in new}
        return [sign.text for sign in new]
