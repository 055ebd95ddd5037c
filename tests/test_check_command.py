"""The command that checks a study: what it prints, writes, and exits with."""

import json

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


def test_findings_and_checks_are_written_with_their_figures(capsys, study, tmp_path):
    file = tmp_path / "checks.json"
    only = ["--only", "data", "--only", "reports"]
    prior = "choice_weights.slopes=Normal(0, 2)"
    options = ["--json", file, "--draws", "300", "--warmup", "300", "--prior", prior]
    code, out, _ = run(capsys, study, *only, *options)
    written = json.loads(file.read_text())
    assert code == (written["conclusion"]["class"] == "stop")
    assert out.splitlines()[0] in written["conclusion"]["text"]
    checks = written["checks"]
    names = {check["name"] for check in checks}
    assert names == {n for n in CHECKS if n.startswith(("data.", "reports."))}
    (bounds,) = [found for found in written["findings"] if found["name"] == "bounds"]
    assert (bounds["class"], bounds["p"]) == ("known and harmless", None)
    assert "e1.acc.tiny-model" in bounds["subjects"]
    assert "residuals are not normal" in " ".join(out.split())
    assert "reports.pile-up:" not in out
    pile = next(check for check in checks if check["name"] == "reports.pile-up")
    assert pile["status"] == "fail"
    assert pile["numbers"]["share"] == pytest.approx(1 / 3, abs=0.1)
    (changed,) = pile["changed_priors"]
    assert written["changed_priors"] == [changed]
    assert (
        changed == "choice_weights.slopes ~ Normal(mu=0, sigma=2) instead of Normal(mu=0, sigma=1)"
    )
    assert changed in " ".join(out.split())


def test_nothing_found_exits_with_0_and_every_check_is_shown_in_full(capsys, study):
    code, out, err = run(capsys, study, "--only", "data.variation")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "Nothing was found that stops you or moves an accuracy."
    assert "Not looked at: " in out
    code, out, _ = run(capsys, study, "--only", "data.variation", "--full")
    assert code == 0
    assert "3 passed, 0 failed, 0 went wrong, 0 for information" in out
    assert "data.variation: Do choices and reports vary?" in out


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


def test_the_shipped_example_stops(capsys, tmp_path):
    """The small model always answers A, and most of its reports are unusable."""
    file = tmp_path / "checks.json"
    only = ["--only", "data.variation", "--only", "data.replies"]
    code, out, _ = run(capsys, "smollm2", *only, "--json", file)
    assert code == 1
    assert out.startswith("Stop: do not trust these numbers before ")
    written = json.loads(file.read_text())
    failed = {c["name"] for c in written["checks"] if c["status"] == "fail"}
    assert failed == {"data.variation", "data.replies"}
    stops = {f["name"] for f in written["findings"] if f["class"] == "stop"}
    assert "one-sided" in stops
    assert "99% of 500 choices are A" in " ".join(out.split())


def test_help_shows_an_example(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "Example: introspect-bayes check" in out
