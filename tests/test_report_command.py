"""`report`, and `--report` beside other commands, as a user runs them."""

import pandas as pd
import pytest

from introspect_bayes.cli import main

pytestmark = pytest.mark.compiles

QUICK = ["--draws", "200", "--warmup", "200", "--seed", "5"]
FEW = [
    option
    for section in ("contexts", "predictive", "reports", "health")
    for option in ("--without", section)
]


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("ending", "first"), [("html", "<!DOCTYPE html>"), ("md", "# How well"), ("tex", "% How well")]
)
def test_a_report_is_written_with_its_data(capsys, tmp_path, ending, first):
    file = tmp_path / f"small.{ending}"
    code, out, err = run(capsys, "report", "smollm2", "--output", file, *QUICK, *FEW)
    assert code in {0, 1}  # 200 draws may fail their diagnostics
    assert out == ""
    assert f"Wrote {file}, and the numbers behind it to {tmp_path / 'small-data'}" in err
    assert file.read_text(encoding="utf-8").startswith(first)
    assert (tmp_path / "small-data" / "headline.csv").is_file()


def test_without_a_name_the_report_is_called_as_the_study(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, _ = run(capsys, "report", "smollm2", "--format", "csv", *QUICK, *FEW)
    assert code in {0, 1}
    frame = pd.read_csv(tmp_path / "smollm2-report.csv")
    assert "native.acc.smollm2-135m-instruct" in set(frame["id"])


def test_analyze_writes_the_report_of_what_it_printed(capsys, tmp_path):
    file = tmp_path / "small.html"
    code, out, err = run(capsys, "analyze", "smollm2", *QUICK, "--report", file)
    assert code in {0, 1}
    assert "native.acc.smollm2-135m-instruct" in out
    assert f"Wrote {file}" in err
    page = file.read_text(encoding="utf-8")
    row = pd.read_csv(tmp_path / "small-data" / "headline.csv").set_index("id")
    estimate = row.loc["native.acc.smollm2-135m-instruct", "estimate"]
    shown = f"{estimate:.2f}".replace("0.", ".")
    assert shown in page
    assert shown in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "{here}/nowhere/r.html"], "its folder does not exist"),
        (["--output", "{here}"], "a report cannot end in ''"),
        (["--output", "{here}/folder.html"], "is a folder; name a file"),
        (["--output", "{here}/r.pdf"], "a report cannot end in '.pdf'"),
        (["--output", "{here}/r.html", "--format", "word"], "no format 'word'"),
        (["--output", "{here}/mine.html"], "is not the data of an earlier report"),
        (["--with", "loo"], "nothing to add is called 'loo'"),
        (["--without", "figures"], "no section 'figures'"),
    ],
)
def test_bad_input_is_refused_in_one_line(capsys, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "mine-data").mkdir()
    (tmp_path / "mine-data" / "a.csv").write_text("a\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    given = [option.format(here=tmp_path) for option in options]
    code, out, err = run(capsys, "report", "smollm2", *QUICK, *given)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_report_of_a_few_figures_is_refused(capsys, tmp_path):
    file = tmp_path / "r.html"
    code, _, err = run(capsys, "analyze", "smollm2", "--only", "native", "--report", file)
    assert code == 2
    assert "leave out --only" in err
