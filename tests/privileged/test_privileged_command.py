"""`privileged-access`, and what analyze and reproduce show of it."""

import json

import pytest

from introspect_bayes.cli import main

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def study(write_study):
    return write_study(base_models=("m-one", "m-two"), contexts=12)


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_command_writes_and_prints_every_table(capsys, study, tmp_path):
    file = tmp_path / "access.json"
    only = ["--only", "e2.acc", "--json", file]
    code, out, _ = run(capsys, "privileged-access", study, *only)
    assert code == 0
    (figure,) = json.loads(file.read_text())
    assert figure["id"] == "privileged.e2.acc"
    assert len(figure["correlations"]) == 4
    assert figure["changed_priors"] == []
    for told in ("own minus other", "weights of m-two", "partial r", "towards the same targets"):
        assert told in out


def test_analyze_shows_it_below_the_figures(capsys, study, tmp_path):
    file = tmp_path / "figures.json"
    options = ["--only", "privileged.e2.acc", "--only", "e1.agree", "--json", file]
    prior = ["--prior", "privileged_access.correlation=LKJCorr(3)"]
    code, out, _ = run(capsys, "analyze", study, *options, *prior)
    assert code == 0
    ids = [row["id"] for row in json.loads(file.read_text())]
    assert ids == ["e1.agree.m-one", "e1.agree.m-two", "privileged.e2.acc"]
    assert out.index("Estimates") < out.index("Do own reports tell")
    changed = "privileged_access.correlation ~ LKJCorr(eta=3) instead of LKJCorr(eta=1)"
    assert changed in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "e2.ac"], "did you mean e2.acc?"),
        (["--json", "/nowhere/f.json"], "cannot be written"),
        (["--prior", "privileged_access.correlation=Normal(0, 1)"], "take LKJCorr(1)"),
    ],
)
def test_bad_options_exit_with_2_and_one_message(capsys, study, arguments, complaint):
    code, out, err = run(capsys, "privileged-access", study, *arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert "Traceback" not in err


def test_a_study_of_one_model_is_refused_with_the_reason(capsys, write_study):
    code, _, err = run(capsys, "privileged-access", write_study(), "--only", "e2.acc")
    assert code == 2
    assert "own and other need two models, but only tiny-model has both" in err


def test_analyze_of_one_model_has_no_such_figures(capsys, write_study):
    code, _, err = run(capsys, "analyze", write_study(), "--only", "privileged")
    assert code == 2
    assert "no figure 'privileged'" in err
