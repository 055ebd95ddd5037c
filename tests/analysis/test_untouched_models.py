"""Models that were never trained: their native weights against their own reports."""

import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.exclusion import exclusion_table
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.reproduce import figure_ids, reproduce
from introspect_bayes.cli import main
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.prompts import shipped_template
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts
from introspect_bayes.simulate import DecisionMaker, Introspection

pytestmark = pytest.mark.compiles

CONTEXTS = {c.name: c for name in ("instilled", "native") for c in shipped_contexts(name)[:12]}
TEMPLATES = {task: shipped_template(f"{task}-1") for task in ("decision", "report")}
COUNTS = Counts(instilled_choices=30, native_choices=60, reports=3)
WEIGHTS = {
    name: tuple(np.random.default_rng(number).integers(-100, 101, 5))
    for number, name in enumerate(CONTEXTS)
}
OPPOSITE = {name: tuple(-w for w in weights) for name, weights in WEIGHTS.items()}


def maker(name, weights, accuracy):
    how = Introspection(accuracy)
    return DecisionMaker(name, CONTEXTS, weights, TEMPLATES, how, weight_sd=57.7).reply


@pytest.fixture(scope="module")
def study(answer_study, tmp_path_factory):
    """One base model, whose training turned all native weights around."""
    folder = tmp_path_factory.mktemp("both") / "s"
    models = {
        Model("m", "m"): maker("m", WEIGHTS, 0.9),
        Model("m-tuned", "m", "weight-trained"): maker("m-tuned", OPPOSITE, 0.0),
    }
    answer_study(folder, models, COUNTS, instilled=4)
    return ib.load_study(folder)


@pytest.fixture(scope="module")
def analysis(study):
    return ib.Analysis(study, ib.Settings.default(seed=7))


def likeness(learned, weights):
    true = [weights[c][k - 1] for c, k in zip(learned["context"], learned["position"], strict=True)]
    return np.corrcoef(learned["weight"], true)[0, 1]


def test_choices_of_two_stages_are_kept_apart(study, analysis):
    assert len(study.choices) == 4 * 30 + 2 * 12 * 60
    for stage in ("weight-trained", "off-the-shelf"):
        assert set(analysis.choices("m", "native", stage)["stage"]) == {stage}
        assert len(analysis.choices("m", "native", stage)) == 12 * 60
    assert likeness(analysis.learned("m", "native"), OPPOSITE) > 0.85
    assert likeness(analysis.learned("m", "native", "off-the-shelf"), WEIGHTS) > 0.85


def test_weights_do_not_depend_on_the_other_stage(study, analysis):
    """Seeds derive from names, and those of the paper's stage are as they always were."""
    choices = study.choices[study.choices["stage"] == "weight-trained"]
    alone = ib.Analysis(replace(study, choices=choices), analysis.settings)
    assert alone.learned("m", "native").equals(analysis.learned("m", "native"))
    assert list(alone.weight_fits) == ["choice_weights:m:native"]
    analysis.weights("m", "native", "off-the-shelf")
    assert "choice_weights:m:native:off-the-shelf" in analysis.weight_fits
    with pytest.raises(NotInStudy, match="no choices of m, off-the-shelf, in native contexts"):
        alone.choices("m", "native", "off-the-shelf")


def test_one_stage_is_fitted_once_however_it_is_asked_for(analysis):
    assert analysis.weights("m", "native") is analysis.weights("m", "native", "weight-trained")
    assert analysis.learned("m", "native") is analysis.learned(
        "m", "native", stage="weight-trained"
    )


def test_an_untouched_models_introspection_is_recovered(analysis):
    only = ["native", "e3.before", "e3.fit"]
    found = {f.id: f.result for f in reproduce(analysis, only, published=False)}
    accuracy = found["native.acc.m"]
    # Weights are estimated, reports are noisy: below the 0.9 of the beliefs themselves.
    assert 0.6 < accuracy.hdi[0] < accuracy.estimate < 0.95
    assert found["e3.before.m"].hdi[1] < 0.5
    assert accuracy.n == found["e3.before.m"].n == 12 * 5
    assert found["native.fit.m"].n == found["e3.fit.m"].n == 12 * 60
    assert found["native.fit.m"].estimate > 0.7
    assert found["native.fit.m"].estimate != found["e3.fit.m"].estimate


def test_health_looks_at_the_choices_that_reveal_the_weights(study, analysis):
    rows = {row.figure: row for row in ib.data_health(analysis)}
    assert rows["native.acc"].r > 0.6 > rows["e3.before"].r
    chosen = study.choices[study.choices["stage"] == "off-the-shelf"]
    assert rows["native.acc"].share_a == pytest.approx((chosen["selection"] == "A").mean())


def test_fits_are_labelled_by_stage(study):
    fits = ib.fit("choice_weights", study, seed=7)
    assert set(fits) == {"m.instilled", "m.native", "m.native.off-the-shelf"}
    accuracies = ib.fit("report_accuracy", study, weights=fits)
    assert accuracies["native.acc.m"].slope().mean > 0.6
    assert "e2.acc.m" in accuracies.skipped


def test_learned_weights_name_their_stage_and_train_reports(study, analysis, tmp_path):
    table = analysis.learned_table()
    assert list(table) == [
        "base_model", "stage", "context_set", "context", "position", "weight", "weight_error",
        "tells_nothing",
    ]  # fmt: skip
    assert table["weight_error"].between(0, 5).all()
    assert table.groupby(["stage", "context_set"]).size().to_dict() == {
        ("weight-trained", "instilled"): 20,
        ("weight-trained", "native"): 60,
        ("off-the-shelf", "native"): 60,
    }
    arguments = ["prepare", str(tmp_path / "s"), "--instilled", "4", "--native", "1"]
    arguments += ["--learned-weights", str(tmp_path / "w.csv")]
    table.to_csv(tmp_path / "w.csv", index=False)
    tuned = (table["stage"] == "weight-trained") & (table["context_set"] == "instilled")
    assert main(arguments) == 0  # native weights are there too, of both stages, and left alone
    line = (tmp_path / "s/training/reports_all.jsonl").read_text().splitlines()[0]
    answer = json.loads(json.loads(line)["messages"][-1]["content"])
    assert list(answer.values()) == table.loc[tuned, "weight"].tolist()[:5]


def test_the_papers_claims_rest_on_the_papers_comparisons(study, analysis):
    assert set(exclusion_table(analysis)["figure"]) <= set(COMPARISONS) - {"native.acc"}
    (share,) = reproduce(analysis, ["d.pct100"], published=False)
    assert share.result.n == 20 + 60
    assert not any(kind.startswith("native") for kind in figure_ids(["m"], published=True))
    own = {kind for kind, _ in figure_ids(["m"], published=False).values()}
    assert own == set(FIGURES) - {"d.learned.e2"}


@pytest.fixture(scope="module")
def untouched(answer_study, tmp_path_factory):
    """Two untouched models, one of which nearly always says A and reports the same."""
    folder = tmp_path_factory.mktemp("untouched") / "s"

    def parrot(messages, replicate):
        prompt = messages[-1]["content"]
        context = next(c for c in CONTEXTS.values() if c.question in prompt)
        said = json.dumps(dict.fromkeys(context.attribute_names, 50))
        if prompt.startswith(TEMPLATES["decision"].opening):
            said = "B" if zlib.crc32(prompt.encode()) % 16 == 0 else "A"
        return said, "stop"

    models = {Model("m", "m"): maker("m", WEIGHTS, 0.9), Model("parrot", "parrot"): parrot}
    answer_study(folder, models, COUNTS)
    return folder


def test_a_study_of_untouched_models_reads_well(untouched, tmp_path, capsys):
    file = tmp_path / "figures.json"
    assert main(["analyze", str(untouched), "--json", str(file)]) == 0
    out = capsys.readouterr().out
    warnings, rest = out.split("Estimates", 1)
    assert re.search(r"^Warning: parrot \(off-the-shelf\): 9\d% of 720 choices are A", warnings)
    table, closing = rest.split("Not in this study: ", 1)
    for name in ("native.acc.m", "native.fit.m", "invalid.m"):
        assert name in table
    # Data that is there but useless is no missing data.
    assert "native.acc.parrot" in table
    assert "values of mean_report do not vary" in " ".join(table.split())
    assert "e1.acc" not in table
    assert closing.startswith("e1.learned, e1.agree, e1.acc, e1.base, e2.acc, e2.effect,")
    written = {row["id"]: row for row in json.loads(file.read_text())}
    assert written["e1.acc.m"]["estimate"] is None
    assert len(written) == len(figure_ids(["m", "parrot"], published=False))


def test_figures_asked_for_by_name_keep_their_rows(untouched, capsys):
    assert main(["analyze", str(untouched), "--only", "e1.acc"]) == 0
    out = capsys.readouterr().out
    assert "Not in this study" not in out
    assert "e1.acc.m: no reports of m, weight-trained, in instilled contexts" in out


def test_effects_of_an_untouched_study_are_not_in_it(untouched):
    analysis = ib.Analysis(ib.load_study(untouched))
    for compute in (lambda: analysis.effect("e3.effect"), lambda: exclusion_table(analysis)):
        with pytest.raises(NotInStudy):
            compute()
    with pytest.raises(CannotCompute, match="do not vary") as raised:
        analysis.rows("parrot", "native.acc")
    assert not isinstance(raised.value, NotInStudy)
