"""Own minus other, on simulated studies and the paper's data."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.privileged import tables
from introspect_bayes.privileged.access_rows import shared_rows
from introspect_bayes.privileged.privileged import privileged_access

pytestmark = pytest.mark.compiles

SETTINGS = Settings.default(seed=5, draws=2000, warmup=500)
MINI, FULL = "gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"


@pytest.fixture(scope="module")
def study(write_study):
    return ib.load_study(write_study(base_models=("m-one", "m-three", "m-two"), contexts=12))


@pytest.fixture(scope="module")
def access(write_study):
    study = ib.load_study(write_study(base_models=("m-one", "m-two"), contexts=12))
    return privileged_access(Analysis(study, SETTINGS), ["e2.acc", "e3.after"])


@pytest.mark.slow
def test_three_models_have_nine_cells_and_their_contrasts(study):
    """So few rows for a matrix of six that are nearly the same: importance sampling gives up."""
    access = privileged_access(Analysis(study, SETTINGS), ["e2.acc", "e3.after"])
    assert access.fits["e2.acc"].idata["sample_stats"]["engine"].to_numpy().flat[0] == "nuts"
    cells, table = access.correlations(), access.table()
    assert len(cells) == 2 * 9
    assert table["contrast"].tolist()[:8] == [
        "overall",
        *["target"] * 3,
        *["reporter"] * 3,
        "tetrad",
    ]
    for figure, mine in cells.groupby("figure"):
        own = mine["reporter"] == mine["target"]
        overall = table[(table["figure"] == figure) & (table["contrast"] == "overall")].iloc[0]
        assert overall["own"] == pytest.approx(mine.loc[own, "estimate"].mean())
        assert overall["other"] == pytest.approx(mine.loc[~own, "estimate"].mean())
        assert overall["hdi_low"] < overall["estimate"] < overall["hdi_high"]
    assert access.problems == ()
    assert set(access.partial()["base_model"]) == {"", "m-one", "m-three", "m-two"}


def test_a_pickle_holds_all_of_it(access):
    access.fits["e2.acc"].model  # noqa: B018 - what cannot be pickled is built again
    again = pickle.loads(pickle.dumps(access))  # noqa: S301 - our own
    for table in ("table", "correlations", "partial"):
        pd.testing.assert_frame_equal(getattr(again, table)(), getattr(access, table)())
    assert again.idata.identical(access.idata)


def test_models_with_the_same_weights_have_no_privileged_access(access):
    """The study's models share their weights, and report them alike."""
    table = access.table()
    overall = table[table["contrast"] == "overall"]
    assert (overall["alike"] > 0.7).all()
    assert (overall["estimate"].abs() < 0.1).all()
    assert "towards the same targets" in access.figures["e2.acc"].warning


def test_every_table_is_shown(access):
    from rich.console import Console

    console = Console(width=110, record=True)
    for part in tables.everything(access):
        console.print(part, markup=False)
    text = console.export_text()
    for told in (
        "privileged.e2.acc",
        "m-two",
        "Regression of own weights on own",
        "12 shared contexts",
    ):
        assert told in text


def test_rows_without_a_report_stay(study):
    """Where one model reported nothing, the other's reports and all weights still count."""
    gone = (study.reports["base_model"] == "m-two") & (study.reports["context"] == "context_13")
    fewer = Analysis(replace(study, reports=study.reports[~gone]), SETTINGS)
    models, rows = shared_rows(fewer, "e3.after")
    assert models == ("m-one", "m-three", "m-two")
    assert len(rows) == 36
    missing = rows.loc[rows["reports of m-two"].isna()]
    assert set(missing["context"]) == {"context_13"}
    assert missing[["reports of m-one", "weights of m-two"]].notna().all(axis=None)


def test_a_study_of_one_model_says_why_not(study):
    one = study.base_models[0]
    frames = {
        name: getattr(study, name)[getattr(study, name)["base_model"] == one]
        for name in ("choices", "reports", "report_sets", "models")
    }
    alone = Analysis(replace(study, **frames), SETTINGS)
    with pytest.raises(CannotCompute, match="two models, but only m-one has both"):
        privileged_access(alone, ["e3.after"])
    with pytest.raises(NotInStudy, match="no model has both"):
        privileged_access(alone, ["native.acc"])


def test_models_without_shared_contexts_say_so(study):
    choices = study.choices
    number = choices["context"].str.removeprefix("context_").astype(int)
    apart = choices[(choices["base_model"] == "m-one") == (number < 18)]
    apart = apart[apart["context_set"] == "native"]
    with pytest.raises(CannotCompute, match="0 shared contexts; own and other need at least 3"):
        shared_rows(Analysis(replace(study, choices=apart), SETTINGS), "e3.after")


def test_too_few_reports_say_so(study):
    mine = (study.reports["base_model"] == "m-two") & (study.reports["context_set"] == "native")
    few = study.reports[~mine | study.reports["context"].isin(["context_12", "context_13"])]
    with pytest.raises(CannotCompute, match="m-two gave valid reports in 2 of the 12"):
        shared_rows(Analysis(replace(study, reports=few), SETTINGS), "e3.after")


def test_unknown_figures_are_named(study):
    with pytest.raises(ib.InputError, match=r"did you mean e3\.after"):
        privileged_access(study, ["e3.aftr"])


def test_figures_are_json_ready(access):
    import json

    (first, _) = access.as_dicts()
    assert json.loads(json.dumps(first)) == first
    assert first["id"] == "privileged.e2.acc"
    assert first["hdi"][0] < first["estimate"] < first["hdi"][1]
    assert len(first["correlations"]) == 4


@pytest.mark.real_data
def test_the_papers_models_know_their_native_weights_best(paper_data):
    """Own .71 and .70, other .45 and .48 after training; nearly alike where targets were shared."""
    access = privileged_access(ib.load_study(paper_data), ["e2.acc", "e3.after"])
    cells = access.correlations().set_index(["figure", "reporter", "target"])["estimate"]
    expected = {
        ("e3.after", FULL, FULL): 0.71,
        ("e3.after", MINI, MINI): 0.70,
        ("e3.after", FULL, MINI): 0.45,
        ("e3.after", MINI, FULL): 0.48,
        ("e2.acc", FULL, FULL): 0.74,
        ("e2.acc", FULL, MINI): 0.67,
        ("e2.acc", MINI, MINI): 0.75,
        ("e2.acc", MINI, FULL): 0.71,
    }
    for key, printed in expected.items():
        # Posterior means are drawn towards 0 by the prior: about r (1 - r²) 3 / n, and rounding.
        assert cells[key] == pytest.approx(printed, abs=0.013), key
    table = access.table()
    after = table[(table["figure"] == "e3.after") & (table["contrast"] == "overall")].iloc[0]
    assert after["estimate"] == pytest.approx(0.244, abs=0.005)
    assert after["hdi_low"] > 0.15
    plain = pd.DataFrame(access.figures["e3.after"].rows).drop(columns=["context", "position"])
    assert np.abs(plain.corr().to_numpy()[2:, :2] - [[0.710, 0.447], [0.478, 0.698]]).max() < 0.003
