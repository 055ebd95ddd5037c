"""A finished fit is found again only if nothing that it depends on has changed."""

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fits_data import simulated_choices
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling import finished_fits
from introspect_bayes.sampling.finished_fits import FinishedFits
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SAMPLER = Sampler(draws=200, warmup=200, chains=2, seed=3)


@pytest.fixture
def finished(tmp_path):
    return FinishedFits(tmp_path / "fits")


@pytest.fixture(scope="module")
def choices():
    frame = simulated_choices(contexts=3, attributes=2, trials=20)
    return ChoiceData.from_frame(frame, ["d1", "d2"], dict.fromkeys(frame["context"], 2))


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(1)
    reported = random.normal(size=40)
    learned = reported / 2 + random.normal(size=40)
    return pd.DataFrame({"reported": reported, "learned": learned, "context": list("abcde") * 8})


def never(*_, **__):
    pytest.fail("fitted again")


def test_the_same_choices_are_not_sampled_again(finished, choices, monkeypatch):
    first = ChoiceWeightsSampler(SAMPLER, finished=finished)
    made = first.fit(spec("choice_weights"), choices, "same")
    monkeypatch.setattr(ChoiceWeightsSampler, "_fit", never)
    done = []
    again = ChoiceWeightsSampler(replace(SAMPLER, cores=1), finished=finished).fit(
        spec("choice_weights"), choices, "same", done.append
    )
    assert done == [3]
    for group in ("posterior", "sample_stats", "observed_data", "constant_data"):
        xr.testing.assert_identical(
            again.idata[group].to_dataset().drop_attrs(),
            made.idata[group].to_dataset().drop_attrs(),
        )
    assert again.diagnostics == made.diagnostics
    pd.testing.assert_frame_equal(again.hdi(), made.hdi())


@pytest.mark.parametrize("name", ["report_accuracy", "report_accuracy_by_context"])
def test_the_same_regression_is_not_sampled_again(finished, rows, monkeypatch, name):
    made = RegressionSampler(SAMPLER, finished=finished).fit(spec(name), rows, "same")
    monkeypatch.setattr(RegressionSampler, "_fit", never)
    again = RegressionSampler(SAMPLER, finished=finished).fit(spec(name), rows, "same")
    pd.testing.assert_frame_equal(again.hdi(), made.hdi())
    assert again.diagnostics == made.diagnostics
    # Bambi can go on from what was found.
    predicted = again.model.predict(again.idata.copy(), data=rows.head(2), inplace=False)
    assert predicted["posterior"]["mu"].shape[-1] == 2


def test_whatever_a_fit_of_choices_depends_on_makes_another(finished, choices, monkeypatch):
    paper = spec("choice_weights")
    made = []

    def noted(_sampler, _specification, _data, name, _advance):
        made.append(name)
        return xr.DataTree.from_dict({"posterior": xr.Dataset()})

    monkeypatch.setattr(ChoiceWeightsSampler, "_fit", noted)

    def fits(*, spec=paper, data=choices, sampler=SAMPLER, engine="auto", name="same"):
        before = len(made)
        ChoiceWeightsSampler(sampler, engine, finished).fit(spec, data, name)
        return len(made) > before

    assert fits()
    assert not fits()
    datum, letter, place = (
        choices.differences.copy(), choices.selection.copy(), choices.index.copy(),
    )  # fmt: skip
    datum[7, 1] = np.nextafter(datum[7, 1], 9)
    letter[7] = 1 - letter[7]
    place[0] = 1
    others = [
        {"data": replace(choices, differences=datum)},
        {"data": replace(choices, selection=letter)},
        {"data": replace(choices, index=place)},
        {"data": replace(choices, contexts=("x", *choices.contexts[1:]))},
        {"data": replace(choices, attribute_counts=np.array([2, 2, 1]))},
        {"spec": paper.with_priors(slopes="Normal(0, 1.0000001)")},
        {"spec": paper.with_priors(slopes="Laplace(0, 1)")},
        {"spec": spec("choice_weights_no_intercept")},
        {"sampler": replace(SAMPLER, seed=4)},
        {"sampler": replace(SAMPLER, draws=201)},
        {"sampler": replace(SAMPLER, warmup=201)},
        {"sampler": replace(SAMPLER, chains=3)},
        {"engine": "nuts"},
        {"name": "other"},
    ]
    assert [fits(**other) for other in others] == [True] * len(others)
    assert [fits(**other) for other in others] == [False] * len(others)
    assert not fits(spec=replace(paper, title="the same in other words"))
    versions = finished_fits._versions("choices")
    for key in versions:
        monkeypatch.setattr(
            finished_fits, "_versions", lambda _, key=key: {**versions, key: "next"}
        )
        assert fits(), key
    assert {"pymc", "nutpie", "numpy", "introspect-bayes", "source"} <= versions.keys()


def test_what_was_computed_from_a_fit_is_not_computed_again(finished, choices, rows, monkeypatch):
    weights = ChoiceWeightsSampler(SAMPLER, finished=finished)
    made = weights.fit(spec("choice_weights"), choices, "same")
    regressions = RegressionSampler(SAMPLER, finished=finished)
    slope = regressions.fit(spec("report_accuracy"), rows, "same").slope()
    before = made.hdi(), made.position_bias(), made.batch_weights(20), made.diagnostics
    assert made.contexts_by_engine == {"importance": 3}
    monkeypatch.setattr(finished_fits, "_read", never)
    again = weights.fit(spec("choice_weights"), choices, "same")
    pd.testing.assert_frame_equal(again.hdi(), before[0])
    pd.testing.assert_frame_equal(again.position_bias(), before[1])
    np.testing.assert_array_equal(again.batch_weights(20), before[2])
    assert again.diagnostics == before[3]
    assert again.contexts_by_engine == {"importance": 3}
    assert regressions.fit(spec("report_accuracy"), rows, "same").slope() == slope
    with pytest.raises(pytest.fail.Exception, match="fitted again"):
        again.idata  # noqa: B018 - reading is what must fail


def test_what_was_computed_goes_with_its_fit(finished, choices):
    """Another prior is another fit, and a damaged summary is computed again."""
    sampler = ChoiceWeightsSampler(SAMPLER, finished=finished)
    first = sampler.fit(spec("choice_weights"), choices, "same").hdi()
    narrow = spec("choice_weights").with_priors(slopes="Normal(0, 0.1)")
    assert sampler.fit(narrow, choices, "same").hdi()["mean"].abs().max() < 0.5
    for summary in finished.folder.glob("*.json"):
        summary.write_text("[1.0", encoding="utf-8")
    pd.testing.assert_frame_equal(sampler.fit(spec("choice_weights"), choices, "same").hdi(), first)


def test_whatever_a_regression_depends_on_makes_another(rows):
    from introspect_bayes.sampling.finished_fits import fit_key

    def key(data, specification=None):
        held = {name: data[name].to_numpy() for name in data}
        return fit_key(specification or spec("report_accuracy"), held, SAMPLER, "x", "nuts")

    changed = rows.copy()
    changed.loc[3, "learned"] += 1e-12
    renamed = rows.assign(context=rows["context"].replace("a", "z"))
    skeptic = spec("report_accuracy").with_priors(reported="Normal(0, 0.2)")
    keys = {key(rows), key(changed), key(renamed), key(rows[::-1]), key(rows, skeptic)}
    assert len(keys) == 5
    assert key(rows.copy()) in keys


def test_its_own_source_counts_at_any_depth(tmp_path):
    package = tmp_path / "package"
    copytree(Path(finished_fits.__file__).parents[1], package)
    digests = [finished_fits.source_digest(package, "joint_model")]
    assert digests[0] == finished_fits._versions("joint_model")["source"]
    below = package / "sampling" / "below"
    below.mkdir()
    own = package / "joint_model" / "model.py"
    shared = (package / "sampling" / "importance.py", package / "constants.py", below / "new.py")
    for path in (*shared, own):
        with path.open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        digests.append(finished_fits.source_digest(package, "joint_model"))
    (below / "new.py").rename(package / "specs" / "new.py")
    digests.append(finished_fits.source_digest(package, "joint_model"))
    assert len(set(digests)) == len(digests)


def test_another_rooms_source_does_not_count(tmp_path):
    package = tmp_path / "package"
    copytree(Path(finished_fits.__file__).parents[1], package)
    before = finished_fits.source_digest(package, "regressions")
    (package / "joint_model" / "model.py").write_text("# changed", encoding="utf-8")
    assert finished_fits.source_digest(package, "regressions") == before


def test_fits_kept_in_an_earlier_format_are_not_found(rows, monkeypatch):
    held = {name: rows[name].to_numpy() for name in rows}
    key = finished_fits.fit_key(spec("report_accuracy"), held, SAMPLER, "x", "nuts")
    monkeypatch.setattr(finished_fits, "FORMAT", finished_fits.FORMAT - 1)
    assert finished_fits.fit_key(spec("report_accuracy"), held, SAMPLER, "x", "nuts") != key


@pytest.mark.parametrize(
    "text", ["null", "[]", "[1.0, 2.0]", '"text"', "3", "", "[1.0", '{"value": 1}', "[" * 100_000]
)
def test_a_summary_of_another_shape_is_made_again(finished, choices, text):
    sampler = ChoiceWeightsSampler(SAMPLER, finished=finished)
    first = sampler.fit(spec("choice_weights"), choices, "same")
    expected = first.hdi(), first.diagnostics
    summaries = list(finished.folder.glob("*.json"))
    assert len(summaries) == 2
    for summary in summaries:
        summary.write_text(text, encoding="utf-8")
    again = sampler.fit(spec("choice_weights"), choices, "same")
    pd.testing.assert_frame_equal(again.hdi(), expected[0])
    assert again.diagnostics == expected[1]
    assert all(json.loads(path.read_text(encoding="utf-8"))["sha256"] for path in summaries)


def test_a_pickle_holds_the_draws_themselves(finished, choices, rows):
    weights = ChoiceWeightsSampler(SAMPLER, finished=finished)
    regressions = RegressionSampler(SAMPLER, finished=finished)
    made = [
        weights.fit(spec("choice_weights"), choices, "same"),
        regressions.fit(spec("report_accuracy"), rows, "same"),
        ChoiceWeightsSampler(SAMPLER).fit(spec("choice_weights"), choices, "same"),
    ]
    for fit in made:
        fit.model  # noqa: B018 - what cannot be pickled is built again
    text = pickle.dumps(made)
    rmtree(finished.folder)
    for again, fit in zip(pickle.loads(text), made, strict=True):  # noqa: S301 - our own
        assert again.idata.identical(fit.idata)
        pd.testing.assert_frame_equal(again.hdi(), fit.hdi())
        assert again.diagnostics == fit.diagnostics
        assert again.model is not None


def test_draws_can_be_written_as_netcdf(choices, rows, tmp_path):
    made = [
        ChoiceWeightsSampler(SAMPLER).fit(spec("choice_weights"), choices, "same"),
        RegressionSampler(SAMPLER).fit(spec("report_accuracy"), rows, "same"),
    ]
    for number, fit in enumerate(made):
        path = tmp_path / f"{number}.nc"
        fit.idata.to_netcdf(path, engine="h5netcdf")
        with xr.open_datatree(path, engine="h5netcdf") as again:
            assert again.load().equals(fit.idata)


def test_what_cannot_be_read_is_fitted_again(finished, choices):
    sampler = ChoiceWeightsSampler(SAMPLER, finished=finished)
    made = sampler.fit(spec("choice_weights"), choices, "same")
    (path,) = finished.folder.iterdir()
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"nonsense", whole[:-400] + b"0" * 400):
        path.write_bytes(broken)
        again = sampler.fit(spec("choice_weights"), choices, "same")
        assert again.idata["posterior"].equals(made.idata["posterior"])
    assert path.read_bytes()[:2] == b"PK"


def test_those_not_used_for_the_longest_time_go_first(finished):
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"x": ("draw", np.zeros(1000))})})
    small = replace(finished, largest=20_000)
    for number, name in enumerate("abc"):
        if number == 2:
            assert small.find("a") is not None
        small.keep(name, tree)
        if number < 2:
            os.utime(small.folder / f"{name}.npz", (number + 1, number + 1))
    assert {path.stem for path in small.folder.iterdir()} == {"a", "c"}


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path, choices):
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    fit = ChoiceWeightsSampler(SAMPLER, finished=FinishedFits(file)).fit(
        spec("choice_weights"), choices, "same"
    )
    assert fit.contexts_by_engine == {"importance": 3}
    assert file.read_text(encoding="utf-8") == "in the way"
