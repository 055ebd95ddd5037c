"""Options that say how fits are made: sampling, priors, engine, and whether finished ones count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.presentation.progress import TerminalProgress
    from introspect_bayes.sampling.nuts import Sampler
    from introspect_bayes.specs import Specification
    from introspect_bayes.study import Study


def prior_option(specification: str, example: str) -> Any:
    """Return the option for another prior, with the specification that may be named."""
    return typer.Option(
        metavar=f"{specification}.PARAMETER=PRIOR",
        help=f"Another prior, such as {example}. Repeatable.",
    )


Seed = Annotated[int, typer.Option(min=0, help="Seed of all sampling.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Fit everything anew, and keep no finished fit.")
]


@dataclass(frozen=True, kw_only=True)
class SamplerOptions:
    """How much is sampled."""

    seed: Seed = 2025
    draws: Annotated[
        int | None, typer.Option(min=4, help="Draws per chain, instead of the defaults.")
    ] = None
    warmup: Annotated[
        int | None,
        typer.Option(min=1, help="Warm-up iterations per chain, instead of the defaults."),
    ] = None

    def sampler(self, usual: "Sampler") -> "Sampler":
        """Return the usual settings of a sampler with what was chosen in their place."""
        given = {"seed": self.seed, "draws": self.draws, "warmup": self.warmup}
        return replace(usual, **{name: n for name, n in given.items() if n is not None})


@dataclass(frozen=True, kw_only=True)
class PriorOptions(SamplerOptions):
    """Priors and specifications that take the place of the shipped ones."""

    prior: Annotated[
        list[str] | None,
        prior_option("SPECIFICATION", "report_accuracy.reported='Normal(0, 0.5)'"),
    ] = None
    specification: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Your own specification (TOML), named as the one that it replaces. Repeatable.",
        ),
    ] = None

    def specifications(self, names: Sequence[str] = ()) -> "dict[str, Specification]":
        """Return the specifications with the chosen priors.

        Parameters
        ----------
        names
            Specifications to start from; those of the paper's analysis if empty.

        Raises
        ------
        InputError
            If there is no such specification, parameter or prior.
        """
        from introspect_bayes.specs.files import ANALYSED, chosen_specifications

        return chosen_specifications(self.prior or [], self.specification or [], names or ANALYSED)


@dataclass(frozen=True, kw_only=True)
class FitOptions(PriorOptions):
    """All that decides the fits of an analysis."""

    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE",
            help="How posteriors are sampled: importance, nuts, or auto (importance, and nuts "
            "where its weights cannot be trusted).",
        ),
    ] = "auto"
    no_cache: NoCache = False

    def settings(self) -> dict[str, Any]:
        """Check what was chosen, before anything is loaded, and return it.

        Raises
        ------
        InputError
            If there is no such specification, parameter, prior or engine.
        """
        from introspect_bayes.specs.engines import engine_named

        return {
            "seed": self.seed,
            "draws": self.draws,
            "warmup": self.warmup,
            "specs": self.specifications(),
            "engine": engine_named(self.engine),
            "keep": not self.no_cache,
        }


def start_analysis(
    study: "Study", progress: "TerminalProgress", settings: dict[str, Any]
) -> "Analysis":
    """Load what fits models, and begin an analysis with what `FitOptions.settings` returned."""
    from introspect_bayes.analysis.analysis import Analysis
    from introspect_bayes.analysis.settings import Settings

    progress.start("Loading PyMC", 1)
    return Analysis(study, Settings.default(**settings), progress)
