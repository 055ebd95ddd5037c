"""Sections that need two models or the joint model, with something in them."""

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.joint_model.section import joint
from introspect_bayes.presentation.tables import interval, number
from introspect_bayes.privileged.privileged import privileged_access
from introspect_bayes.privileged.section import privileged
from introspect_bayes.sampling.nuts import Sampler
from joint_data import joint_study

pytestmark = pytest.mark.compiles

QUICK = ib.Settings.default(seed=5, draws=200, warmup=200, keep=False)


def block(section, name):
    return next(b for b in section.blocks if getattr(b, "name", None) == name)


@pytest.fixture(scope="module")
def access(write_study):
    study = ib.load_study(write_study(base_models=("m-one", "m-two"), contexts=12))
    settings = ib.Settings.default(seed=5, draws=2000, warmup=500, keep=False)
    return privileged_access(ib.Analysis(study, settings), ["e2.acc"])


@pytest.fixture(scope="module")
def joint_found():
    """So few draws that diagnostics fail, as is to be told."""
    truth = {"e1.acc": 0.3, "e2.acc": 0.85}
    study = joint_study(truth, [3, 4, 5] * 4, seed=11)
    analysis = ib.Analysis(study, QUICK)
    sampler = Sampler(draws=60, warmup=100, seed=5)
    return ib.joint_accuracy(study, analysis=analysis, sampler=sampler, keep=False)


def test_own_minus_other_is_what_was_computed(access):
    made = privileged(access)
    table = block(made, "privileged")
    pd.testing.assert_frame_equal(table.data, access.table())
    overall = access.table().set_index("contrast").loc["overall"]
    shown = f"{number(overall['estimate'])} {interval((overall['hdi_low'], overall['hdi_high']))}"
    assert shown in " ".join(cell for row in table.rows for cell in row)
    figure = block(made, "own-minus-other")
    assert shown in figure.alternative
    assert figure.data["estimate"].tolist() == [
        row["estimate"]
        for row in access.table().to_dict("records")
        if row["contrast"] in {"overall", "target"}
    ]
    cells = block(made, "privileged-cells")
    assert len(cells.rows) == 2  # a line for each reporter
    assert len(cells.data) == 4
    assert len(block(made, "privileged-partial").data) == len(access.partial())


def test_joint_and_plug_in_stand_side_by_side(joint_found):
    made = joint(joint_found)
    table, rows = block(made, "joint"), joint_found.table()
    pd.testing.assert_frame_equal(table.data, rows)
    text = " ".join(cell for row in table.rows for cell in row)
    pairs = block(made, "joint-pairs")
    for row in rows.to_dict("records"):
        for kind in ("noise_free", "mean_correlation"):
            ends = interval((row[f"{kind}_low"], row[f"{kind}_high"]))
            assert f"{number(row[kind])} {ends}" in pairs.alternative
            assert number(row[kind]) in text
    forest = block(made, "joint-contexts").data
    for figure in ("e1.acc", "e2.acc"):
        mine = forest[forest["comparison"] == figure]
        found = joint_found.by_context(figure, "m-one")
        np.testing.assert_allclose(mine["mean"], sorted(found["mean"]))


def test_failed_diagnostics_of_the_joint_model_are_a_warning(joint_found):
    assert joint_found.problems
    made = joint(joint_found)
    warned = [b.text for b in made.blocks if getattr(b, "kind", "") == "warning"]
    assert any(next(iter(joint_found.problems)) in text for text in warned)
    assert ib.Findings(joint_found.analysis, joint=joint_found).failed


def test_why_there_is_no_joint_model_is_said():
    (said,) = joint("too few contexts").blocks
    assert (said.text, said.kind) == ("Too few contexts.", "note")
