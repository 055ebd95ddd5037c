"""The command that checks a study: what it prints, writes, and exits with."""

import json
from collections import Counter

import pytest

from introspect_bayes.checks import CHECKS
from introspect_bayes.cli import main

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def study(write_study):
    return write_study(contexts=8)


def run(capsys, *arguments):
    code = main(["check", *(str(argument) for argument in arguments)])
    return code, *capsys.readouterr()


def test_failures_exit_with_1_and_are_written_with_their_figures(capsys, study, tmp_path):
    file = tmp_path / "checks.json"
    only = ["--only", "data", "--only", "reports"]
    prior = "choice_weights.slopes=Normal(0, 2)"
    options = ["--json", file, "--draws", "300", "--warmup", "300", "--prior", prior]
    code, out, _ = run(capsys, study, *only, *options)
    assert code == 1
    checks = json.loads(file.read_text())
    names = {check["name"] for check in checks}
    assert names == {n for n in CHECKS if n.startswith(("data.", "reports."))}
    counts = Counter(check["status"] for check in checks)
    assert f"{counts['pass']} passed, {counts['fail']} failed" in out
    assert "reports.pile-up: Do weights pile up at ±100?" in out
    pile = next(check for check in checks if check["name"] == "reports.pile-up")
    assert pile["status"] == "fail"
    assert pile["numbers"]["share"] == pytest.approx(1 / 3, abs=0.1)
    (changed,) = pile["changed_priors"]
    assert (
        changed == "choice_weights.slopes ~ Normal(mu=0, sigma=2) instead of Normal(mu=0, sigma=1)"
    )
    assert changed in " ".join(out.split())


def test_nothing_but_passes_exits_with_0(capsys, study):
    code, out, err = run(capsys, study, "--only", "data.variation")
    assert (code, err) == (0, "")
    assert "3 passed, 0 failed, 0 went wrong, 0 for information" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "choices.calibraton"], "did you mean choices.calibration"),
        (["--json", "/nowhere/f.json"], "cannot be written"),
        (["--prior", "choice_weights.slope=Normal(0, 1)"], "did you mean slopes"),
        (["--parser", "strict-1"], "holds no raw replies"),
    ],
)
def test_bad_options_exit_with_2_and_one_message(capsys, study, arguments, complaint):
    code, out, err = run(capsys, study, *arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_a_study_that_is_not_there_exits_with_2(capsys):
    code, _, err = run(capsys, "no-such-study")
    assert code == 2
    assert "no-such-study: no such study folder" in err


def test_the_shipped_example_fails_where_it_should(capsys, tmp_path):
    """The small model always answers A, and most of its reports are unusable."""
    file = tmp_path / "checks.json"
    only = ["--only", "data.variation", "--only", "data.replies"]
    code, out, _ = run(capsys, "smollm2", *only, "--json", file)
    assert code == 1
    failed = {c["name"] for c in json.loads(file.read_text()) if c["status"] == "fail"}
    assert failed == {"data.variation", "data.replies"}
    assert "99% of 500 choices are A" in " ".join(out.split())


def test_help_shows_an_example(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "Example: introspect-bayes check" in out
