"""Read replies as they come, to count them and to warn early."""

from collections.abc import Mapping

from introspect_bayes.protocol.parse import Failure, RawReply, newest_of_kind
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
        failure = self._read_as(trial, reply)
        if failure is not None:
            self.tally.failures[trial.task, failure] += 1
        return failure

    def _read_as(self, trial: Trial, reply: RawReply) -> Failure | None:
        names = self._names[trial.context]
        if trial.task == "decision":
            choice = self._parser.choice(reply)
            if choice.choice is not None:
                self.tally.choices[choice.choice] += 1
            return choice.failure
        if trial.task == "ablation":
            answer = self._parser.changes(reply, names)
            self.tally.ablations += answer.failure is None
            self.tally.foreseen.update(answer.changes or ())
            return answer.failure
        report = self._parser.report(reply, names)
        if report.weights is not None:
            self.tally.add_report(report.weights)
        return report.failure

    def look(self) -> list[str]:
        """Return warning signs that were not there before."""
        self._read += 1
        if self._read % _EVERY:
            return []
        new = [s for s in warning_signs(self.tally) if s.kind not in self._kinds]
        self._kinds |= {sign.kind for sign in new}
        return [sign.text for sign in new]
