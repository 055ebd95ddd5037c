"""The documentation builds without a network, no link is broken, and its code runs as written."""

import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import typer.main

import introspect_bayes as ib
from documented_commands import PAGES, READ, ROOT, blocks, our_commands
from introspect_bayes.cli.main import app, main
from introspect_bayes.places import shipped_folder

LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
"""What a browser fetches by itself, and where its address stands."""


class Page(HTMLParser):
    """The ids and links of a page, and what it makes a browser load."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]) and given.get("rel") != "canonical":
            self.loads.append(given[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason="the group docs is not installed: uv sync --group docs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # No server answers: whatever the build wanted from the network would fail it.
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    environment = os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1"}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return {path: Page(path) for path in sorted(folder.rglob("*.html"))}


@pytest.mark.compiles
def test_no_link_is_broken(site):
    checked = 0
    for path, page in site.items():
        if path.name == "404.html":  # its links start at the server's root
            continue
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme in {"http", "https"}:
                continue
            assert not parts.scheme, f"{path.name}: {link}"
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
                target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in site:
                assert unquote(parts.fragment) in {*site[target].ids, "__top"}, f"{path}: {link}"
            checked += 1
    assert checked > 300


@pytest.mark.compiles
def test_nothing_is_loaded_from_other_servers(site):
    for path, page in site.items():
        outside = [address for address in page.loads if urlsplit(address).netloc]
        assert not outside, f"{path.name}: {outside}"


def text_of(site, name):
    path = next(path for path in site if path.as_posix().endswith(name))
    return path.read_text(encoding="utf-8")


@pytest.mark.compiles
def test_reference_has_every_public_name_command_and_model(site):
    python = next(page for path, page in site.items() if path.name == "python.html")
    endings = {name.rpartition(".")[2] for name in python.ids}
    assert not set(ib.__all__) - endings
    commands = text_of(site, "reference/commands.html")
    assert all(f"introspect-bayes {' '.join(path)}" in commands for path, _ in all_commands())
    models = text_of(site, "explanation/models.html")
    for file in shipped_folder("models").glob("*.toml"):
        assert f"models/{file.name}" in models
    assert "<math" in models


@pytest.mark.compiles
def test_no_page_asks_for_what_nobody_generates(site):
    assert all("generate:" not in path.read_text(encoding="utf-8") for path in site)


@pytest.mark.compiles
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(not block.not_run for block in blocks(page, "python"))],
    ids=lambda page: page.relative_to(ROOT / "docs").as_posix(),
)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    """All blocks of a page, one after the other, in an empty folder; warnings are errors."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    for number, block in enumerate(blocks(page, "python"), start=1):
        if not block.not_run:
            exec(compile(block.text, f"{page.name}, block {number}", "exec"), names)  # noqa: S102


def all_commands(group=None, path=()):
    for name, command in (group or typer.main.get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize("page", READ, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_shell_blocks_name_commands_and_options_that_exist(page):
    known = dict(all_commands())
    for words in our_commands(page):
        if words[0].startswith("--"):
            group = typer.main.get_command(app)
            assert words[0] in {name for option in group.params for name in option.opts}, words
            continue
        size = 2 if tuple(words[:2]) in known else 1
        command = known[tuple(words[:size])]
        # Reads and checks every argument as a call would, without the call.
        command.make_context(" ".join(words[:size]), words[size:])


def test_every_helpful_example_exists():
    """Each command's help ends with an example that the command itself would take."""
    for path, command in all_commands():
        assert command.epilog, path
        words = shlex.split(command.epilog.removeprefix("Example: "))
        assert words[: 1 + len(path)] == ["introspect-bayes", *path]
        command.make_context(" ".join(path), words[1 + len(path) :])


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ("--json", "Path"), ("--csv", "Path"), ("--plot", "Path"), ("--seed", "int"),
        ("--draws", "int"), ("--warmup", "int"), ("--prior", "list"), ("--engine", "str"),
        ("--no-cache", "bool"), ("--only", "list"), ("--where", "list"), ("--pool", "list"),
    ],
)  # fmt: skip
def test_an_option_means_the_same_in_every_command(option, kind):
    having = [
        (path, parameter)
        for path, command in all_commands()
        for parameter in command.params
        if option in parameter.opts
    ]
    assert having
    for path, parameter in having:
        assert kind in str(parameter.type_descriptor.annotation), path


def test_commands_that_fit_share_their_options():
    """Whoever takes a prior takes everything else that decides the draws, and writes files."""
    for path, command in all_commands():
        options = {name for parameter in command.params for name in parameter.opts}
        takes_a_study = any(parameter.name == "study" for parameter in command.params)
        if "--prior" in options and takes_a_study:
            assert "--parser" in options, path
        if "--prior" in options:
            wanted = {"--seed", "--draws", "--warmup", "--specification", "--no-cache"}
            wanted |= {"--where", "--pool"} if path != ("demo",) else set()
            assert not wanted - options, path
            assert {"--json", "--format"} & options, path


def test_help_lists_whole_sentences_and_exit_codes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "..." not in said.partition("Commands:")[2]
    together = "".join(said.split())  # lines may break after a hyphen, too
    for _, command in all_commands():
        assert "".join((command.short_help or "").split()) in together
    said = " ".join(said.split())
    assert all(code in said for code in ("0 done", "1 done", "2 something", "3 stopped", "130"))


def test_reproduction_page_has_every_published_figure():
    written = (ROOT / "docs" / "reproduction.md").read_text(encoding="utf-8")
    from introspect_bayes.analysis.published import published_figures

    assert all(f"| `{name}` |" in written for name in published_figures())


@pytest.mark.compiles
def test_equations_name_every_parameter_and_leave_no_latex(site):
    """What MathML has no sign for would be drawn as it is written."""
    models = text_of(site, "explanation/models.html")
    equations = re.findall(r"<math.*?</math>", models, re.DOTALL)
    assert equations
    assert not any("\\" in equation or "&amp;" in equation for equation in equations)
    for name in ("reported", "introspection_trained", "base_model"):
        assert any(f"<mtext>{name}</mtext>" in equation for equation in equations)
