"""The public workflows parse, and what they run exists in pyproject.toml."""

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def after(words: list[str], option: str) -> list[str]:
    return [b for a, b in pairwise(words) if a == option]


def test_there_are_workflows():
    assert {p.stem for p in WORKFLOWS} == {"docs", "nightly", "prereleases", "release", "tests"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_workflows_are_least_privileged_and_end(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    assert True in workflow, "YAML reads the key `on` as true"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 360
        assert set(job.get("permissions", {"id-token": "write"})) == {"id-token"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_actions_are_pinned_by_major_version(path):
    for step in steps(read(path)):
        assert ("run" in step) != ("uses" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(release/)?v\d+", step["uses"]), step["uses"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_commands_name_what_exists(path):
    marks = {m.split(":")[0] for m in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    for step in steps(read(path)):
        if "run" not in step:
            continue
        assert ".ci" not in step["run"]
        words = shlex.split(step["run"])
        assert set(after(words, "--extra")) <= set(PROJECT["project"]["optional-dependencies"])
        assert set(after(words, "--group")) <= set(PROJECT["dependency-groups"])
        if "pytest" in words:
            for wanted in after(words[words.index("pytest") :], "-m"):
                assert set(re.findall(r"\w+", wanted)) - {"not", "and", "or"} <= marks
        for word in words:
            if word.startswith("tests/"):
                assert (ROOT / word).exists(), word


def test_every_python_of_the_classifiers_is_tested():
    rows = read(ROOT / ".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    named = "Programming Language :: Python :: "
    known = {
        c.removeprefix(named) for c in PROJECT["project"]["classifiers"] if c.startswith(named)
    }
    assert known == set(rows["python"])
    assert min(known, key=lambda v: int(v.split(".")[1])) in PROJECT["project"]["requires-python"]


def test_issue_templates_ask_for_what_info_says():
    text = (ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text(encoding="utf-8")
    assert "introspect-bayes info --json" in text
    for path in (ROOT / ".github").rglob("*.yml"):
        assert read(path), path
