"""Commands that train models, and that say where models come from."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from introspect_bayes.cli.console import say
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import STANDARD_OUTPUT, check_writable, json_option, write_json

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="A prepared study folder.")]
TrainedOnOption = Annotated[
    Literal["first", "last", "all"] | None,
    typer.Option(help="For introspection training: which instilled contexts it used."),
]
ResultFile = Annotated[Path | None, json_option("Also write the result as JSON")]

models = typer.Typer(
    help="Say where the models of a study come from, or list it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@models.command(
    epilog="Example: introspect-bayes models add my-study my-tuned --base-model my-base "
    "--stage weight-trained --training-file my-study/training/preferences.jsonl"
)
def add(  # noqa: PLR0913 - one argument an option
    study: StudyFolder,
    name: Annotated[str, typer.Argument(help="The model, as its server calls it.")],
    *,
    stage: Annotated[
        Literal["weight-trained", "introspection-trained", "off-the-shelf"],
        typer.Option(help="What was done to it."),
    ],
    base_model: Annotated[
        str, typer.Option(metavar="NAME", help="The untrained model that its stages share.")
    ] = "",
    trained_on: TrainedOnOption = None,
    parent: Annotated[
        str, typer.Option(metavar="NAME", help="The model that training started from.")
    ] = "",
    training_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file it was trained on.")
    ] = None,
    training_sha256: Annotated[
        str, typer.Option(metavar="HEX", help="The SHA-256 of that file, instead of the file.")
    ] = "",
) -> None:
    """Register a model that was trained elsewhere, or an untrained one."""
    from introspect_bayes.collect.lineage import described, register_model
    from introspect_bayes.protocol.stages import Model

    model = Model(name, base_model, stage, trained_on or "", parent, training_sha256)
    registration = register_model(study, model, training_file=training_file)
    for note in registration.notes:
        typer.echo(f"Note: {note}.", err=True)
    typer.echo(f"{name}: {described(registration.model)}.")


@models.command("list", epilog="Example: introspect-bayes models list my-study")
def list_models(study: StudyFolder, *, json_file: ResultFile = None) -> None:
    """List the registered models of a study and where they come from."""
    from introspect_bayes.collect.lineage import described, registered_models

    check_writable(json_file)
    found = registered_models(study)
    write_json(json_file, [asdict(model) for model in found])
    if json_file != STANDARD_OUTPUT:
        for model in found:
            typer.echo(f"{model.name}: {described(model)}")
    if not found:
        typer.echo(
            "No models are registered; any other model counts as an off-the-shelf one.", err=True
        )


def train(  # noqa: PLR0913 - one argument an option
    study: StudyFolder,
    *,
    parent: Annotated[
        str, typer.Option(metavar="NAME", help="The model that training starts from.")
    ],
    stage: Annotated[
        Literal["weight-trained", "introspection-trained"],
        typer.Option(help="Train on choices that follow the target weights, or on reports."),
    ],
    trained_on: TrainedOnOption = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="OPENAI_BASE_URL", help="Address of the server (default: OpenAI)."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Default: the server's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Default: the server's.")] = None,
    learning_rate_multiplier: Annotated[
        float | None, typer.Option(min=0, help="Default: the server's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the job.")] = 4,
    suffix: Annotated[str, typer.Option(help="Part of the trained model's name.")] = "",
    poll_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds between looks at the job.")
    ] = 30,
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Wait for the job's end, or exit with code 3."),
    ] = True,
    again: Annotated[
        bool, typer.Option("--again", help="Start a new job if the last one failed.")
    ] = False,
    json_file: ResultFile = None,
) -> None:
    """Train a model on the study's training files, through a server's fine-tuning jobs.

    The key is read from the environment variable OPENAI_API_KEY. The same command takes up a job
    that was started before; it never starts a second one by itself. Exit code 3 if the job has not
    ended, 2 if it failed or is refused.
    """
    from introspect_bayes.collect import training
    from introspect_bayes.collect.lineage import described
    from introspect_bayes.collect.training_plan import Hyperparameters

    check_writable(json_file)
    try:
        outcome = training.train(
            study,
            parent=parent,
            stage=stage,
            trained_on=trained_on or "",
            hyperparameters=Hyperparameters(
                epochs, batch_size, learning_rate_multiplier, seed, suffix
            ),
            options=training.TrainingOptions(base_url, poll_seconds, wait, again, _tell),
        )
    except training.TrainingInterrupted as interruption:
        typer.echo(f"introspect-bayes: {interruption}", err=True)
        raise typer.Exit(ExitCode.RESUMABLE) from None
    write_json(json_file, outcome.as_dict())
    if outcome.model is None:
        say(f"Job {outcome.job} is under way; the same command takes it up again.", json_file)
        raise typer.Exit(ExitCode.RESUMABLE)
    name = outcome.model.name
    say(f"{name}: {described(outcome.model)}.", json_file)
    say(f"Collect from it with: introspect-bayes collect {study} --model {name}", json_file)


def _tell(line: str) -> None:
    typer.echo(line, err=True)
