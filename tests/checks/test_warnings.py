"""Warnings about replies that deserve them, and silence about the others."""

from dataclasses import replace

import numpy as np
import pytest

import introspect_bayes as ib
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.prompts import report_answer, shipped_template
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts
from introspect_bayes.simulate import DecisionMaker, Introspection

NATIVE = shipped_contexts("native")[:12]
NAMES = [context.name for context in NATIVE]
TEMPLATES = {task: shipped_template(f"{task}-1") for task in ("decision", "report")}
COUNTS = Counts(native_choices=20, reports=5)


def sound(name="m"):
    weights = {
        n: tuple(np.random.default_rng(i).integers(-100, 101, 5)) for i, n in enumerate(NAMES)
    }
    contexts = {context.name: context for context in NATIVE}
    return DecisionMaker(name, contexts, weights, TEMPLATES, Introspection(0.8)).reply


def with_changes(decide=None, report=None):
    """A sound model, but for what `decide` and `report` say of a context, by its number."""
    usual = sound()

    def reply(messages, replicate):
        prompt = messages[-1]["content"]
        number = next(i for i, c in enumerate(NATIVE) if c.question in prompt)
        change = decide if prompt.startswith(TEMPLATES["decision"].opening) else report
        said = change(number) if change else None
        if said is None:
            return usual(messages, replicate)
        if not isinstance(said, str):
            said = report_answer(NATIVE[number], said)
        return said, "stop"

    return reply


@pytest.fixture
def warnings_of(answer_study, tmp_path):
    def warnings(reply, **counts):
        answer_study(tmp_path / "s", {Model("m", "m"): reply}, replace(COUNTS, **counts))
        return ib.study_warnings(ib.load_study(tmp_path / "s"))

    return warnings


def test_sound_replies_deserve_none(warnings_of):
    assert warnings_of(sound()) == []


def test_a_model_that_always_chooses_a(warnings_of):
    assert warnings_of(with_changes(lambda _: "A")) == [
        "m (off-the-shelf): 100% of 240 choices are A: they follow the position, not the options",
        (
            "m (off-the-shelf): in 12 of 12 native contexts every choice is A: its weights there "
            "are prior, not data"
        ),
    ]


def test_contexts_with_one_letter_each(warnings_of):
    letters = {0: "A", 1: "A", 2: "A", 3: "B", 4: "B"}
    (found,) = warnings_of(with_changes(letters.get))
    assert found == (
        "m (off-the-shelf): in 5 of 12 native contexts every choice is the same letter "
        "(A: 3, B: 2): its weights there are prior, not data"
    )


@pytest.mark.parametrize(("letters", "choices"), [({0: "B"}, 20), ({0: "B", 1: "B", 2: "B"}, 5)])
def test_one_context_or_few_choices_may_be_chance(warnings_of, letters, choices):
    found = warnings_of(with_changes(letters.get), native_choices=choices)
    assert not any("every choice" in warning for warning in found)


def test_reports_of_zeros_only(warnings_of):
    found = warnings_of(with_changes(report=lambda n: [0] * 5 if n < 8 else None))
    assert found == [
        "m (off-the-shelf): 67% of 60 valid reports are zeros only: they tell no weights"
    ]


def test_reports_that_are_all_the_same(warnings_of):
    (found,) = warnings_of(with_changes(report=lambda n: [20, 30, 25, 15, 10] if n < 7 else None))
    assert found == (
        "m (off-the-shelf): 58% of 60 valid reports are the same (20, 30, 25, 15, 10), about 7 "
        "contexts: they do not follow the context"
    )


def test_reports_that_repeat_within_their_context_only(warnings_of):
    assert warnings_of(with_changes(report=lambda n: [n, 90, -30, n, 10])) == []


def test_refusals_are_counted_and_named(warnings_of):
    found = warnings_of(with_changes(report=lambda n: "I'm sorry, but I can't." if n < 6 else None))
    assert found == [
        "m (off-the-shelf): 50% of 60 reports cannot be used (most often: refusal, 30)"
    ]


def test_replies_not_collected_yet_are_no_failures(answer_study, tmp_path):
    usual = sound()

    def slow(messages, replicate):
        if NATIVE[0].question in messages[-1]["content"]:
            return usual(messages, replicate)
        return None

    counts = replace(COUNTS, reports=40)
    answer_study(tmp_path / "s", {Model("m", "m"): slow}, counts)
    study = ib.load_study(tmp_path / "s")
    assert len(study.reports) == 40 * 5
    assert ib.study_warnings(study) == [
        "m: 660 planned requests have no answer yet; `introspect-bayes collect` goes on"
    ]
    assert study.report_sets["replies"].sum() == 40


def test_each_model_is_judged_by_itself(answer_study, tmp_path):
    models = {
        Model("good", "good"): sound("good"),
        Model("bad", "bad"): with_changes(lambda _: "B"),
    }
    answer_study(tmp_path / "s", models, COUNTS)
    found = ib.study_warnings(ib.load_study(tmp_path / "s"))
    assert len(found) == 2
    assert all(warning.startswith("bad (off-the-shelf): ") for warning in found)


def test_what_the_authors_did_not_keep_counts_as_invalid(write_study):
    """Four reports in each context, of the ten that were asked."""
    found = ib.study_warnings(ib.load_study(write_study(), reports_asked=10))
    reports = [warning for warning in found if "reports cannot be used" in warning]
    assert len(reports) == 5  # the weight-trained model's of both sets of contexts together
    assert (
        "ft:tiny-model_weight_reports (off-the-shelf): 60% of 60 reports cannot be used "
        "(most often: not kept by the authors, 36)"
    ) in reports


def test_the_papers_mini_model_deserves_one(paper_data):
    study = ib.load_study(paper_data)
    (found,) = [w for w in ib.study_warnings(study) if "beyond ±100" not in w]
    assert found.startswith("ft:gpt-4o-mini-2024-07-18:northeastern-university:")
    assert "(weight-trained): 42% of 2,000 reports" in found
    valid = study.reports.drop_duplicates(["report_set", "context", "report"])
    mini = valid[(valid["base_model"] == "gpt-4o-mini-2024-07-18")]
    tuned = mini[mini["stage"] == "weight-trained"]
    assert f"not kept by the authors, {2000 - len(tuned)})" in found


def test_a_study_without_replies_of_a_kind_has_no_warnings(write_study):
    study = ib.load_study(write_study())
    empty = replace(study, reports=study.reports.iloc[:0], report_sets=study.report_sets.iloc[:0])
    assert ib.study_warnings(empty) == []
