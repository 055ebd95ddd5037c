"""What `mkdocs build` writes from the package itself, so that it cannot go stale.

A page asks for it by a line such as `<!-- generate: commands -->`.
"""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

import typer.main
from equations import equations_of, to_mathml

import introspect_bayes as ib
from introspect_bayes.cli.exit_codes import ExitCode
from introspect_bayes.cli.main import app
from introspect_bayes.places import shipped_folder
from introspect_bayes.presentation.installation import ENVIRONMENT
from introspect_bayes.specs import Specification, spec

PAPERS: Final = ("choice_weights", "report_accuracy", "introspection_training")
"""Models of the paper; they come first."""

_SHARED: Final = 3
"""Commands that have an option, for it to count as a common one."""

_MARK: Final = re.compile(r"^<!-- generate: ([a-z ]+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page by what they ask for."""
    return _MARK.sub(lambda mark: "\n".join(GENERATED[mark[1]]()), markdown)


def commands() -> Iterator[str]:
    """Write what `--help` says of every command."""
    group = typer.main.get_command(app)
    for path, command in walk(group, ()):
        name = " ".join(("introspect-bayes", *path))
        context = command.make_context(name, [], resilient_parsing=True)
        yield f"## {name}\n"
        yield f"```text\n{command.get_help(context).strip()}\n```\n"


def walk(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Walk the commands of a group, and those of its groups, with their names."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name), command


def common_options() -> Iterator[str]:
    """Write a table of the options that several commands share, and which have them."""
    having: dict[str, list[str]] = {}
    meanings: dict[str, list[str]] = {}
    for path, command in walk(typer.main.get_command(app), ()):
        for option in command.params:
            if option.param_type_name == "option":
                having.setdefault(option.opts[0], []).append(f"`{' '.join(path)}`")
                meanings.setdefault(option.opts[0], []).append(option.help or "")
    yield "| option | meaning | commands |\n| --- | --- | --- |"
    for name, names in having.items():
        if len(names) >= _SHARED:
            yield f"| `{name}` | {meanings[name][0]} | {', '.join(names)} |"


def exit_codes() -> Iterator[str]:
    """Write a table of the exit codes."""
    yield "| code | meaning |\n| --- | --- |"
    for code in ExitCode:
        yield f"| {code.value} | {code.meaning} |"


def models() -> Iterator[str]:
    """Write every file of models/: what it is for, its equations, its priors, the file."""
    folder = shipped_folder("models")
    names = sorted(path.stem for path in folder.glob("*.toml"))
    papers = [name for name in PAPERS if name in names]
    yield "## The paper's models\n"
    for name in papers:
        yield from _model(spec(name))
    yield "## Models that go further\n"
    for name in names:
        if name not in papers:
            yield from _model(spec(name))


def _model(model: Specification) -> Iterator[str]:
    text = (shipped_folder("models") / f"{model.name}.toml").read_text(encoding="utf-8")
    yield f"### {model.name}\n"
    yield f"**{model.title}.** {model.source}.\n"
    opening = re.match(r"(?:#.*\n)*", text)
    yield re.sub(r"^# ?", "", opening[0] if opening else "", flags=re.MULTILINE)
    if model.by:
        yield f"An independent fit for each {' and '.join(model.by).replace('_', ' ')}.\n"
    equations = getattr(model, "equations", "").strip("\n")
    if equations:
        yield f"```text\n{equations}\n```\n"
    else:
        lines = "".join(to_mathml(line) for line in equations_of(model))
        yield f'<div class="equations">{lines}</div>\n'
    yield "| parameter | prior |\n| --- | --- |"
    for parameter, prior in model.priors.items():
        cells = (str(cell).replace("|", "\\|") for cell in (parameter, prior))
        yield "| " + " | ".join(f"`{cell}`" for cell in cells) + " |"
    yield f'\n??? note "models/{model.name}.toml"\n'
    yield "    ```toml"
    yield from (f"    {line}".rstrip() for line in text.splitlines())
    yield "    ```\n"


def environment() -> Iterator[str]:
    """Write the table of environment variables."""
    yield "| variable | what it decides | where it is not set | goes before it |"
    yield "| --- | --- | --- | --- |"
    for variable in ENVIRONMENT:
        before = f"`{variable.overridden_by}`" if variable.overridden_by else ""
        yield f"| `{variable.name}` | {variable.meaning} | {variable.otherwise} | {before} |"


def public_names() -> Iterator[str]:
    """Write the docstring of every name in `introspect_bayes.__all__`."""
    functions, classes, constants = [], [], []
    for name in sorted(ib.__all__, key=str.lower):
        thing = getattr(ib, name)
        kind = classes if isinstance(thing, type) else functions if callable(thing) else constants
        kind.append(name)
    for title, names in (("Functions", functions), ("Classes", classes), ("Constants", constants)):
        yield f"## {title}\n"
        for name in names:
            yield f"::: {home(name)}.{name}\n"


def home(name: str) -> str:
    """Return the module that defines a public name."""
    module = getattr(getattr(ib, name), "__module__", None)
    if module is not None and hasattr(import_module(module), name):
        return str(module)
    return f"introspect_bayes.{ib._HOMES[name]}"  # noqa: SLF001 - constants know no home


GENERATED: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "commands": commands,
    "common options": common_options,
    "exit codes": exit_codes,
    "models": models,
    "environment": environment,
    "public names": public_names,
}
"""What can be asked for."""
