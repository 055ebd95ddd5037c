"""Read replies as they come, to count them and to warn early."""

from collections.abc import Mapping

from introspect_bayes.protocol.parse import (
    Failure,
    ParsedChanges,
    ParsedChoice,
    ParsedReport,
    RawReply,
    newest_of_kind,
)
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.protocol.trials import Trial
from introspect_bayes.protocol.warning_signs import Tally, warning_signs

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
        self._parser = newest_of_kind(study.parser)
        self._trials: Mapping[str, Trial] = {
            trial.id: trial for trial in (*study.trials, *study.ablations)
        }
        self._names = {
            c.name: c.attribute_names for members in study.contexts.values() for c in members
        }
        self._read = 0

    def read(self, trial_id: str, reply: RawReply) -> Failure | None:
        """Count a reply, and return why it cannot be used; None if it can."""
        trial = self._trials[trial_id]
        read = self._parser.read(trial.task, reply, self._names[trial.context])
        if read.failure is not None:
            self.tally.failures[trial.task, read.failure] += 1
        match read:
            case ParsedChoice(choice=str(letter)):
                self.tally.choices[letter] += 1
            case ParsedReport(weights=tuple(weights)):
                self.tally.add_report(weights)
            case ParsedChanges(changes=tuple(changes)):
                self.tally.ablations += 1
                self.tally.foreseen.update(changes)
        return read.failure

    def look(self) -> list[str]:
        """Return warning signs that were not there before."""
        self._read += 1
        if self._read % _EVERY:
            return []
        new = [s for s in warning_signs(self.tally) if s.kind not in self._kinds]
        self._kinds |= {sign.kind for sign in new}
        return [sign.text for sign in new]
