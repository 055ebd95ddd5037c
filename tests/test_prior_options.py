"""Other priors from the command line: used, named everywhere, and refused in one line if none."""

import csv
import json

import pytest

from introspect_bayes.cli import main
from introspect_bayes.specs import changed_priors, chosen_specifications, spec

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def study(write_study):
    return write_study()


def test_another_prior_is_used_and_named_in_table_and_files(study, tmp_path, capsys):
    files = {name: tmp_path / name for name in ("usual.json", "other.json", "w.csv", "h.json")}
    command = ["analyze", str(study), "--draws", "200", "--warmup", "200", "--only", "e1.acc"]
    main([*command, "--json", str(files["usual.json"])])
    assert "differ from the paper" not in capsys.readouterr().out
    main(
        [*command, "--json", str(files["other.json"]), "--weights-csv", str(files["w.csv"]),
         "--health-json", str(files["h.json"]),
         "--prior", "report_accuracy.reported=Normal(0, 0.01)",
         "--prior", "choice_weights.slopes = Laplace(mu=0, b=1)"]
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "reported ~ Normal(mu=0, sigma=0.01) instead of Flat()" in said
    usual, other = (json.loads(files[name].read_text())[0] for name in ("usual.json", "other.json"))
    assert usual["changed_priors"] == []
    assert len(other["changed_priors"]) == 2
    # So narrow a prior leaves nothing of the slope.
    assert abs(other["estimate"]) < 0.1 < abs(usual["estimate"])
    with files["w.csv"].open() as file:
        assert "Laplace(mu=0, b=1)" in next(csv.DictReader(file))["changed_priors"]
    assert json.loads(files["h.json"].read_text())[0]["changed_priors"] == other["changed_priors"]


def test_a_specification_of_ones_own_replaces_the_shipped_one(tmp_path):
    own = tmp_path / "choice_weights.toml"
    text = (spec_folder() / "choice_weights.toml").read_text()
    own.write_text(text.replace("sigma = 1 }", "sigma = 3 }"))
    chosen = chosen_specifications(files=[own])
    assert changed_priors(chosen) == [
        "choice_weights.slopes ~ Normal(mu=0, sigma=3) instead of Normal(mu=0, sigma=1)"
    ]
    assert chosen["report_accuracy"] == spec("report_accuracy")


def spec_folder():
    from introspect_bayes.places import shipped_folder

    return shipped_folder("models")


@pytest.mark.parametrize("command", ["analyze", "reproduce", "demo"])
@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ("report_acuracy.reported=Normal(0, 1)", "did you mean report_accuracy"),
        ("report_accuracy.reportd=Normal(0, 1)", "did you mean reported"),
        ("report_accuracy.reported=Norml(0, 1)", "did you mean Normal"),
        ("report_accuracy.reported=Normal(0, sd=1)", "no argument 'sd'"),
        ("report_accuracy.reported=Normal(0, -1)", "must be positive"),
        ("report_accuracy.reported=Poisson(3)", "discrete"),
        ("report_accuracy.reported=__import__('os').getcwd()", "not a distribution"),
        ("report_accuracy.reported", "write SPECIFICATION.PARAMETER"),
        ("reported=Normal(0, 1)", "write SPECIFICATION.PARAMETER"),
        ("choice_weights.slopes=Normal('median(response)', 1)", "a choice has no median"),
    ],
)
def test_what_is_no_prior_is_refused_in_one_line(command, prior, said, study, capsys, tmp_path):
    place = {"analyze": [str(study)], "reproduce": ["--data", str(study)], "demo": []}[command]
    assert main([command, *place, "--prior", prior]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_specification_that_replaces_none_is_refused(tmp_path, study, capsys):
    own = tmp_path / "my_model.toml"
    own.write_text((spec_folder() / "choice_weights.toml").read_text())
    assert main(["analyze", str(study), "--specification", str(own)]) == 2
    assert "name the file as the specification" in capsys.readouterr().err
