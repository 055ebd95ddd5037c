import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import introspect_bayes as ib
from introspect_bayes.analysis.reproduce import reproduce
from introspect_bayes.cli import main
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.parse import PARSERS, parse_choice
from introspect_bayes.protocol.prompts import shipped_template
from introspect_bayes.protocol.training import Counts
from introspect_bayes.protocol.trials import draw_trials, noiseless_choice
from introspect_bayes.simulate import (
    DecisionMaker,
    Introspection,
    SimulatedDesign,
    simulate_study,
)
from introspect_bayes.simulate.decision_maker import INVALID_REPORTS
from introspect_bayes.simulate.differing_contexts import accuracy_in_context
from introspect_bayes.simulate.studies import true_weights

CONTEXTS = shipped_contexts("native")[:40]
TEMPLATES = {task: shipped_template(f"{task}-1") for task in ("decision", "report", "ablation")}

READ_REPORT = PARSERS["strict-2"].reports


def maker(introspection=None, **options):
    random = np.random.default_rng(5)
    weights = {c.name: tuple(random.integers(-100, 101, 5)) for c in CONTEXTS}
    how = introspection or Introspection(accuracy=0.8)
    known = {c.name: c for c in CONTEXTS}
    return DecisionMaker("sim", known, weights, TEMPLATES, how, **options)


def asked(task, count):
    for trial in draw_trials(CONTEXTS, "native", {task: count}, seed=1):
        context = next(c for c in CONTEXTS if c.name == trial.context)
        yield context, trial, TEMPLATES[task].messages(context, trial.options)


def test_choices_follow_weights_consistency_and_bias():
    sharp, blind = maker(consistency=1e6), maker(consistency=0.0, position_bias=1.0)
    share, agreed = [], []
    for context, trial, messages in asked("decision", 20):
        choice = parse_choice(sharp.reply(messages)[0])

        agreed.append(
            choice == noiseless_choice(context, sharp.weights[context.name], trial.options)
        )
        share.append(blind.reply(messages)[0] == "A")
    assert np.mean(agreed) > 0.99
    assert np.mean(share) == pytest.approx(1 / (1 + np.exp(-1)), abs=0.05)


def test_replies_repeat_exactly_and_replicates_differ():
    _, _, messages = next(asked("report", 1))
    assert maker().reply(messages) == maker().reply(messages)
    assert maker().reply(messages, 1) != maker().reply(messages, 2)
    assert maker(seed=1).reply(messages) != maker(seed=2).reply(messages)


def test_reports_have_the_accuracy_asked_for():
    honest = maker(Introspection(accuracy=0.8, noise=1.0), weight_sd=57.7)
    pairs = [
        (
            honest.weights[c.name],
            READ_REPORT(honest.reply(m)[0], c.attribute_names).weights,
        )
        for c, _, m in asked("report", 1)
    ]
    true, stated = (np.concatenate(side) for side in zip(*pairs, strict=True))
    # 200 pairs: the standard error of a correlation of .8 is .025
    assert np.corrcoef(true, stated)[0, 1] == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize("kind", INVALID_REPORTS)
def test_every_kind_of_invalid_report_fails_to_parse(kind):
    liar = maker(Introspection(accuracy=0.5, invalid_rate=1.0, invalid_kinds=(kind,)))
    for context, _, messages in asked("report", 1):
        text, reason = liar.reply(messages)
        parsed = READ_REPORT(text, context.attribute_names, cut_off=reason == "length")
        assert parsed.failure is not None


@pytest.mark.parametrize("kind", INVALID_REPORTS)
def test_every_kind_of_invalid_answer_to_the_ablation_question_fails_to_parse(kind):
    liar = maker(Introspection(accuracy=0.5, invalid_rate=1.0, invalid_kinds=(kind,)))
    for context, trial, _ in asked("decision", 1):
        text, reason = liar.reply(TEMPLATES["ablation"].messages(context, trial.options))
        for parser in PARSERS.values():
            parsed = parser.ablations(text, context.attribute_names, cut_off=reason == "length")
            assert parsed.failure is not None


@pytest.mark.parametrize("style", ["plain", "fenced", "spaced"])
def test_every_style_of_an_answer_to_the_ablation_question_parses(style):
    stylish = maker(Introspection(accuracy=0.5, style=style))
    for context, trial, _ in asked("decision", 1):
        messages = TEMPLATES["ablation"].messages(context, trial.options)
        for parser in PARSERS.values():
            assert parser.ablations(stylish.reply(messages)[0], context.attribute_names).changes


@pytest.mark.parametrize("style", ["plain", "fenced", "spaced"])
def test_every_style_parses(style):
    stylish = maker(Introspection(accuracy=0.5, style=style))
    for context, _, messages in asked("report", 1):
        for parser in PARSERS.values():
            assert parser.reports(stylish.reply(messages)[0], context.attribute_names).weights


def test_foreign_prompts_are_not_understood():
    text, _ = maker().reply([{"role": "user", "content": "What is the time?"}])
    assert parse_choice(text) == "not A or B"


def test_impossible_introspection_is_refused():
    with pytest.raises(InputError, match="must lie in -1 to 1"):
        Introspection(accuracy=1.2)
    with pytest.raises(InputError, match="foresight 2 must lie in 0 to 1"):
        Introspection(accuracy=0.5, foresight=2)
    with pytest.raises(InputError, match="unknown invalid_kinds"):
        Introspection(accuracy=0.5, invalid_kinds=("silence",))


def test_the_demos_truth_is_the_papers_accuracy():
    """Beliefs are made so that the plug-in analysis finds what the paper published."""
    design = SimulatedDesign.shipped()
    truth = design.truth()
    for model in design.models:
        for figure, accuracy in model.accuracy.items():
            assert truth[f"{figure}.{model.name}"] == pytest.approx(accuracy, abs=0.005)
    assert truth["e2.effect"] == pytest.approx(0.225, abs=0.005)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "s"
    shipped = SimulatedDesign.shipped()
    design = replace(shipped, counts=Counts(instilled_choices=20, native_choices=20, reports=4))
    prepared = simulate_study(folder, design, 3, instilled=12, native=8)
    return folder, design, prepared


def test_simulated_replies_pass_through_store_and_parser(small):
    folder, design, _ = small
    study = ib.load_study(folder)
    assert len(study.choices) == 2 * (12 * 20 + 8 * 20)
    assert set(study.failures["task"]) == {"report"}
    asked_for = (
        study.report_sets["contexts_asked"].map(len) * study.report_sets["reports_asked"]
    ).sum()
    assert study.report_sets["replies"].sum() == asked_for
    valid = len(study.reports.drop_duplicates(["report_set", "context", "report"]))
    assert valid + study.failures["count"].sum() == asked_for
    assert len(study.base_models) == len(design.models)


@pytest.mark.compiles
def test_a_simulated_study_with_ablations_has_the_same_choices_and_reports(small, tmp_path):
    folder, design, _ = small
    foreseeing = replace(
        design, models=tuple(replace(model, foresight=0.9) for model in design.models)
    )
    simulate_study(tmp_path / "s", foreseeing, 3, instilled=12, native=8, ablations=3)
    plain, ablated = ib.load_study(folder), ib.load_study(tmp_path / "s")
    pd.testing.assert_frame_equal(plain.choices, ablated.choices)
    pd.testing.assert_frame_equal(plain.reports, ablated.reports)
    assert main(["verify", str(tmp_path / "s")]) == 0
    answers = ib.ablation_answers(tmp_path / "s")
    # Per model: off-the-shelf and introspection-trained halves in 12 contexts, all in 8,
    # weight-trained in both.
    assert len(answers) == 2 * (12 + 12 + 8 + (12 + 8)) * 3 * 5
    scores = ib.ablation_scores(tmp_path / "s")
    own = scores["explainer"] == scores["target"]
    # Foresight knows the noise in choices too; others know nothing of it. 4 standard errors.
    assert scores[own]["score"].mean() == pytest.approx(
        0.95, abs=4 * np.sqrt(0.95 * 0.05 / own.sum())
    )
    assert scores[~own]["score"].mean() < 0.7


def test_another_parser_reads_the_same_replies_again(small):
    folder, *_ = small
    strict, authors = ib.load_study(folder), ib.load_study(folder, parser="plunkett2025-1")
    assert len(authors.reports) > len(strict.reports)
    assert "out of range" not in set(authors.failures["failure"])
    with pytest.raises(InputError, match="no parser 'nonsense'"):
        ib.load_study(folder, parser="nonsense")


@pytest.mark.compiles
def test_analysis_of_a_simulated_study_finds_its_weights(small, capsys, tmp_path):
    folder, design, prepared = small
    files = ["--json", tmp_path / "f.json", "--weights-csv", tmp_path / "w.csv"]
    code = main(
        ["analyze", str(folder), *map(str, files), "--only", "e2.acc", "--only", "e1.learned"]
    )
    assert code == 0
    assert "Estimates" in capsys.readouterr().out
    ids = [figure["id"] for figure in json.loads((tmp_path / "f.json").read_text())]
    names = [model.name for model in design.models]
    expected = [f"{figure}.{name}" for figure in ("e1.learned", "e2.acc") for name in names]
    assert ids == expected
    weights = pd.read_csv(tmp_path / "w.csv")
    mine = weights[(weights["base_model"] == names[0]) & (weights["context_set"] == "native")]
    truth = true_weights(prepared, design.models[0], "native")
    true = [truth[c][k - 1] for c, k in zip(mine["context"], mine["position"], strict=True)]
    assert np.corrcoef(mine["weight"], true)[0, 1] > 0.8


def test_folders_without_replies_say_so(tmp_path, capsys):
    assert main(["prepare", str(tmp_path / "s"), "--instilled", "2", "--native", "1"]) == 0
    assert main(["analyze", str(tmp_path / "s")]) == 2
    assert "no replies are stored yet" in capsys.readouterr().err


def test_figures_of_own_models_have_no_published_figure(small):
    folder, *_ = small
    study = ib.load_study(folder)
    analysis = ib.Analysis(study, ib.Settings.default(draws=400, warmup=300))
    figures = list(reproduce(analysis, ["invalid"], published=False))
    assert {figure.verdict for figure in figures} == {"no published figure"}
    assert all(0 <= figure.result.estimate < 0.5 for figure in figures)


def test_contexts_may_differ_in_how_accurately_they_are_reported_on():
    alike = maker(Introspection(accuracy=0.5, noise=1.0, spread=20.0), weight_sd=57.7)
    differing = replace(alike, introspection=replace(alike.introspection, accuracy_spread=0.8))
    elsewhere = replace(differing, name="another stage")

    def by_context(who):
        return {c.name: np.array(who._belief(c)) for c in CONTEXTS}

    def agreement(beliefs):
        pairs = [np.corrcoef(beliefs[c.name], alike.weights[c.name])[0, 1] for c in CONTEXTS]
        return np.arctanh(pairs)

    first, second = agreement(by_context(differing)), agreement(by_context(elsewhere))
    assert np.std(first) > 1.2 * np.std(agreement(by_context(alike)))
    # What is easy for one is easy for the other: the contexts differ, not the models.
    assert np.corrcoef(first, second)[0, 1] > 0.2
    with pytest.raises(InputError, match="accuracy_spread -1 must be 0 or more"):
        Introspection(accuracy=0.5, accuracy_spread=-1)


@pytest.mark.compiles
def test_the_spread_of_accuracy_leaves_its_mean_and_the_truth():
    deviations = np.random.default_rng(1).normal(size=20_000)
    found = [accuracy_in_context(0.6, 0.7, d) for d in deviations]
    assert np.mean(found) == pytest.approx(0.6, abs=0.01)
    assert np.std(found) > 0.3
    design = SimulatedDesign.shipped()
    truth, spread = design.truth(), replace(design, accuracy_spread=0.5).truth()
    assert spread == pytest.approx(truth, abs=0.003)


def test_a_design_whose_contexts_are_alike_is_the_design_that_it_was(tmp_path):
    design = SimulatedDesign.shipped()
    design = replace(design, models=design.models[:1], counts=Counts(2, 2, 1))
    texts = {}
    for name, spread in (("before", 0.0), ("again", 0.0), ("differing", 0.5)):
        simulate_study(
            tmp_path / name, replace(design, accuracy_spread=spread), 1, instilled=3, native=3
        )
        study = ib.load_study(tmp_path / name)
        texts[name] = (study.choices, study.reports["reported"])
    pd.testing.assert_frame_equal(texts["before"][0], texts["differing"][0])
    pd.testing.assert_series_equal(texts["before"][1], texts["again"][1])
    assert not texts["before"][1].equals(texts["differing"][1])
