"""One quantity of one comparison: a row of the profile."""

from dataclasses import dataclass
from typing import Any, Final

QUANTITIES: Final = {
    "slope_of_reports": "points that mean reports rise with a point of weight",
    "sign_accuracy": "share of attributes whose report has the sign of the weight",
    "rank_correlation": "Spearman's correlation within contexts, its mean",
    "most_important_named": "share of contexts whose most important attribute is named",
    "noise_ceiling": "correlation that noise leaves to reports that know all",
}
"""What the profile tells, in order."""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One quantity of one comparison.

    Attributes
    ----------
    figure, base_model
        Key of `COMPARISONS`; who reported.
    quantity
        Key of `QUANTITIES`.
    estimate
        None if it cannot be computed.
    hdi_contexts
        95% interval with contexts as units; None if it cannot be had.
    chance
        What reports that know nothing reach; None for the noise ceiling.
    contexts
        Contexts behind it.
    note
        Why there is no estimate or no interval, and which diagnostics failed.
    """

    figure: str
    base_model: str
    quantity: str
    estimate: float | None
    hdi_contexts: tuple[float, float] | None
    chance: float | None
    contexts: int
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        ends = self.hdi_contexts
        return {
            "figure": self.figure,
            "base_model": self.base_model,
            "quantity": self.quantity,
            "estimate": self.estimate,
            "hdi_contexts": None if ends is None else list(ends),
            "chance": self.chance,
            "contexts": self.contexts,
            "note": self.note,
        }
