import json

import pytest

import introspect_bayes as ib
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.ablations import prepare_ablations, with_ablations
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.requests import SamplingOptions, plan_ablations, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study, read_study_folder
from introspect_bayes.protocol.training import Counts

PROMPTS = {t: shipped_folder("data") / "prompts" / f"{t}-1.toml" for t in ("decision", "report")}
COUNTS = Counts(instilled_choices=20, native_choices=20, reports=2, examples=1, validation=0)
MODELS = {
    "base": Model("base", "base"),
    "tuned": Model("tuned", "base", "weight-trained"),
    "first": Model("first", "base", "introspection-trained", "first"),
    "all": Model("all", "base", "introspection-trained", "all"),
}


@pytest.fixture
def folder(tmp_path):
    sets = {
        name: shipped_contexts(name)[:count] for name, count in (("instilled", 4), ("native", 3))
    }
    prepare_study(tmp_path / "s", sets, PROMPTS, counts=COUNTS, seed=3)
    return tmp_path / "s"


def test_what_is_written_is_what_is_read(folder):
    before = read_study_folder(folder)
    assert before.ablations == ()
    # Whoever reads the study before, such as the stand-in of a notebook, understands the question.
    assert before.templates["ablation"].name == "ablation-1"
    prepared = prepare_ablations(folder)
    again = read_study_folder(folder)
    assert prepared == again == prepare_ablations(folder)
    assert prepared.trials == before.trials
    assert len(prepared.ablations) == 7 * 5 * (1 + 5)
    assert with_ablations(before).ablations == prepared.ablations
    assert again.templates["ablation"].name == "ablation-1"
    head, row = (folder / "ablations.csv").read_text().splitlines()[:2]
    assert head == "context_set,context,trial,attribute,value"
    first = prepared.ablations[1]
    assert row.split(",")[:4] == [
        "instilled", first.context, str(first.number), first.neutralized,
    ]  # fmt: skip


def test_ablations_are_added_but_never_dropped(folder):
    few = prepare_ablations(folder, 2)
    with pytest.raises(InputError, match="more decisions are ablated already than 1 in each"):
        prepare_ablations(folder, 1)
    more = prepare_ablations(folder, 3)
    assert set(few.ablations) < set(more.ablations)
    assert prepare_ablations(folder) == more == read_study_folder(folder)
    ids = [
        {r.id for r in plan_ablations(study, MODELS["tuned"], SamplingOptions())}
        for study in (few, more)
    ]
    assert ids[0] < ids[1]
    with pytest.raises(InputError, match="must be 1 or more"):
        prepare_ablations(folder, 0)


def test_a_question_of_ones_own_is_fixed_with_the_first_ablations(folder, tmp_path):
    own = tmp_path / "own.toml"
    shipped = (shipped_folder("data") / "prompts" / "ablation-1.toml").read_text()
    own.write_text(shipped.replace('"ablation-1"', '"own-1"').replace("Think of", "Guess"))
    with pytest.raises(InputError, match="an ablation template is needed"):
        prepare_ablations(folder, template=PROMPTS["report"])
    assert not (folder / "prompts/ablation.toml").exists()
    prepared = prepare_ablations(folder, 1, own)
    assert (folder / "prompts/ablation.toml").read_text() == own.read_text()
    assert prepared.templates["ablation"].name == "own-1"
    assert prepare_ablations(folder, 2, own) == read_study_folder(folder)
    with pytest.raises(InputError, match="the ablation question is fixed already"):
        prepare_ablations(folder, 2, shipped_folder("data") / "prompts" / "ablation-1.toml")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda row: row.replace("native", "nation"), "ablations.csv, line 2: 'decision/nation"),
        (lambda row: row.rsplit(",", 1)[0] + ",much", "line 2: could not convert"),
        (lambda row: row.replace(",", ",x", 1), "line 2: 'decision/native/x"),
        (lambda row: row + ",1", "line 2: too many values"),
        (lambda row: f"{row}\n{row}", "occurs twice"),
    ],
)
def test_a_damaged_file_is_named(folder, edit_line, change, complaint):
    prepare_ablations(folder)
    path = folder / "ablations.csv"
    lines = path.read_text().splitlines()
    native = [line for line in lines if line.startswith("native")]
    path.write_text("\n".join([lines[0], *native]) + "\n")
    assert len(read_study_folder(folder).ablations) == 3 * 5 * 6
    edit_line(path, 2, change)
    with pytest.raises(InputError, match=complaint):
        read_study_folder(folder)


def test_a_study_that_is_prepared_anew_has_no_ablations_yet(folder):
    prepare_ablations(folder)
    sets = {"instilled": [], "native": shipped_contexts("native")[:2]}
    assert prepare_study(folder, sets, PROMPTS, counts=COUNTS, force=True).ablations == ()


def test_each_stage_is_asked_where_it_reports_and_was_not_trained(folder):
    study = prepare_ablations(folder, 2)
    asked = {}
    for name, model in MODELS.items():
        for request in plan_ablations(study, model, SamplingOptions()):
            asked.setdefault((name, request.trial.context_set), set()).add(request.trial.context)
    names = {key: [c.name for c in members] for key, members in study.contexts.items()}
    assert asked == {
        ("base", "instilled"): set(names["instilled"]),
        ("base", "native"): set(names["native"]),
        ("tuned", "instilled"): set(names["instilled"]),
        ("tuned", "native"): set(names["native"]),
        ("first", "instilled"): set(names["instilled"][2:]),
        ("all", "native"): set(names["native"]),
    }


def test_decisions_that_are_asked_anyway_are_the_same_requests(folder):
    study = prepare_ablations(folder, 2)
    for model, shared in (("tuned", 7 * 2), ("base", 3 * 2), ("all", 0)):
        planned = {r.id: r for r in plan_requests(study, MODELS[model], SamplingOptions())}
        ablations = {r.id: r for r in plan_ablations(study, MODELS[model], SamplingOptions())}
        both = planned.keys() & ablations.keys()
        assert len(both) == shared
        assert all(planned[each].trial == ablations[each].trial for each in both)
    # two decisions in each of three contexts: the decision, the question, five attributes
    assert len(ablations) == 3 * 2 * (1 + 1 + 5)
    assert len({request.trial.id for request in ablations.values()}) == len(ablations)


def test_pairs_differ_in_the_prompts_as_they_should(folder):
    study = prepare_ablations(folder, 1)
    requests = {r.trial.id: r for r in plan_ablations(study, MODELS["all"], SamplingOptions())}
    for trial in study.ablations:
        if trial.task == "ablation" or trial.context_set != "native":
            continue
        original = requests[trial.id.split(" without ")[0]].messages[1]["content"].splitlines()
        ablated = requests[trial.id].messages[1]["content"].splitlines()
        differing = [(a, b) for a, b in zip(original, ablated, strict=True) if a != b]
        assert len(differing) == 2
        assert {a.split(":")[0] for a, _ in differing} == {trial.neutralized}
        assert len({b for _, b in differing}) == 1


def test_structured_answers_are_true_or_false(folder):
    study = prepare_ablations(folder, 1)
    conditions = SamplingOptions(structured_reports=True, decision_max_tokens=1, max_tokens=70)
    for request in plan_ablations(study, MODELS["all"], conditions):
        if request.trial.task == "decision":
            assert request.parameters["max_tokens"] == 1
            assert "response_format" not in request.parameters
            continue
        schema = request.parameters["response_format"]["json_schema"]["schema"]
        assert {kind["type"] for kind in schema["properties"].values()} == {"boolean"}
        assert request.parameters["max_tokens"] == 70
        assert (
            json.loads(request.content)["response_format"] == request.parameters["response_format"]
        )


def test_it_can_be_done_from_the_package(folder):
    assert ib.prepare_ablations(str(folder), 1).ablations
    with pytest.raises(InputError, match="no study"):
        ib.prepare_ablations(folder.parent)
