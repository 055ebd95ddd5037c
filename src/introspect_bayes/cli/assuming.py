"""Options of a plan: what is assumed of models, and which goals a study shall meet."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.designs import AssumedModel, Goals


@dataclass(frozen=True, kw_only=True)
class AssumptionOptions:
    """What is assumed of models that nobody has asked yet."""

    accuracy: Annotated[
        float | None,
        typer.Option(
            help="Assumed correlation of the weights with what reports say on average (default: "
            "0.5). The analysis finds a little less: choices and reports are noisy."
        ),
    ] = None
    after: Annotated[
        float | None,
        typer.Option(
            help="Assumed accuracy after introspection training: plan for the effect of training."
        ),
    ] = None
    models: Annotated[
        int, typer.Option(min=1, help="Base models that an effect is averaged over.")
    ] = 1
    consistency: Annotated[
        float | None,
        typer.Option(
            help="Assumed log-odds of a choice per unit of utility: small is noisy (default: 6)."
        ),
    ] = None
    position_bias: Annotated[
        float | None, typer.Option(help="Assumed log-odds of A between equals (default: 0).")
    ] = None
    report_noise: Annotated[
        float | None,
        typer.Option(help="Assumed SD of a report around what the model believes (default: 15)."),
    ] = None
    invalid: Annotated[
        float | None, typer.Option(help="Assumed share of invalid reports (default: 0).")
    ] = None
    silent: Annotated[
        float | None,
        typer.Option(help="Assumed share of contexts without any valid report (default: 0)."),
    ] = None

    def given(self) -> dict[str, float]:
        """Return what was typed, by the names of `AssumedModel` and `AssumedReports`."""
        named = {
            "accuracy": self.accuracy,
            "after": self.after,
            "consistency": self.consistency,
            "position_bias": self.position_bias,
            "noise": self.report_noise,
            "invalid_rate": self.invalid,
            "silent": self.silent,
        }
        return {name: value for name, value in named.items() if value is not None}

    def refuse_beside(self, study: Path) -> None:
        """Refuse assumptions beside an earlier study, from which all of them are taken.

        Raises
        ------
        InputError
            If any was typed.
        """
        if given := self.given():
            names = ", ".join(given)
            msg = f"--like takes all assumptions from {study}; leave out those given ({names})"
            raise InputError(msg)

    def assumed(self) -> "tuple[AssumedModel, ...]":
        """Return the models, alike in all that is assumed of them.

        Raises
        ------
        InputError
            If there are several, but no effect to average over them.
        """
        from introspect_bayes.designs import AssumedModel, AssumedReports
        from introspect_bayes.designs.assumptions import several

        given = self.given()
        about_reports = {k: given[k] for k in ("noise", "invalid_rate", "silent") if k in given}
        before = AssumedReports(given.get("accuracy", 0.5), **about_reports)
        trained = AssumedReports(given["after"], **about_reports) if "after" in given else None
        if self.models > 1 and trained is None:
            msg = (
                f"--models {self.models}: an accuracy is that of one model; give --after to plan "
                "an effect"
            )
            raise InputError(msg)
        return several(
            AssumedModel(
                before, trained, given.get("consistency", 6.0), given.get("position_bias", 0.0)
            ),
            self.models,
        )


@dataclass(frozen=True, kw_only=True)
class GoalOptions:
    """What a study shall tell."""

    width: Annotated[
        float | None, typer.Option(help="Goal: expected width of the 95% HDI, at most.")
    ] = None
    exclude_zero: Annotated[
        float | None,
        typer.Option(metavar="P", help="Goal: probability that the HDI excludes zero."),
    ] = None
    rope: Annotated[
        float | None,
        typer.Option(help="Half-width of a region around zero that is practically zero."),
    ] = None
    outside_rope: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI lies outside the ROPE.")
    ] = None
    inside_rope: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI lies inside the ROPE.")
    ] = None
    difference: Annotated[
        float | None, typer.Option(help="Another value that the HDI may exclude.")
    ] = None
    exclude_difference: Annotated[
        float | None, typer.Option(metavar="P", help="Goal: the HDI excludes that value.")
    ] = None

    def goals(self) -> "Goals":
        """Return the goals.

        Raises
        ------
        InputError
            If they do not go together.
        """
        from introspect_bayes.designs import Goals

        return Goals(**asdict(self))
