"""The command that asks a model."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from introspect_bayes.cli.console import console_beside, say
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.files import check_writable, json_option, write_json
from introspect_bayes.cli.option_groups import takes_option_groups
from introspect_bayes.cli.pricing import PriceOptions
from introspect_bayes.errors import InputError

if TYPE_CHECKING:
    from introspect_bayes.collect import Collection, Prices
    from introspect_bayes.protocol.requests import PlannedTask, SamplingOptions
    from introspect_bayes.protocol.study_folder import PreparedStudy


@takes_option_groups
def collect(  # noqa: PLR0913 - one argument an option
    study: Annotated[Path, typer.Argument(help="A study folder, made by `prepare`.")],
    *,
    model: Annotated[str, typer.Option(help="The model, as its server calls it.")],
    base_url: Annotated[
        str | None,
        typer.Option(
            envvar="OPENAI_BASE_URL",
            help="Address of a chat API, such as http://localhost:11434/v1 (default: OpenAI).",
        ),
    ] = None,
    task: Annotated[
        Literal["weights", "ablation"],
        typer.Option(
            help="weights: choices and reports. ablation: which attributes, set equal in both "
            "options, change a choice, and does the model know?"
        ),
    ] = "weights",
    ablations: Annotated[
        int | None,
        typer.Option(min=1, help="Choices ablated per context (default: 5, or as before)."),
    ] = None,
    ablation_prompt: Annotated[
        Path | None, typer.Option(help="Template of the ablation question (TOML).")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="Most calls at once.")] = 8,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask at most so many requests in this run.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print requests, tokens and cost; ask nothing.")
    ] = False,
    json_file: Annotated[Path | None, json_option("Write the run's counts as JSON")] = None,
    temperature: Annotated[
        str, typer.Option(metavar="NUMBER|default", help="Sampling temperature.")
    ] = "0",
    sampling_seed: Annotated[
        int | None, typer.Option("--seed", help="Sampling seed that the server is sent.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens of a reply.")] = None,
    decision_max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Most tokens of a decision, instead of --max-tokens.")
    ] = None,
    log_probabilities: Annotated[
        int | None,
        typer.Option(min=0, max=20, help="Keep log-probabilities of decisions and N alternatives."),
    ] = None,
    structured_reports: Annotated[
        bool,
        typer.Option("--structured-reports", help="Have the server enforce a report's keys."),
    ] = False,
    json_object_reports: Annotated[
        bool,
        typer.Option("--json-object-reports", help="The same where a server knows no schemas."),
    ] = False,
    limit_parameter: Annotated[
        Literal["max_tokens", "max_completion_tokens"],
        typer.Option(help="How the server calls the limits of --max-tokens and its like."),
    ] = "max_tokens",
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Any other request parameter. Repeatable."),
    ] = None,
    paying: PriceOptions,
    attempts: Annotated[
        int, typer.Option(min=1, help="Most attempts at a request; rate limits use up none.")
    ] = 6,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until a call is given up.")] = (
        120.0
    ),
    stop_on_warning: Annotated[
        bool, typer.Option("--stop-on-warning", help="Stop at the first warning sign.")
    ] = False,
    answers_as: Annotated[
        str | None, typer.Option(help="What the server may call the model in its answers.")
    ] = None,
    ask_refused_again: Annotated[
        bool,
        typer.Option(
            "--ask-refused-again", help="Also ask what the server refused in earlier runs."
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", help="Show neither progress nor first replies, only warnings."),
    ] = False,
) -> None:
    """Ask a model the planned trials of a study and keep every reply; stop and go on at will.

    The key is read from the environment variable OPENAI_API_KEY and kept nowhere. What is asked
    depends on the model's stage: see `models add`; an unknown model counts as off-the-shelf.
    With --task ablation, some of its choices are asked again, with one attribute after the other
    set equal in both options, and whether they would change; what was asked already is not asked
    again.
    Sampling options are conditions of the study: once a model has answered, they must stay. A
    request that the server refuses (its content is filtered), while it answers others, is counted
    as refused and not asked again.

    Exit code 0 when every planned request has its answer or was refused, 3 when the run stopped
    early and the same command goes on from there, 2 for what you must mend first.
    """
    from introspect_bayes.collect import CollectionStoppedError, RunSettings, collect_replies
    from introspect_bayes.presentation.collecting import CollectionProgress, summary
    from introspect_bayes.protocol.requests import SamplingOptions

    check_writable(json_file)
    conditions = SamplingOptions(
        temperature=_temperature(temperature),
        seed=sampling_seed,
        max_tokens=max_tokens,
        decision_max_tokens=decision_max_tokens,
        log_probabilities=log_probabilities,
        structured_reports=_structure(structured_reports, json_object_reports),
        limit_parameter=limit_parameter,
        extra=_extras(option or []),
    )
    prices = paying.prices()
    prepared = _prepared(study, task, ablations, ablation_prompt, write=not dry_run)
    if dry_run:
        how = (task, limit, prices, ask_refused_again)
        _dry_run(prepared, model, conditions, how, json_file)
        return
    settings = RunSettings(
        concurrency=concurrency,
        limit=limit,
        attempts=attempts,
        timeout=timeout,
        stop_on_warning=stop_on_warning,
        answers_as=answers_as,
        ask_refused_again=ask_refused_again,
    )
    try:
        with CollectionProgress(prices, shown=sys.stderr.isatty(), quiet=quiet) as progress:
            collection = collect_replies(
                study,
                model,
                base_url=base_url,
                conditions=conditions,
                settings=settings,
                progress=progress,
                task=task,
            )
    except CollectionStoppedError as stopped:
        write_json(json_file, stopped.collection.as_dict())
        raise
    write_json(json_file, collection.as_dict())
    say(summary(collection), json_file)
    _close(collection, study, task, json_file)


def _prepared(
    study: Path,
    task: "PlannedTask",
    ablations: int | None,
    ablation_prompt: Path | None,
    *,
    write: bool,
) -> "PreparedStudy":
    """Read the study; with its ablations, if they are asked for."""
    from introspect_bayes.protocol.ablations import prepare_ablations, with_ablations
    from introspect_bayes.protocol.study_folder import read_study_folder

    if task == "ablation":
        if write:
            return prepare_ablations(study, ablations, ablation_prompt)
        return with_ablations(read_study_folder(study), ablations, ablation_prompt)
    if ablations is not None or ablation_prompt is not None:
        msg = "--ablations and --ablation-prompt go with --task ablation"
        raise InputError(msg)
    return read_study_folder(study)


def _close(
    collection: "Collection", study: Path, task: "PlannedTask", json_file: Path | None
) -> None:
    if not collection.complete:
        raise typer.Exit(ExitCode.RESUMABLE)
    if task == "ablation":
        from introspect_bayes.presentation.ablations import ablation_summary

        say(ablation_summary(study, collection.model), json_file)
        return
    say(f"Next: introspect-bayes analyze {study}", json_file)


def _dry_run(
    prepared: "PreparedStudy",
    model: str,
    conditions: "SamplingOptions",
    how: "tuple[PlannedTask, int | None, Prices | None, bool]",
    json_file: Path | None,
) -> None:
    from contextlib import ExitStack

    from introspect_bayes.collect import plan_collection
    from introspect_bayes.presentation.collecting import estimate_in_words, estimate_table
    from introspect_bayes.protocol.study_folder import REPLIES_FILE
    from introspect_bayes.store import Store

    path = prepared.folder / REPLIES_FILE
    task, limit, prices, again = how
    with ExitStack() as stack:
        store = stack.enter_context(Store(path, read_only=True)) if path.is_file() else None
        plan = plan_collection(prepared, store, model, conditions, task, ask_refused_again=again)
    console_beside(json_file).print(estimate_table(plan, limit, prices))
    refused = f", {len(plan.refused):,} refused by the server" if plan.refused else ""
    say(
        f"{len(plan.trials):,} planned, {len(plan.answered):,} answered{refused}; nothing was "
        f"asked.\n{estimate_in_words(plan, limit)}",
        json_file,
    )
    prompts, replies = plan.estimate.total(dict(plan.tasks(plan.left[:limit])))
    write_json(
        json_file,
        {
            "planned": len(plan.trials),
            "answered": len(plan.answered),
            "refused": len(plan.refused),
            "to_ask": len(plan.left[:limit]),
            "prompt_tokens": round(prompts),
            "reply_tokens": round(replies),
            "guessed": plan.estimate.guessed(plan.tasks(plan.left[:limit])),
            "cost": None if prices is None else prices.cost(prompts, replies),
        },
    )


def _structure(schema: bool, json_object: bool) -> bool | Literal["json_object"]:  # noqa: FBT001
    if schema and json_object:
        msg = "--structured-reports and --json-object-reports: give one of them"
        raise InputError(msg)
    return "json_object" if json_object else schema


def _temperature(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError as error:
        msg = f"--temperature {text}: a number, or default to send none"
        raise InputError(msg) from error


def _extra(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        msg = f"--option {text}: write NAME=VALUE, such as top_p=0.9 or reasoning_effort=low"
        raise InputError(msg)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _extras(texts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, value = _extra(text)
        if name in found:
            msg = f"--option {name}: given twice"
            raise InputError(msg)
        found[name] = value
    return found
