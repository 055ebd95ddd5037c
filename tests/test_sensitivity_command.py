"""`sensitivity` as a user runs it: tables, files, and refusals before any work is done."""

import csv
import json

import pytest

from introspect_bayes.cli import main

pytestmark = pytest.mark.compiles

QUICK = ["--draws", "200", "--warmup", "200", "--only", "e1.acc", "--only", "e2.effect"]


@pytest.fixture(scope="module")
def study(write_study):
    return write_study()


@pytest.fixture(scope="module")
def written(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sensitivity")
    files = {kind: folder / f"moved.{kind}" for kind in ("json", "csv", "svg")}
    code = main(
        ["sensitivity", str(study), *QUICK,
         "--alternative", "report_accuracy.reported=Normal(0, 0.05)",
         "--scale", "choice_weights.slopes=0.1,10",
         "--json", str(files["json"]), "--csv", str(files["csv"]), "--plot", str(files["svg"])]
    )  # fmt: skip
    return code, files


def test_every_figure_is_written_under_every_prior(written):
    _, files = written
    rows = json.loads(files["json"].read_text())
    with files["csv"].open() as file:
        assert len(list(csv.DictReader(file))) == len(rows)
    names = {row["scenario"] for row in rows}
    assert names == {"own priors", "reported ~ Normal(0, 0.05)", "slopes x0.1", "slopes x10"}
    ids = {row["id"] for row in rows}
    assert len(rows) == len(names) * len(ids)
    assert {"e1.acc.tiny-model", "e2.effect"} == ids
    skeptical = next(r for r in rows if "0.05" in r["scenario"] and r["id"] != "e2.effect")
    assert skeptical["priors"] == "report_accuracy.reported ~ Normal(mu=0, sigma=0.05)"
    assert skeptical["hdi_low"] < skeptical["estimate"] < 0.2


def test_plot_shows_every_scenario(written):
    _, files = written
    assert files["svg"].read_text().startswith("<?xml")


def test_table_names_the_prior_that_moves_most(study, capsys):
    main(
        ["sensitivity", str(study), *QUICK,
         "--alternative", "report_accuracy.reported=Normal(0, 0.05)",
         "--prior", "choice_weights.slopes=Laplace(0, 1)"]
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "reported ~ Normal(0, 0.05)" in said
    assert "depends on the prior" in said or "the same HDIs exclude zero" in said
    assert "Priors that differ from the paper's: choice_weights.slopes ~ Laplace" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scale", "choice_weights.slopes=0"], "write positive numbers"),
        (["--scale", "report_accuracy.reported=2"], "no scale"),
        (["--alternative", "choice_weights.slopes=Poisson(2)"], "discrete"),
        (["--plot", "priors.doc"], "the ending must be one of"),
        (["--only", "e9"], "no figure 'e9'"),
    ],
)
def test_bad_input_is_refused_in_one_line(study, options, said, capsys):
    assert main(["sensitivity", str(study), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
