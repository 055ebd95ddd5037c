"""A study folder: everything that is fixed before any model is asked."""

import csv
import random
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import tomli_w

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.ablation_file import ABLATIONS_FILE, read_ablations
from introspect_bayes.protocol.context_files import (
    read_candidates,
    require_unique,
    write_candidates,
)
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.paper_material import Weights, write_targets
from introspect_bayes.protocol.parse import NEWEST
from introspect_bayes.protocol.prompts import PromptTemplate, read_template, shipped_template
from introspect_bayes.protocol.replies_file import REPLIES_FILE as REPLIES_FILE  # noqa: PLC0414 - part of the folder
from introspect_bayes.protocol.replies_file import require_no_replies, set_replies_aside
from introspect_bayes.protocol.stages import PAPER_STAGES, STUDY_STAGES, StagePlan
from introspect_bayes.protocol.training import Counts, learned_answers, write_training
from introspect_bayes.protocol.trials import Options, Task, Trial, draw_target_weights, draw_trials

STUDY_FILE: Final = "study.toml"
CONTEXTS_FILE: Final = "contexts.json"
TARGETS_FILE: Final = "target_weights.csv"
TRIALS_FILE: Final = "trials.csv"
TRAINING_FOLDER: Final = "training"
TEMPLATES: Final[dict[Task, str]] = {"decision": "decision.toml", "report": "report.toml"}
ABLATION_TEMPLATE: Final = "ablation.toml"

FORMAT: Final = 1
"""Version of the folder's layout."""


@dataclass(frozen=True)
class PreparedStudy:
    """A study folder's content.

    Attributes
    ----------
    folder
        Where it lies.
    name, seed, counts, parser
        From `study.toml`.
    contexts
        Contexts by set, "instilled" and "native".
    targets
        Target weights of the instilled contexts.
    trials
        All trials.
    templates
        Prompt templates by task; that of the ablation question is the shipped one until ablations
        are prepared.
    stages
        What each stage of a model is asked.
    ablations
        Trials of the ablation task (`prepare_ablations`), without the decisions that they ablate;
        these are among `trials`.
    """

    folder: Path
    name: str
    seed: int
    counts: Counts
    parser: str
    contexts: dict[str, list[DecisionContext]]
    targets: Weights
    trials: list[Trial]
    templates: dict[Task, PromptTemplate]
    stages: tuple[StagePlan, ...] = STUDY_STAGES
    ablations: tuple[Trial, ...] = ()


def prepare_study(  # noqa: PLR0913 - everything that a study is made of
    folder: Path,
    contexts: Mapping[str, Sequence[DecisionContext]],
    template_files: Mapping[Task, Path],
    *,
    counts: Counts | None = None,
    seed: int = 1,
    stages: Sequence[StagePlan] = STUDY_STAGES,
    learned: Mapping[str, Sequence[float]] | None = None,
    force: bool = False,
) -> PreparedStudy:
    """Write a study folder.

    Parameters
    ----------
    folder
        New or empty, unless `force`; a folder that holds replies is never overwritten. A store
        in which nothing was answered is kept under another name.
    contexts
        Contexts by set: "instilled" and "native"; one set may be empty.
    template_files
        Prompt templates by task.
    counts
        How much of everything; the paper's counts if not given.
    seed
        Seed of target weights, examples and trials.
    stages
        What each stage of a model is asked.
    learned
        Learned weights by context, to make introspection examples from; else the targets.
    force
        Whether to overwrite an earlier study without replies.

    Raises
    ------
    InputError
        If anything is missing, doubled or would be overwritten; nothing is written then.
    """
    counts = counts or Counts()
    _require_usable(contexts)
    templates = _templates_for_tasks(template_files)
    targets = draw_target_weights(
        contexts["instilled"],
        random.Random(f"{seed}/targets"),  # noqa: S311
    )
    answers = targets if learned is None else learned_answers(contexts["instilled"], learned)
    _clear(folder, force=force)
    trials = _all_trials(contexts, counts, seed)
    _copy_templates(template_files, folder)
    write_candidates([c for members in contexts.values() for c in members], folder / CONTEXTS_FILE)
    write_targets(contexts["instilled"], targets, folder / TARGETS_FILE)
    _write_trials(trials, folder / TRIALS_FILE)
    if contexts["instilled"]:
        write_training(
            folder / TRAINING_FOLDER,
            contexts["instilled"],
            templates,
            counts,
            seed,
            targets,
            answers,
        )
    description = {
        "format": FORMAT,
        "name": folder.resolve().name,
        "seed": seed,
        "parser": NEWEST["strict"].name,
        "introspection_examples_from": "learned weights" if learned else "target weights",
        "made_with": f"introspect-bayes {version('introspect-bayes')}",
        "prompts": {task: template.name for task, template in templates.items()},
        "counts": asdict(counts),
        "asked": {plan.name: [" ".join(pair) for pair in plan.asked] for plan in stages},
        "contexts": {name: [c.name for c in members] for name, members in contexts.items()},
    }
    (folder / STUDY_FILE).write_text(tomli_w.dumps(description), encoding="utf-8", newline="\n")
    return read_study_folder(folder)


def _require_usable(contexts: Mapping[str, Sequence[DecisionContext]]) -> None:
    everything = [context for members in contexts.values() for context in members]
    require_unique(everything, "contexts")
    for context in everything:
        if len(context.attributes) < 2:  # noqa: PLR2004
            msg = (
                f"decision context {context.name!r} has one attribute; weights say something only "
                "relative to each other, so a study needs two or more"
            )
            raise InputError(msg)
    if len(contexts["instilled"]) == 1 or not everything:
        msg = "a study needs two instilled contexts or more, or none of them and a native one"
        raise InputError(msg)


def _templates_for_tasks(files: Mapping[Task, Path]) -> dict[Task, PromptTemplate]:
    templates = {task: read_template(path) for task, path in files.items()}
    for task, template in templates.items():
        if template.task != task:
            msg = f"{files[task]}: a {template.task} template; a {task} template is needed"
            raise InputError(msg)
    return templates


def _all_trials(
    contexts: Mapping[str, Sequence[DecisionContext]], counts: Counts, seed: int
) -> list[Trial]:
    choices = {"instilled": counts.instilled_choices, "native": counts.native_choices}
    return [
        trial
        for context_set, members in contexts.items()
        for trial in draw_trials(
            members,
            context_set,
            {"decision": choices[context_set], "report": counts.reports},
            seed,
        )
    ]


def _clear(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        msg = f"{folder}: is a file"
        raise InputError(msg)
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    require_no_replies(folder)
    if not (folder / STUDY_FILE).is_file():
        msg = f"{folder}: is not empty and holds no study; choose another folder"
        raise InputError(msg)
    if not force:
        msg = f"{folder}: holds another study; choose another folder, or `prepare` it with --force"
        raise InputError(msg)
    set_replies_aside(folder)
    for name in (STUDY_FILE, CONTEXTS_FILE, TARGETS_FILE, TRIALS_FILE, ABLATIONS_FILE):
        (folder / name).unlink(missing_ok=True)
    for name in ("prompts", TRAINING_FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)


def _copy_templates(files: Mapping[Task, Path], folder: Path) -> None:
    try:
        (folder / "prompts").mkdir(parents=True)
    except OSError as error:
        msg = f"{folder}: the folder cannot be made: {error.strerror}"
        raise InputError(msg) from error
    for task, path in files.items():
        shutil.copyfile(path, folder / "prompts" / TEMPLATES[task])


def _write_trials(trials: Sequence[Trial], path: Path) -> None:
    ks = range(1, max(len(trial.options.a) for trial in trials) + 1)
    header = ["task", "context_set", "context", "number"]
    header += [f"{option}_attribute_{k}" for option in "AB" for k in ks]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for trial in trials:
            blank = [""] * (len(ks) - len(trial.options.a))
            values = [*trial.options.a, *blank, *trial.options.b, *blank]
            writer.writerow([trial.task, trial.context_set, trial.context, trial.number, *values])


def read_study_folder(folder: Path) -> PreparedStudy:
    """Read a study folder.

    Raises
    ------
    InputError
        If a file is missing, malformed, or does not fit the others.
    """
    if not (folder / STUDY_FILE).is_file():
        what = "holds no study" if folder.is_dir() else "no such study folder"
        msg = f"{folder}: {what} (no {STUDY_FILE}); make one with `introspect-bayes prepare`"
        raise InputError(msg)
    try:
        table = tomllib.loads((folder / STUDY_FILE).read_text(encoding="utf-8"))
        _require_known_format(table["format"], folder / STUDY_FILE)
        by_name = {c.name: c for c in read_candidates(folder / CONTEXTS_FILE)}
        contexts = {name: [by_name[n] for n in names] for name, names in table["contexts"].items()}
        trials = _read_trials(folder / TRIALS_FILE, by_name)
        return PreparedStudy(
            folder=folder,
            name=str(table["name"]),
            seed=int(table["seed"]),
            counts=Counts(**table["counts"]),
            parser=str(table["parser"]),
            contexts=contexts,
            targets=_read_targets(folder / TARGETS_FILE, by_name),
            trials=trials,
            templates=_templates(folder / "prompts"),
            stages=_stages(table.get("asked"), folder / STUDY_FILE),
            ablations=read_ablations(folder / ABLATIONS_FILE, trials, by_name),
        )
    except InputError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        msg = f"{folder}: not a readable study folder: {error}"
        raise InputError(msg) from error
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{folder / STUDY_FILE}: incomplete or inconsistent: {error}"
        raise InputError(msg) from error


def _templates(folder: Path) -> dict[Task, PromptTemplate]:
    templates = {task: read_template(folder / name) for task, name in TEMPLATES.items()}
    own = folder / ABLATION_TEMPLATE
    templates["ablation"] = read_template(own) if own.exists() else shipped_template("ablation-1")
    return templates


def _require_known_format(number: int, path: Path) -> None:
    if number > FORMAT:
        msg = f"{path}: written by a newer version; update introspect-bayes"
        raise InputError(msg)


def _stages(asked: Mapping[str, Sequence[str]] | None, path: Path) -> tuple[StagePlan, ...]:
    """Read what each stage is asked; studies prepared before it was written ask as the paper."""
    if asked is None:
        return PAPER_STAGES
    known = {plan.name: plan for plan in STUDY_STAGES}
    pairs = {f"{t} {s}": (t, s) for t in TEMPLATES for s in ("instilled", "native")}
    for name in asked:
        _require_known(name, list(known), path)
        for pair in asked[name]:
            _require_known(pair, list(pairs), path)
    return tuple(
        replace(known[name], asked=tuple(pairs[pair] for pair in wanted))
        for name, wanted in asked.items()
    )


def _require_known(word: str, words: Sequence[str], path: Path) -> None:
    if word not in words:
        msg = f"{path}: [asked] has {word!r}; it may have {', '.join(words)}"
        raise InputError(msg)


def _read_targets(path: Path, contexts: Mapping[str, DecisionContext]) -> Weights:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    try:
        return {
            name: tuple(int(cell) for cell in cells[: len(contexts[name].attributes)])
            for name, *cells in rows
        }
    except (KeyError, ValueError) as error:
        msg = f"{path.name}: {error}"
        raise InputError(msg) from error


def _read_trials(path: Path, contexts: Mapping[str, DecisionContext]) -> list[Trial]:
    trials = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.reader(file), start=1):
            if line == 1:
                width = (len(row) - 4) // 2
                continue
            try:
                task, context_set, context, number, *cells = row
                count = len(contexts[context].attributes)
                a = tuple(float(cell) for cell in cells[:count])
                b = tuple(float(cell) for cell in cells[width : width + count])
                pair = Options(a, tuple(b[k] for k in range(count)))
                trials.append(Trial(task, context_set, context, int(number), pair))  # type: ignore[arg-type]
            except (KeyError, ValueError, IndexError) as error:
                msg = f"{path.name}, line {line}: {error}"
                raise InputError(msg) from error
    return trials
