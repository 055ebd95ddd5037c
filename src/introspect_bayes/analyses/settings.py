"""What decides the numbers of an analysis beside its data, and who is told how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from introspect_bayes.engines import Engine
from introspect_bayes.fits import FinishedFits, Sampler
from introspect_bayes.specs import Specification, chosen_specifications
from introspect_bayes.study.download import cache_root

CHOICE_SAMPLER: Final = Sampler(draws=1000, warmup=500)
"""Settings for choice weights: about 5,000 effective draws, more than the paper's 4,000."""

REGRESSION_SAMPLER: Final = Sampler(draws=4000, warmup=1000)
"""Settings for regressions: four times the draws of the paper, for steadier interval ends."""


class Progress(Protocol):
    """Told what long work begins and how far it is."""

    def start(self, description: str, total: int) -> None:
        """Begin a piece of work of so many steps."""

    def advance(self, steps: int) -> None:
        """Finish some steps of the piece of work begun last."""


class Silent:
    """Progress that nobody watches."""

    def start(self, description: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything beside the data that decides the numbers.

    Attributes
    ----------
    specs
        The three specifications by name, priors included.
    choice_sampler, regression_sampler
        Sampler settings.
    engine
        How posteriors are sampled.
    finished
        Where finished fits are found and kept; nowhere if None.
    """

    specs: Mapping[str, Specification]
    choice_sampler: Sampler
    regression_sampler: Sampler
    engine: Engine = "auto"
    finished: FinishedFits | None = None

    @classmethod
    def default(
        cls,
        seed: int | None = None,
        draws: int | None = None,
        warmup: int | None = None,
        specs: Mapping[str, Specification] | None = None,
        *,
        engine: Engine = "auto",
        keep: bool = True,
    ) -> "Settings":
        """Return the shipped specifications and default settings, some of them replaced.

        Finished fits are kept in the user's cache folder (``INTROSPECT_BAYES_CACHE``) unless `keep`
        is False.
        """
        given = {"seed": seed, "draws": draws, "warmup": warmup}
        changes = {name: value for name, value in given.items() if value is not None}
        return cls(
            specs={**chosen_specifications(), **(specs or {})},
            choice_sampler=replace(CHOICE_SAMPLER, **changes),
            regression_sampler=replace(REGRESSION_SAMPLER, **changes),
            engine=engine,
            finished=kept_fits() if keep else None,
        )


def kept_fits() -> FinishedFits:
    """Return where finished fits are kept: in the user's cache folder."""
    return FinishedFits(cache_root() / "fits")
