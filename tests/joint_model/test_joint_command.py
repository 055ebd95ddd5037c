"""`introspect-bayes joint`: thin, checked before anything is loaded."""

import json

import pytest

from introspect_bayes.cli.main import main

pytestmark = pytest.mark.compiles


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prior", "joint_accuracy.acuracy=Normal(0, 1)"], "did you mean accuracy"),
        (["--prior", "choice_weights.slopes=Normal(0, 1)"], "no specification 'choice_weights'"),
        (["--prior", "joint_accuracy.accuracy=Flat"], "is improper"),
        (["--prior", "joint_accuracy.report_noise=Normal(0, 1)"], "must be positive"),
        (["--only", "e9"], "no figure 'e9'"),
        (["--json", "/nowhere/at/all.json"], "cannot be written"),
    ],
)
def test_bad_options_are_told_before_anything_is_loaded(options, said, capsys):
    assert main(["joint", "no-such-study", *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_is_fitted_printed_and_written(write_study, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    file = tmp_path / "joint.json"
    code = main(["joint", str(write_study()), "--only", "e2", "--json", str(file)])
    printed = capsys.readouterr().out
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert {row["figure"] for row in rows} == {"e2.acc", "e2.effect"}
    assert code == int(any(row["problems"] for row in rows))
    assert "noise-free" in printed
    assert "Predictive check: " in printed
    assert "Priors: position_bias ~ Normal(mu=0, sigma=2.5)" in printed
    for row in rows:
        for kind in ("noise_free", "mean_correlation"):
            low, high = row[kind]["hdi"]
            assert low < row[kind]["estimate"] < high
        assert row["plug_in"] is None or set(row["plug_in"]) == {"estimate", "hdi"}
        assert not {"joint", "joint_low", "plug_in_low"} & set(row)
        assert row["changed_priors"] == []
