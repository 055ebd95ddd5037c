"""What checks amount to: facts in three classes, and the conclusion from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from introspect_bayes.analysis.decimals import decimal

FindingClass = Literal["stop", "numbers move", "known and harmless"]
"""stop: numbers cannot be trusted. numbers move: some accuracy is another one, and the finding says
which. known and harmless: true, and of no consequence for any accuracy."""

CLASSES: Final[tuple[FindingClass, ...]] = get_args(FindingClass)

MOVES: Final = 0.015
"""Change of an accuracy that counts: more than one and a half units of the second decimal, which is
what papers print. A convention of ours."""


@dataclass(frozen=True, slots=True)
class Change:
    """An accuracy or effect, as it is and as it would be otherwise.

    Attributes
    ----------
    id
        Of the figure, such as "e3.before.mini".
    value, otherwise
        The figure as analysed, and without (or with) what the finding speaks of.
    ends, ends_otherwise
        95% intervals, where these are what changes.
    """

    id: str
    value: float
    otherwise: float
    ends: tuple[float, float] | None = None
    ends_otherwise: tuple[float, float] | None = None

    @property
    def size(self) -> float:
        """By how much the figure changes."""
        return abs(self.otherwise - self.value)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        told: dict[str, Any] = {"id": self.id, "value": self.value, "otherwise": self.otherwise}
        if self.ends is not None and self.ends_otherwise is not None:
            told |= {"hdi": list(self.ends), "hdi_otherwise": list(self.ends_otherwise)}
        return told

    def __str__(self) -> str:
        """Return id, value and value otherwise, or the intervals."""
        if self.ends is None or self.ends_otherwise is None:
            return f"{self.id} {decimal(self.value, 3)} → {decimal(self.otherwise, 3)}"
        both = (
            f"[{', '.join(decimal(end) for end in ends)}]"
            for ends in (self.ends, self.ends_otherwise)
        )
        return f"{self.id} {' → '.join(both)}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact about a study, whichever and however many checks found it.

    Attributes
    ----------
    name
        Key of `FINDINGS`.
    kind
        Its class.
    message
        What is the case, and what follows.
    subjects
        The fits, models or figures of which it is true.
    changes
        Every accuracy and effect that it touches, the largest change first.
    checks
        Names of the checks behind it.
    p
        Probability of such evidence in a flawless study, for all subjects together; None if no
        chance is involved.
    """

    name: str
    kind: FindingClass
    message: str
    subjects: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    checks: tuple[str, ...] = ()
    p: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; the class is under "class".

        Examples
        --------
        >>> Finding("files", "stop", "A file is left out.").as_dict()["class"]
        'stop'
        """
        return {
            "name": self.name,
            "class": self.kind,
            "message": self.message,
            "subjects": list(self.subjects),
            "changes": [change.as_dict() for change in self.changes],
            "checks": list(self.checks),
            "p": self.p,
        }


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from all findings.

    Attributes
    ----------
    text
        One sentence.
    findings
        The gravest first.
    unseen
        What was not looked at, in words.
    """

    text: str
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...] = ()

    @property
    def kind(self) -> FindingClass | None:
        """The gravest class of its findings; None if there are none."""
        return next((k for k in CLASSES if any(f.kind == k for f in self.findings)), None)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, without the findings."""
        return {"class": self.kind, "text": self.text, "not_looked_at": list(self.unseen)}


def concluded(findings: Sequence[Finding], unseen: Sequence[str] = ()) -> Conclusion:
    """Return the conclusion from findings.

    Examples
    --------
    >>> concluded([]).text
    'Nothing was found that stops you or moves an accuracy.'
    >>> concluded([Finding("files", "stop", "A file is left out.")]).text
    'Stop: do not trust these numbers before 1 finding is settled.'
    """
    ordered = sorted(findings, key=lambda finding: CLASSES.index(finding.kind))
    counts = {kind: sum(f.kind == kind for f in ordered) for kind in CLASSES}
    if stops := counts["stop"]:
        verb = "findings are" if stops > 1 else "finding is"
        text = f"Stop: do not trust these numbers before {stops} {verb} settled."
    elif moves := counts["numbers move"]:
        touched = {
            change.id
            for finding in ordered
            if finding.kind == "numbers move"
            for change in finding.changes
            if change.size >= MOVES or change.ends is not None
        }
        verb = "findings move" if moves > 1 else "finding moves"
        text = f"Nothing stops you; {moves} {verb} numbers: {', '.join(sorted(touched))}."
    else:
        text = "Nothing was found that stops you or moves an accuracy."
    return Conclusion(text, tuple(ordered), tuple(unseen))
