"""Known correlations are found again, whatever else is in the data."""

import pickle
from dataclasses import replace

import arviz_stats as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import reports_of
from introspect_bayes.analysis.selection import select_ids
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.errors import CannotCompute, InputError
from introspect_bayes.joint_model.accuracies import joint_data, joint_ids
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.sampling.nuts import Sampler
from joint_data import joint_study

pytestmark = pytest.mark.compiles

TRUTH = {"e1.acc": 0.3, "e2.acc": 0.85}
WIDTHS = [2, 3, 4, 5, 6, 8, 10] * 6
SAMPLER = Sampler(draws=500, warmup=400, seed=5)


@pytest.fixture(scope="module")
def study():
    """One base model, 2 to 10 attributes, wild values, contexts without reports."""
    return joint_study(TRUTH, WIDTHS, seed=11, outliers=0.03, missing=0.25)


@pytest.fixture(scope="module")
def found(study):
    return ib.joint_accuracy(study, analysis=_Unfitted(study), sampler=SAMPLER, keep=False)


class _Unfitted(Analysis):
    """The plug-in analysis is tested elsewhere, and compiles models of its own."""

    def __init__(self, study):
        super().__init__(study, Settings.default(keep=False))
        self.accuracy = self.effect = _refuse


def _refuse(*_):
    msg = "not in this test"
    raise CannotCompute(msg)


def test_a_pickle_holds_all_of_it(found):
    found["m-one.instilled"].model  # noqa: B018 - what cannot be pickled is built again
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    pd.testing.assert_frame_equal(again.hdi(), found.hdi())
    pd.testing.assert_frame_equal(again.table(), found.table())
    assert again.problems == found.problems


def test_known_correlations_are_found(found):
    fit = found["m-one.instilled"]
    # Few draws, to save time: enough for accuracies, not for every scale.
    assert fit.diagnostics.divergences == 0
    assert az.ess(fit.idata["posterior"].to_dataset()["mean_rho"]).min() > 400
    assert list(found.problems) in ([], ["m-one.instilled"])
    for figure, rho in TRUTH.items():
        draws = found.mean_correlation(figure, "m-one")
        low, high = ib.hdi(draws.ravel())
        assert low < rho < high
        assert draws.mean() == pytest.approx(rho, abs=3 * draws.std())
        assert draws.std() < 0.12
    for draws_of in (found.mean_correlation, found.noise_free):
        change = draws_of("e2.acc", "m-one") - draws_of("e1.acc", "m-one")
        np.testing.assert_allclose(draws_of("e2.effect", "average"), change)
        np.testing.assert_allclose(draws_of("e2.effect", "m-one"), change)


def test_the_table_has_every_figure_and_effect(found, study):
    table = found.table()
    assert table[["figure", "base_model"]].to_numpy().tolist() == [
        ["e1.acc", "m-one"],
        ["e2.acc", "m-one"],
        ["e2.effect", "m-one"],
        ["e2.effect", "average"],
    ]
    assert table["plug_in"].isna().all()
    reported = study.reports[study.reports["stage"] == "weight-trained"]["context"].nunique()
    assert table["contexts"][0] == reported < len(WIDTHS)
    assert table["contexts"][1] == len(WIDTHS)
    for kind in ("noise_free", "mean_correlation"):
        assert (table[f"{kind}_low"] < table[kind]).all()
        assert (table[kind] < table[f"{kind}_high"]).all()
    hdis = found.hdi()
    assert set(hdis["parameter"]) == {
        *ib.spec("joint_accuracy").parameters,
        "mean_rho",
        "sd_rho",
        "noise_free",
    }
    assert list(found.skipped) == ["m-one.native", "m-one.native.off-the-shelf"]


def test_contexts_without_reports_have_a_correlation_too(found):
    rows = found.by_context("e1.acc", "m-one")
    assert len(rows) == len(WIDTHS)
    assert (rows["reports"] == 0).any()
    assert rows["mean"].between(-1, 1).all()
    with pytest.raises(CannotCompute, match=r"no e3.after of m-one"):
        found.by_context("e3.after", "m-one")
    with pytest.raises(KeyError, match=r"did you mean m-one\.instilled"):
        found["m-one.instiled"]


def test_the_fitted_model_is_held_against_its_data(found):
    rows = found.predicted()
    assert len(rows) == 10
    assert rows["fit"].unique().tolist() == ["m-one.instilled"]
    assert (rows["low"] <= rows["high"]).all()
    assert not (rows["inside"] & rows["missed"]).any()
    # Weights and how reports scatter are the model's own; wild values are none of its making.
    own = rows[rows["statistic"].isin(["halves", "identical"])]
    assert not own["missed"].any()


def test_what_the_model_does_not_make_marks_the_row_and_the_fit(found):
    fit = found["m-one.instilled"]
    predictive = fit.idata["predictive"].to_dataset().copy(deep=True)
    predictive["observed"].loc["e2.acc", "zeros"] = 0.9
    groups = {name: fit.idata[name].to_dataset() for name in ("posterior", "sample_stats")}
    tree = xr.DataTree.from_dict(groups | {"predictive": predictive})
    wrong = replace(found, fits={"m-one.instilled": replace(fit, source=tree)})
    marked = wrong.table().set_index(["figure", "base_model"])["problems"]
    for row in (("e2.acc", "m-one"), ("e2.effect", "m-one"), ("e2.effect", "average")):
        assert "replicated data differ: e2.acc, zeros 0.900, not" in marked[row]
    assert "replicated" not in marked["e1.acc", "m-one"]
    assert any("zeros" in said for said in wrong.problems["m-one.instilled"])


def test_weights_and_consistency_are_found(found):
    fit = found["m-one.instilled"]
    posterior = fit.idata["posterior"]
    assert float(posterior["log_consistency"].mean()) == pytest.approx(np.log(4), abs=0.3)
    assert posterior["used"].sizes["attribute"] == 10
    assert fit.model["selection"].owner is not None


def test_reports_are_summarized_as_they_came(study):
    analysis = _Unfitted(study)
    data = joint_data(analysis, "m-one", ["e1.acc", "e2.acc"])
    rows = reports_of(study, "m-one", COMPARISONS["e1.acc"])
    for number, context in enumerate(data.choices.contexts):
        mine = rows[rows["context"] == context]
        assert data.counts[0, number] == mine["report"].nunique()
        for position, values in mine.groupby("position")["reported"]:
            given = values.to_numpy() / 100
            place = (0, number, int(position) - 1)
            assert data.means[place] == pytest.approx(given.mean())
            rounding = len(given) * 0.01**2 / 12
            expected = ((given - given.mean()) ** 2).sum() + rounding
            assert data.squares[place] == pytest.approx(expected)
            own = data.reports[0, number, :, int(position) - 1]
            np.testing.assert_allclose(own[np.isfinite(own)], np.clip(given, -1, 1))
    assert (data.cell_counts > 0).sum(axis=2).max() == 10
    assert ((data.cell_counts > 0) <= data.choices.present).all()


def test_bad_input_is_named(study):
    with pytest.raises(InputError, match="needs a study, as load_study"):
        ib.joint_accuracy("somewhere")
    with pytest.raises(InputError, match=r"no figure .e9..*known: e1\.acc"):
        ib.joint_accuracy(study, only=["e9"])
    with pytest.raises(InputError, match="is no joint model"):
        ib.joint_accuracy(study, "report_accuracy", only=["e1"], keep=False)
    with pytest.raises(
        InputError, match=r"nothing in this study can be fitted.*no choices of m-one"
    ):
        ib.joint_accuracy(study, only=["e3"], keep=False)
    assert select_ids(joint_ids(), ["e3.effect"]) == ["e3.effect"]
