"""Every command in README and documentation is run by a test, or a note says why it is not.

They run as they are written, page by page, in a folder where a study of one's own, and a small
study in the place of the paper's data, lie ready; a chat API on loopback answers for the servers
that they name. What takes long runs with `-m slow`.
"""

import shutil
from dataclasses import replace

import pytest

import introspect_bayes as ib
from chat_server import ChatServer
from documented_commands import READ, ROOT, Line, lines
from introspect_bayes.cli import main
from introspect_bayes.places import shipped_folder
from introspect_bayes.simulate import SimulatedDesign, simulate_study
from introspect_bayes.study.download import DATA_VARIABLE
from split_data import CHOICES, reverse_every_other_choice

pytestmark = pytest.mark.compiles

SERVERS = ("http://localhost:11434/v1", "http://localhost:8000/v1")

RUN_BY_CI = {
    "pip install uv": "pip install --quiet uv",
    "uv run pytest": "--group docs pytest",
    "uv run ruff check": "uv run ruff check",
    "uv run ruff format --check": "uv run ruff format --check",
    "uv run mypy": "uv run mypy",
}
"""What sets the tests themselves up, and where `.ci/run` does it."""

FITS = ("analyze", "check", "demo", "joint", "reproduce", "report", "sensitivity", "scores", "plan")
"""Of small data a fit may fail its diagnostics, which is exit code 1."""

SLOW = (
    "demo", "analyze practice-full", "verify practice-full", "check", "sensitivity", "joint",
    "report", "plan", "scores", "collect my-training",
)  # fmt: skip
"""How commands begin that take long even here, and those that need what these leave behind."""


def is_slow(line):
    return line.ours is not None and " ".join(line.ours).startswith(SLOW)


def run_here(page):
    return [line for line in lines(page) if not line.not_run and str(line) not in RUN_BY_CI]


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory, write_study):
    """A folder with what the pages take for granted."""
    folder = tmp_path_factory.mktemp("given")
    models = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18")
    shutil.copytree(write_study(base_models=models), folder / "self-interpretability" / "data")
    shutil.copy(shipped_folder("models") / "report_accuracy.toml", folder)
    shutil.copytree(write_study(), folder / "my-files")
    shutil.copytree(write_study(), folder / "my-data")
    reverse_every_other_choice(folder / "my-data" / CHOICES)
    (folder / "contexts").mkdir()
    shutil.copy(folder / "my-files" / "scenarios.csv", folder / "contexts")
    design = SimulatedDesign.shipped()
    design = replace(design, models=design.models[:1])
    simulate_study(folder / "my-study", design, seed=1, instilled=6, native=6)
    scores = ib.simulate_scores(ib.ScoreDesign(items=4), seed=1)
    table = zip(*scores.columns.values(), strict=True)
    rows = [",".join(scores.columns), *(",".join(map(str, row)) for row in table)]
    (folder / "scores.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def place(tmp_path, stand_ins, monkeypatch):
    """A reader's folder; nobody has a key."""
    folder = tmp_path / "reader"
    shutil.copytree(stand_ins, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv(DATA_VARIABLE, str(folder / "self-interpretability" / "data"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return folder


def run(line, server):
    """Run a command as it is written, but for the server's address."""
    words = [server.address if word in SERVERS else word for word in line.ours]
    if words[0] == "prepare":  # the page makes what others find ready
        shutil.rmtree(words[1], ignore_errors=True)
    code = main(words)
    # Hosted training wants a key, and nothing else.
    allowed = {"train": {2}}.get(words[0], {0, 1} if words[0] in FITS else {0})
    assert code in ({3} if "--limit" in words else allowed), line


def pages(*, slow):
    found = [page for page in READ if any(is_slow(line) or not slow for line in run_here(page))]
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in found]


@pytest.mark.parametrize("page", pages(slow=False))
def test_commands_run_as_written(page, place):
    with ChatServer() as server:
        for line in run_here(page):
            assert line.ours is not None, f"{line}: who runs it? Say why no test does"
            if not is_slow(line):
                run(line, server)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages(slow=True))
def test_commands_that_take_long_run_as_written(page, place):
    with ChatServer() as server:
        for line in run_here(page):
            run(line, server)


def test_what_sets_tests_up_is_run_by_ci():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert all(told in script for told in RUN_BY_CI.values())
    named = {str(line) for page in READ for line in lines(page)}
    assert set(RUN_BY_CI) <= named


def test_a_slow_command_is_a_documented_one():
    """Whoever changes a command also changes what is known of it."""
    known = [" ".join(line.ours) for page in READ for line in run_here(page) if line.ours]
    for start in SLOW:
        assert any(line.startswith(start) for line in known), start


@pytest.mark.parametrize("page", READ, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_note_gives_a_reason(page):
    written = page.read_text(encoding="utf-8")
    assert written.count("not run by a test") == written.count("<!-- not run by a test: ")
    for line in lines(page):
        assert not line.not_run or len(line.not_run.split()) > 3, line


def test_blocks_are_read_as_a_shell_would(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- not run by a test: it needs a moon -->\n\n```sh\nlaunch moon\n```\n\n"
        "Then\n\n```sh\nuv run x && uv run introspect-bayes info  # says what there is\n"
        '# nothing here\nintrospect-bayes plan \\\n    --prior a="Normal(0, 1)"\n```\n',
        encoding="utf-8",
    )
    assert lines(page) == [
        Line(("launch", "moon"), "it needs a moon"),
        Line(("uv", "run", "x"), ""),
        Line(("uv", "run", "introspect-bayes", "info"), ""),
        Line(("introspect-bayes", "plan", "--prior", "a=Normal(0, 1)"), ""),
    ]
    assert [line.ours for line in lines(page)][2:] == [
        ["info"],
        ["plan", "--prior", "a=Normal(0, 1)"],
    ]
