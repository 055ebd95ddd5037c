"""Decision contexts: who decides, between options of what kind, by which attributes."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from introspect_bayes.errors import InputError


@dataclass(frozen=True, slots=True)
class Attribute:
    """One quantitative dimension on which two options differ.

    Parameters
    ----------
    name
        As the model reads it and must repeat it in a report, for example ``ceiling_height``.
    minimum, maximum
        Range of the values, in `unit`; both finite, `maximum` above `minimum`.
    unit
        Unit of measurement; empty where the source does not tell.

    Raises
    ------
    InputError
        If the name is empty or the range is not a finite, increasing pair.

    Examples
    --------
    >>> Attribute("ceiling_height", 7.0, 12.0, "feet").span
    5.0
    """

    name: str
    minimum: float
    maximum: float
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            msg = "an attribute has an empty name"
            raise InputError(msg)
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum)):
            msg = f"attribute {self.name!r}: minimum and maximum must be finite numbers"
            raise InputError(msg)
        if self.maximum <= self.minimum:
            msg = (
                f"attribute {self.name!r}: maximum {self.maximum:g} is not above "
                f"minimum {self.minimum:g}"
            )
            raise InputError(msg)

    @property
    def span(self) -> float:
        """Maximum minus minimum: what a difference between options is divided by."""
        return self.maximum - self.minimum


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """An agent who chooses between two options of one kind.

    Parameters
    ----------
    name
        Unique name of the context, for example ``condo``.
    question
        The question put to the model, agent included.
    attributes
        At least one; their names differ.

    Raises
    ------
    InputError
        If there is no attribute or a name occurs twice.

    Examples
    --------
    >>> context = DecisionContext("condo", "Imagine you are Macbeth. Which condo would you prefer?",
    ...                           (Attribute("ceiling_height", 7, 12, "feet"),))
    >>> context.attribute_names
    ('ceiling_height',)
    """

    name: str
    question: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            msg = "a decision context has an empty name"
            raise InputError(msg)
        if not self.attributes:
            msg = f"decision context {self.name!r} has no attribute"
            raise InputError(msg)
        doubled = first_duplicate(self.attribute_names)
        if doubled is not None:
            msg = f"decision context {self.name!r}: attribute {doubled!r} occurs twice"
            raise InputError(msg)

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Names of the attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)


def first_duplicate(names: Sequence[str]) -> str | None:
    """Return the first name that occurs a second time, however its accents are stored, or None.

    Examples
    --------
    >>> first_duplicate(["condo", "loan", "condo"])
    'condo'
    """
    seen: set[str] = set()
    for name in names:
        spelt = unicodedata.normalize("NFC", name)
        if spelt in seen:
            return name
        seen.add(spelt)
    return None
