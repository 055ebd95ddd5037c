"""Options that say what tokens cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from introspect_bayes.collect import Prices


@dataclass(frozen=True, kw_only=True)
class PriceOptions:
    """What a server asks for tokens."""

    price_prompt: Annotated[
        float | None, typer.Option(min=0, help="US dollars per million prompt tokens.")
    ] = None
    price_reply: Annotated[
        float | None, typer.Option(min=0, help="US dollars per million reply tokens.")
    ] = None

    def prices(self) -> "Prices | None":
        """Return the prices, a missing one as nothing; None if both are missing."""
        from introspect_bayes.collect import Prices

        if self.price_prompt is None and self.price_reply is None:
            return None
        return Prices(self.price_prompt or 0.0, self.price_reply or 0.0)
