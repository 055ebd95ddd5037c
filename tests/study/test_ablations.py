"""Scores of ablations against decision makers whose choices and foresight are known."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.cli import main
from introspect_bayes.errors import InputError
from introspect_bayes.places import shipped_folder
from introspect_bayes.presentation.ablations import ablation_summary
from introspect_bayes.protocol.ablations import prepare_ablations
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.requests import SamplingOptions, plan_ablations, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import REPLIES_FILE, prepare_study
from introspect_bayes.protocol.training import Counts
from introspect_bayes.simulate import DecisionMaker, Introspection
from introspect_bayes.store import Store
from introspect_bayes.study.ablations import counted
from introspect_bayes.study.export import export_study

CONTEXTS = 25
NOISELESS = 1e6
SIZE = Counts(native_choices=30, reports=1)
QUESTION = "[COUNTERFACTUAL TASK]"


def prepared(folder, per_context=5):
    prompts = shipped_folder("data") / "prompts"
    files = {task: prompts / f"{task}-1.toml" for task in ("decision", "report")}
    contexts = {"instilled": [], "native": shipped_contexts("native")[:CONTEXTS]}
    prepare_study(folder, contexts, files, counts=SIZE, seed=2)
    return prepare_ablations(folder, per_context)


def decision_maker(study, name, introspection, weights_seed=1, **options):
    random = np.random.default_rng(weights_seed)
    contexts = {c.name: c for c in study.contexts["native"]}
    weights = {each: tuple(random.integers(-100, 101, 5)) for each in contexts}
    options = {"consistency": NOISELESS, **options}
    return DecisionMaker(name, contexts, weights, study.templates, introspection, **options)


def answer(study, replies, plans=(plan_ablations,)):
    """Store the replies of models: by name, or by model, a function of messages."""
    with Store(study.folder / REPLIES_FILE) as store:
        for model, reply in replies.items():
            who = model if isinstance(model, Model) else Model(model, model)
            requests = {r.id: r for plan in plans for r in plan(study, who, SamplingOptions())}
            store.plan(requests.values())
            said = ((r.id, reply(r.messages)) for r in requests.values())
            store.answer((request, *text) for request, text in said if text is not None)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Makers without noise in their choices, and what is known of their scores."""
    study = prepared(tmp_path_factory.mktemp("ablations") / "s")
    makers = {
        "knows": decision_maker(study, "knows", Introspection(accuracy=0.3, foresight=1.0)),
        "believes": decision_maker(study, "believes", Introspection(accuracy=1.0), 2),
        "half": decision_maker(study, "half", Introspection(accuracy=1.0, foresight=0.5), 3),
        "guesses": decision_maker(study, "guesses", Introspection(accuracy=1.0, foresight=0.0), 4),
    }
    answer(study, {name: maker.reply for name, maker in makers.items()})
    return study, makers


@pytest.fixture(scope="module")
def scores(many):
    return ib.ablation_scores(many[0].folder)


def own(scores, name):
    return scores[(scores["explainer"] == name) & (scores["target"] == name)]["score"]


@pytest.mark.compiles
def test_perfect_introspection_scores_1_and_known_foresight_what_it_should(scores):
    assert (own(scores, "knows") == 1).all()
    assert (own(scores, "believes") == 1).all()
    for name, foresight in (("half", 0.5), ("guesses", 0.0)):
        mine = own(scores, name)
        truth = (1 + foresight) / 2
        # Items are answered independently of each other: a binomial standard error.
        error = math.sqrt(truth * (1 - truth) / len(mine))
        assert len(mine) > 100
        assert mine.mean() == pytest.approx(truth, abs=4 * error)


def test_measured_changes_are_the_weights_doing(many):
    study, makers = many
    answers = ib.ablation_answers(study.folder)
    contexts = {c.name: c for c in study.contexts["native"]}
    decisions = {(t.context, t.number): t for t in study.trials if t.task == "decision"}
    assert answers["changed"].notna().all()
    for row in answers[answers["model"] == "knows"].itertuples():
        trial, context = decisions[row.context, row.trial], contexts[row.context]
        weights = np.array(makers["knows"].weights[row.context])
        spans = np.array([attribute.span for attribute in context.attributes])
        difference = (np.array(trial.options.a) - np.array(trial.options.b)) / spans
        parts = weights * difference
        whole, without = parts.sum(), parts.sum() - parts[row.position - 1]
        assert (row.choice == "A") == (whole > 0)
        assert row.changed == ((whole > 0) != (without > 0))


def test_items_are_balanced_within_each_decision_and_the_same_for_all_explainers(many, scores):
    answers = ib.ablation_answers(many[0].folder)
    changed = answers["changed"].mean()
    # The base rate that a constant "no change" would profit from:
    assert 0.05 < changed < 0.4
    key = answers["context"] + "/" + answers["trial"].astype(str) + "/" + answers["attribute"]
    truth = dict(zip(zip(answers["model"], key, strict=True), answers["changed"], strict=True))
    for target, rows in scores.groupby("target"):
        items = {name: list(mine["item"]) for name, mine in rows.groupby("explainer")}
        assert set(items) == {"knows", "believes", "half", "guesses"}
        assert len({tuple(each) for each in items.values()}) == 1
        scored = pd.DataFrame({"item": items["knows"]})
        scored["changed"] = [truth[target, item] for item in scored["item"]]
        by_decision = scored.groupby(scored["item"].str.rsplit("/", n=1).str[0])["changed"]
        assert (by_decision.mean() == 0.5).all()
        mine = answers[answers["model"] == target].groupby(["context", "trial"])["changed"]
        assert scored["changed"].sum() == mine.agg(lambda c: min(c.sum(), 5 - c.sum())).sum()


def test_explaining_another_with_other_weights_scores_at_chance(scores):
    other = scores[scores["explainer"] != scores["target"]]
    assert len(other.groupby(["explainer", "target"])) == 12
    mine = other[(other["explainer"] == "knows") & (other["target"] == "guesses")]["score"]
    # An attribute that differs much changes choices of any weights, so somewhat above chance.
    assert 0.4 < mine.mean() < 0.65
    assert own(scores, "knows").mean() - mine.mean() > 0.3
    guessing = other[other["explainer"] == "guesses"]["score"]
    assert guessing.mean() == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / len(guessing)))


@pytest.mark.parametrize("constant", [True, False])
def test_constant_answers_score_exactly_a_half(tmp_path, constant):
    study = prepared(tmp_path / "s", 2)
    maker = decision_maker(study, "m", Introspection(accuracy=1.0))

    def reply(messages):
        if not messages[-1]["content"].startswith(QUESTION):
            return maker.reply(messages)
        names = json.loads(
            decision_maker(study, "m", Introspection(accuracy=1.0)).reply(messages)[0]
        )
        return json.dumps(dict.fromkeys(names, constant)), "stop"

    answer(study, {"m": reply})
    assert ib.ablation_scores(study.folder)["score"].mean() == 0.5


@pytest.mark.compiles
def test_noise_in_choices_lowers_scores_but_beliefs_still_tell(tmp_path):
    study = prepared(tmp_path / "s")
    means = {}
    for name, accuracy in (("sharp", 1.0), ("vague", 0.6), ("blind", 0.0)):
        how = Introspection(accuracy=accuracy)
        maker = decision_maker(study, name, how, consistency=20.0)
        answer(study, {name: maker.reply})
    scores = ib.ablation_scores(study.folder)
    means = {name: own(scores, name).mean() for name in ("sharp", "vague", "blind")}
    assert 0.95 > means["sharp"] > means["vague"] > means["blind"]
    assert means["blind"] < 0.65


def test_stages_are_compared_with_the_same_stage_of_other_base_models(tmp_path):
    study = prepared(tmp_path / "s", 1)
    models = [
        Model("a", "a"),
        Model("a-tuned", "a", "weight-trained"),
        Model("b", "b"),
        Model("b-tuned", "b", "weight-trained"),
        Model("c-all", "c", "introspection-trained", "all"),
    ]
    makers = {
        model: decision_maker(study, model.name, Introspection(accuracy=1.0), seed).reply
        for seed, model in enumerate(models)
    }
    answer(study, makers)
    scores = ib.ablation_scores(study.folder)
    pairs = set(zip(scores["explainer"], scores["target"], strict=True))
    alone = {(model.name, model.name) for model in models}
    assert pairs == alone | {("a", "b"), ("b", "a"), ("a-tuned", "b-tuned"), ("b-tuned", "a-tuned")}
    # Nothing of this is a choice or a report of the study, but what it asks anyway.
    chosen = ib.load_study(study.folder).choices
    assert set(chosen["model"]) == {"a", "a-tuned", "b", "b-tuned"}
    assert len(chosen) == 4 * CONTEXTS


def test_replies_that_cannot_be_used_are_left_out_and_named(tmp_path):
    study = prepared(tmp_path / "s")
    how = Introspection(accuracy=1.0, foresight=1.0, invalid_rate=0.4)
    maker = decision_maker(study, "m", how)

    def reply(messages):
        text, reason = maker.reply(messages)
        # One choice in ten is none, told by the text of the question.
        asks = messages[-1]["content"]
        return (None if len(asks) % 10 == 0 and not asks.startswith(QUESTION) else text), reason

    answer(study, {"m": reply})
    answers = ib.ablation_answers(study.folder)
    unusable = answers["foreseen"].isna()
    assert (answers["failure"].notna() == unusable).all()
    assert 0.2 < unusable.mean() < 0.6
    assert {"refusal", "empty", "not JSON", "cut off"} <= set(answers["failure"].dropna())
    missing = answers["choice"].isna() | answers["choice_without"].isna()
    assert (answers["changed"].isna() == missing).all()
    assert missing.any()
    scores = ib.ablation_scores(study.folder)
    assert (scores["score"] == 1).all()
    usable = answers[answers["changed"].notna() & ~unusable]
    assert len(scores) <= len(usable)
    with pytest.raises(InputError, match="no parser"):
        ib.ablation_scores(study.folder, parser="strict-9")
    assert len(ib.ablation_scores(study.folder, parser="ablation-lenient-1")) >= len(scores)


def test_choices_that_never_change_leave_nothing_to_score(tmp_path, capsys):
    study = prepared(tmp_path / "s", 1)
    maker = decision_maker(study, "m", Introspection(accuracy=1.0))

    def always_a(messages):
        asks = messages[-1]["content"].startswith(QUESTION)
        return maker.reply(messages) if asks else ("A", "stop")

    answer(study, {"m": always_a})
    with pytest.raises(InputError, match=f"of {CONTEXTS * 5} .* and 0 changed the choice"):
        ib.ablation_scores(study.folder)
    assert "nothing to score" in ablation_summary(study.folder, "m")
    written = export_study(study.folder, tmp_path / "tables")
    names = {file.name for file in written.files}
    assert "ablations.csv" in names
    assert "ablation_scores.csv" not in names


def test_a_study_without_ablations_says_how_to_get_them():
    with pytest.raises(InputError, match="collect smollm2 --model NAME --task ablation"):
        ib.ablation_scores("smollm2")


def test_answers_to_ablations_alone_are_no_study_of_weights(tmp_path):
    study = prepared(tmp_path / "s", 1)
    model = Model("m", "m", "introspection-trained", "all")
    maker = decision_maker(study, "m", Introspection(accuracy=1.0))
    answer(study, {model: maker.reply})
    with pytest.raises(InputError, match="answers to the ablation task alone"):
        ib.load_study(study.folder)
    assert len(ib.ablation_scores(study.folder)) > 10


def test_the_authors_layout_has_no_place_for_ablations(tmp_path):
    study = prepared(tmp_path / "s", 1)
    maker = decision_maker(study, "m", Introspection(accuracy=1.0))
    answer(study, {Model("m", "m", "weight-trained"): maker.reply}, (plan_requests, plan_ablations))
    written = export_study(study.folder, tmp_path / "authors", "authors")
    assert any("answers to the ablation task" in line for line in written.left_out)


@pytest.mark.compiles
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_scores_are_exported(many, scores, tmp_path, file_format):
    study, makers = many
    name = f"export-{file_format}"
    answer(study, {name: makers["half"].reply}, (plan_requests, plan_ablations))
    folder = tmp_path / "tables"
    assert main(["export", str(study.folder), str(folder), "--format", file_format]) == 0
    read = pd.read_csv if file_format == "csv" else pd.read_parquet
    expected = ib.ablation_scores(study.folder)
    found = read(folder / f"ablation_scores.{file_format}")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert list(found) == ["explainer", "target", "task", "item", "score"]
    assert not found.duplicated(["explainer", "target", "item"]).any()
    answers = read(folder / f"ablations.{file_format}")
    assert answers["changed"].tolist() == ib.ablation_answers(study.folder)["changed"].tolist()


def test_the_summary_counts(many):
    study, _ = many
    answers = ib.ablation_answers(study.folder)
    mine = answers[answers["model"] == "knows"]
    said = ablation_summary(study.folder, "knows")
    assert counted(mine) in said
    assert f"and {mine['changed'].sum()} changed the choice" in said
    assert "Mean score of its own answers: 1.00" in said
    assert "any constant answer scores 0.50" in said


def test_answers_that_an_older_parser_read_otherwise_are_counted(tmp_path):
    study = prepared(tmp_path / "s", per_context=1)
    maker = decision_maker(study, "thinks", Introspection(accuracy=1.0))

    def reply(messages):
        text, reason = maker.reply(messages)
        draft = text.replace("true", "?").replace("false", "true").replace("?", "false")
        return f"<think>{draft}</think>{text}", reason

    answer(study, {"thinks": reply})
    path = study.folder / "study.toml"
    path.write_text(path.read_text().replace('"strict-2"', '"lenient-1"'))
    said = ablation_summary(study.folder, "thinks")
    assert f"{CONTEXTS} answers about ablations from valid answer to another valid answer" in said
    assert "--parser lenient-1" in said
