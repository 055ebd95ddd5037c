"""What decides the numbers of an analysis beside its data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from introspect_bayes.places import cache_root
from introspect_bayes.sampling.finished_fits import FinishedFits
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification, chosen_specifications
from introspect_bayes.specs.engines import Engine

CHOICE_SAMPLER: Final = Sampler(draws=1000, warmup=500)
"""Settings for choice weights: about 5,000 effective draws, more than the paper's 4,000."""

REGRESSION_SAMPLER: Final = Sampler(draws=4000, warmup=1000)
"""Settings for regressions: four times the draws of the paper, for steadier interval ends."""


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
