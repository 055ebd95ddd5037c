"""The command that prepares a study."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.protocol.contexts import DecisionContext


def prepare(  # noqa: PLR0913 - one argument an option
    folder: Annotated[Path, typer.Argument(help="The new study folder.")],
    *,
    protocol: Annotated[
        Literal["own", "plunkett2025"],
        typer.Option(help="own: a new study. plunkett2025: the paper's material, byte for byte."),
    ] = "own",
    data: Annotated[
        Path | None,
        typer.Option(help="For plunkett2025: folder with candidate_scenarios.json and roles.csv."),
    ] = None,
    instilled: Annotated[
        int, typer.Option(min=0, help="Instilled contexts; 0 to train nothing.")
    ] = 100,
    native: Annotated[int, typer.Option(min=0, help="Native contexts.")] = 100,
    attributes: Annotated[int, typer.Option(min=1, help="Attributes of each context.")] = 5,
    contexts: Annotated[
        Path | None,
        typer.Option(
            help="Your own contexts (TOML), the instilled ones first, then the native ones."
        ),
    ] = None,
    choices: Annotated[int, typer.Option(min=1, help="Choices asked per instilled context.")] = 50,
    native_choices: Annotated[
        int, typer.Option(min=1, help="Choices asked per native context.")
    ] = 100,
    reports: Annotated[int, typer.Option(min=1, help="Reports asked per context and stage.")] = 10,
    examples: Annotated[int, typer.Option(min=1, help="Preference examples per context.")] = 50,
    validation: Annotated[int, typer.Option(min=0, help="Validation examples per context.")] = 10,
    decision_prompt: Annotated[
        Path | None, typer.Option(help="Template of decisions (TOML) instead of decision-1.")
    ] = None,
    report_prompt: Annotated[
        Path | None, typer.Option(help="Template of reports (TOML) instead of report-1.")
    ] = None,
    learned_weights: Annotated[
        Path | None,
        typer.Option(help="CSV of learned weights (analyze --weights-csv) to train reports on."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, examples and trials.")] = 1,
    prompt_completion: Annotated[
        bool,
        typer.Option(
            "--prompt-completion",
            help="Only add prompt/completion JSONL, for trainers of your own, to a folder that was "
            "prepared before.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an earlier study that has no replies yet.")
    ] = False,
) -> None:
    """Write a study folder: contexts, target weights, training files, and all trials."""
    if prompt_completion:
        _add_prompt_completion(folder, force=force)
        return
    from introspect_bayes.places import shipped_folder
    from introspect_bayes.protocol.paper_material import write_paper_material
    from introspect_bayes.protocol.study_folder import prepare_study
    from introspect_bayes.protocol.training import Counts, read_learned_weights

    if protocol == "plunkett2025":
        from introspect_bayes.study import find_paper_data

        _new_folder(folder, force=force)
        written = write_paper_material(find_paper_data(data), folder)
        typer.echo(f"Wrote {len(written)} files of the paper's material to {folder}")
        return
    prompts = shipped_folder("data") / "prompts"
    prepared = prepare_study(
        folder,
        _contexts(contexts, instilled, native, attributes),
        {
            "decision": decision_prompt or prompts / "decision-1.toml",
            "report": report_prompt or prompts / "report-1.toml",
        },
        counts=Counts(choices, native_choices, reports, examples, validation),
        seed=seed,
        learned=None if learned_weights is None else read_learned_weights(learned_weights),
        force=force,
    )
    typer.echo(
        f"Wrote {folder}: {len(prepared.contexts['instilled'])} instilled and "
        f"{len(prepared.contexts['native'])} native contexts, {len(prepared.trials):,} trials.\n"
        f"Next: introspect-bayes collect {folder} --model NAME --dry-run"
    )


def _add_prompt_completion(folder: Path, *, force: bool) -> None:
    from introspect_bayes.protocol.prompt_completion import write_prompt_completion
    from introspect_bayes.protocol.study_folder import STUDY_FILE, TRAINING_FOLDER

    if not folder.is_dir():
        msg = f"{folder}: no such folder; --prompt-completion adds to one that was prepared before"
        raise InputError(msg)
    training = folder / TRAINING_FOLDER if (folder / STUDY_FILE).is_file() else folder
    written = write_prompt_completion(training, force=force)
    typer.echo(f"Wrote {len(written)} files to {written[0].parents[1]}")


def _contexts(
    file: Path | None, instilled: int, native: int, attributes: int
) -> "dict[str, list[DecisionContext]]":
    from introspect_bayes.protocol.context_files import read_contexts, shipped_contexts
    from introspect_bayes.protocol.contexts import DecisionContext

    if file is None:
        sets = {name: shipped_contexts(name) for name in ("instilled", "native")}
    else:
        members = read_contexts(file)
        sets = {"instilled": members[:instilled], "native": members[instilled:]}
    chosen = {}
    for (name, members), count in zip(sets.items(), (instilled, native), strict=True):
        if len(members) < count:
            msg = (
                f"--{name} {count}: there are {len(members)} {name} contexts"
                + (f" in {file} (the first {instilled} are instilled)" if file else "")
                + f"; lower --{name} or give more with --contexts"
            )
            raise InputError(msg)
        most = min((len(c.attributes) for c in members[:count]), default=attributes)
        if attributes > most:
            msg = f"--attributes {attributes}: there are contexts with {most}; see --contexts"
            raise InputError(msg)
        chosen[name] = [
            DecisionContext(c.name, c.question, c.attributes[:attributes]) for c in members[:count]
        ]
    return chosen


def _new_folder(folder: Path, *, force: bool) -> None:
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not force)):
        msg = f"{folder}: is not an empty folder; choose another, or overwrite files with --force"
        raise InputError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: the folder cannot be made: {error.strerror}"
        raise InputError(msg) from error
