import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import introspect_bayes as ib
from introspect_bayes.cli import main
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.training import Counts
from introspect_bayes.simulate import SimulatedDesign, simulate_study, studies
from introspect_bayes.store import Attempt, Outcome, Store, TrainingEvent
from introspect_bayes.study import export as export_module
from introspect_bayes.study.export import export_study

KEYS = ["base_model", "model", "stage", "context_set", "context"]


def ragged(context_set):
    """Shipped contexts, of which the second has fewer attributes than the others."""
    contexts = shipped_contexts(context_set)
    short = contexts[1]
    contexts[1] = DecisionContext(short.name, short.question, short.attributes[:3])
    return contexts


def simulate(folder, counts, names=("org/large", "small")):
    shipped = SimulatedDesign.shipped()
    models = tuple(
        replace(model, name=name) for model, name in zip(shipped.models, names, strict=True)
    )
    design = replace(shipped, models=models, counts=counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "shipped_contexts", ragged)
        simulate_study(folder, design, 3, instilled=7, native=4)
    return folder


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    counts = Counts(instilled_choices=5, native_choices=6, reports=10, examples=30)
    return simulate(tmp_path_factory.mktemp("exported") / "s", counts)


def table(folder, name):
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def sorted_choices(study):
    columns = [*KEYS, "trial"]
    return study.choices.sort_values(columns, ignore_index=True)


def sorted_reports(study):
    """Reports, numbered anew without the invalid ones, as the authors' layout does."""
    columns = [*KEYS, "report", "position"]
    reports = study.reports.drop(columns="report_set")
    reports["report"] = reports.groupby(KEYS)["report"].rank(method="dense").astype(int)
    return reports.sort_values(columns, ignore_index=True)


def test_the_authors_layout_comes_back_as_the_same_study(simulated, tmp_path, capsys):
    folder = tmp_path / "new" / "authors"
    assert main(["export", str(simulated), str(folder), "--format", "authors"]) == 0
    said = capsys.readouterr().out
    assert "base model org/large is called org_large" in said
    before, after = ib.load_study(simulated), ib.load_study(folder, reports_asked=10)
    for frame in (before.choices, before.reports, before.models, before.report_sets):
        frame["base_model"] = frame["base_model"].replace("org/large", "org_large")
    assert list(after.decision_contexts.values()) == list(before.decision_contexts.values())
    exactly = {"check_exact": False, "rtol": 1e-12, "atol": 1e-15}
    pd.testing.assert_frame_equal(sorted_choices(after), sorted_choices(before), **exactly)
    pd.testing.assert_frame_equal(sorted_reports(after), sorted_reports(before), **exactly)
    pd.testing.assert_frame_equal(after.targets, before.targets)
    order = ["base_model", "model"]
    pd.testing.assert_frame_equal(
        after.models.sort_values(order, ignore_index=True),
        before.models.sort_values(order, ignore_index=True),
    )
    sets = [
        {
            (row["model"], row["context_set"]): (row["contexts_asked"], row["reports_asked"])
            for _, row in study.report_sets.iterrows()
        }
        for study in (after, before)
    ]
    assert sets[0] == sets[1]
    assert (folder / "org_large_itrained_last_4_of_7_30ex_weight_reports.csv").is_file()
    invalid = before.failures["count"].sum()
    assert invalid > 0
    assert f"Left out: {invalid} invalid replies" in said
    assert "word-for-word text of all replies" in said


def test_what_the_authors_layout_states_otherwise_is_said(tmp_path):
    folder = simulate(tmp_path / "s", Counts(instilled_choices=3, native_choices=3, reports=4))
    written = export_study(folder, tmp_path / "authors", "authors")
    assert any("4 reports were asked in each context" in line for line in written.changed)
    assert any("have another number within their context" in line for line in written.changed)


def test_what_the_authors_layout_has_no_place_for_is_listed(answer_study, tmp_path):
    def reply(messages, _):
        decides = "[DECISION TASK]" in messages[1]["content"]
        return ("A" if decides else "no", "stop")

    models = {Model("m", "base"): reply, Model("t", "base", "weight-trained"): reply}
    counts = Counts(instilled_choices=2, native_choices=3, reports=1)
    answer_study(tmp_path / "s", models, counts, instilled=2, native=2)
    written = export_study(tmp_path / "s", tmp_path / "authors", "authors")
    assert [file.name for file in written.files] == [
        "base_instilled_latent_selections.csv",
        "base_instilled_selections.csv",
        "candidate_scenarios.json",
        "instilled_weights.csv",
        "scenarios.csv",
    ]
    assert written.left_out[0] == (
        "6 choices of m (off-the-shelf) in native contexts, for which the layout has no file"
    )
    assert "that reports m/instilled were asked: none is valid" in written.left_out
    assert "8 invalid replies: their text, and why they are invalid" in written.left_out


def untouched(answer_study, folder, models=None):
    names = models or {Model("m", "base"): lambda *_: ("A", "stop")}
    answer_study(folder, names, Counts(instilled_choices=2, native_choices=2, reports=1), 2, 2)
    return folder


def tuned(name, base_model):
    return Model(name, base_model, "weight-trained")


def always_a(*_):
    return "A", "stop"


@pytest.mark.parametrize(
    ("models", "complaint"),
    [
        ([Model("m", "base")], "nothing fits the authors' layout.*use --format csv"),
        ([tuned("m", "a/b"), tuned("n", "A_b")], "would have the same file names"),
        ([tuned("m", "a"), tuned("n", "a")], "would hold both m and n"),
    ],
)
def test_what_does_not_fit_the_authors_layout_is_refused(answer_study, tmp_path, models, complaint):
    folder = untouched(answer_study, tmp_path / "s", dict.fromkeys(models, always_a))
    with pytest.raises(InputError, match=complaint):
        export_study(folder, tmp_path / "authors", "authors")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_name_that_reads_as_another_stage_is_refused(tmp_path):
    """org_instilled_weight_reports.csv would be the reports of org's weight-trained model."""
    counts = Counts(instilled_choices=2, native_choices=2, reports=2)
    folder = simulate(tmp_path / "s", counts, names=("x_instilled", "small"))
    with pytest.raises(InputError, match="would be taken for those of another stage"):
        export_study(folder, tmp_path / "authors", "authors")
    assert not (tmp_path / "authors").exists()


def test_a_context_without_valid_choices_does_not_shift_what_was_held_out(answer_study, tmp_path):
    contexts = shipped_contexts("instilled")[:5]
    silent = contexts[0].question

    def reply(messages, _):
        text = messages[1]["content"]
        if "[DECISION TASK]" in text:
            return ("?" if silent in text else "B", "stop")
        context = next(c for c in contexts if c.question in text)
        return json.dumps(dict.fromkeys(context.attribute_names, 2.5)), "stop"

    models = {
        tuned("t", "base"): reply,
        Model("f", "base", "introspection-trained", "first"): reply,
        Model("l", "base", "introspection-trained", "last"): reply,
    }
    counts = Counts(instilled_choices=2, reports=10)
    # Native contexts would be asked about too, which `reply` does not know.
    answer_study(tmp_path / "s", models, counts, instilled=5, native=0)
    written = export_study(tmp_path / "s", tmp_path / "authors", "authors")
    names = {file.name for file in written.files}
    assert "base_itrained_first_1_of_4_50ex_weight_reports.csv" in names
    assert "base_itrained_last_3_of_4_50ex_weight_reports.csv" in names
    after = ib.load_study(tmp_path / "authors")
    assert set(after.reports.loc[after.reports["model"] == "f", "context"]) == {
        context.name for context in contexts[2:]
    }
    assert set(after.reports["reported"]) == {2.5}


def test_tidy_tables_come_back_from_csv_and_parquet(simulated, tmp_path):
    study = ib.load_study(simulated)
    for file_format, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        folder = tmp_path / file_format
        export_study(simulated, folder, file_format)
        for name in ("contexts", "choices", "reports", "targets", "failures"):
            again = read(folder / f"{name}.{file_format}")
            pd.testing.assert_frame_equal(again, getattr(study, name), check_dtype=False)
        sets = read(folder / f"report_sets.{file_format}")
        asked = [tuple(json.loads(text)) for text in sets["contexts_asked"]]
        assert asked == list(study.report_sets["contexts_asked"])


def store_everything(folder, texts):
    """Add attempts with bodies to a study without replies, and other rows of each table."""
    with Store(folder / "replies.sqlite") as store:
        run = store.begin_run("2025-01-01", '{"pace": 1}', "{}")
        store.register(Model("m", "base", parent="root", training_sha256="ab"), "2025-01-02")
        store.add_training_event(TrainingEvent("key", "2025-01-03", "upload", "{}"))
        requests = list(store.planned("m"))
        assert len(requests) > len(texts)
        for number, (request, text) in enumerate(zip(requests, texts, strict=False), start=1):
            store.record([Attempt(number, request, run, "2025-01-01")], [])
            body = None if text is None else text.encode() + b"\xff"
            outcome = Outcome(
                number, request, "2025-01-04", "answered", 200, body=body, text=text, error=text,
                finish_reason=None, prompt_tokens=None if number % 2 else number,
            )  # fmt: skip
            store.record([], [outcome])
        store.record([Attempt(len(texts) + 1, requests[-1], run, "2025-01-05")], [])
    return requests


@pytest.fixture(scope="module")
def unanswered(answer_study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unanswered") / "s"
    counts = Counts(native_choices=6, reports=1)
    answer_study(folder, {Model("m", "base"): lambda *_: None}, counts, native=2)
    return folder


NASTY = st.text(
    st.one_of(
        st.sampled_from('\r\n",=;\\\x00 \ufeff\x85\u2028AB{}'),
        st.characters(exclude_categories=["Cs"]),  # SQLite holds no lone surrogates
    )
)


@pytest.mark.compiles
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.one_of(st.none(), NASTY), min_size=1, max_size=10))
def test_every_text_comes_back_from_csv_and_parquet(unanswered, texts):
    with tempfile.TemporaryDirectory() as scratch:
        folder = shutil.copytree(unanswered, Path(scratch) / "s")
        requests = store_everything(folder, texts)
        export_study(folder, Path(scratch) / "csv")
        replies = table(Path(scratch) / "csv", "replies")
        pairs = zip(replies["text"], replies["text_missing"], strict=True)
        assert [None if missing == "True" else text for text, missing in pairs] == texts
        assert list(replies["request"]) == requests[: len(texts)]
        attempts = table(Path(scratch) / "csv", "attempts")[: len(texts)]
        for text, body, error in zip(texts, attempts["body"], attempts["error"], strict=True):
            assert body == ("" if text is None else text + "\\xff")
            assert error == (text or "")
        export_study(folder, Path(scratch) / "parquet", "parquet")
        replies = pd.read_parquet(Path(scratch) / "parquet" / "replies.parquet")
        assert [None if pd.isna(text) else text for text in replies["text"]] == texts
        bodies = pd.read_parquet(Path(scratch) / "parquet" / "attempts.parquet")["body"]
        assert list(bodies)[:-1] == [None if t is None else t.encode() + b"\xff" for t in texts]


def test_stored_rows_are_exported(unanswered, tmp_path):
    folder = shutil.copytree(unanswered, tmp_path / "s")
    requests = store_everything(folder, ["A", None, ""])
    export_study(folder, tmp_path / "csv")
    tables = {
        path.stem: table(tmp_path / "csv", path.stem) for path in (tmp_path / "csv").iterdir()
    }
    assert list(tables["requests"]["id"]) == requests
    assert json.loads(tables["requests"]["content"][0])["model"] == "m"
    attempts = tables["attempts"]
    assert list(attempts["number"]) == ["1", "2", "3", "4"]
    assert list(attempts["kind"]) == ["answered"] * 3 + [""]
    assert list(attempts["error_missing"]) == ["False", "True", "False", "True"]
    assert list(attempts["prompt_tokens"]) == ["", "2", "", ""]
    assert tables["runs"].iloc[0].to_dict() == {
        "number": "1", "started": "2025-01-01", "settings": '{"pace": 1}', "provenance": "{}",
        "ended": "", "reason": "", "counts": "",
    }  # fmt: skip
    (model,) = tables["models"].to_dict("records")
    assert (model["parent"], model["training_sha256"], model["trained_on"]) == ("root", "ab", "")
    assert model["parent_missing"] == "False"
    assert tables["registrations"]["registered"][0] == "2025-01-02"
    assert tables["training_events"]["kind"][0] == "upload"
    export_study(folder, tmp_path / "parquet", "parquet")
    typed = pd.read_parquet(tmp_path / "parquet" / "attempts.parquet", dtype_backend="pyarrow")
    assert str(typed.dtypes["prompt_tokens"]) == "int64[pyarrow]"
    assert str(typed.dtypes["body"]) == "binary[pyarrow]"
    assert str(typed.dtypes["system_fingerprint"]) == "string[pyarrow]"


def test_a_study_in_the_authors_layout_has_tidy_tables_alone(write_study, tmp_path):
    source = write_study()
    written = export_study(source, tmp_path / "csv")
    names = ["choices", "contexts", "failures", "models", "report_sets", "reports", "targets"]
    assert [file.stem for file in written.files] == names
    assert set(table(tmp_path / "csv", "models")["parent_missing"]) == {"True"}
    assert list(table(tmp_path / "csv", "failures").columns)[-2:] == ["failure", "count"]
    again = pd.read_csv(tmp_path / "csv" / "choices.csv")
    pd.testing.assert_frame_equal(again, ib.load_study(source).choices, check_dtype=False)
    with pytest.raises(InputError, match="is in the authors' layout already"):
        export_study(source, tmp_path / "authors", "authors")


@pytest.mark.parametrize("name", ["kept", "file"])
def test_nothing_is_overwritten(simulated, tmp_path, name, capsys):
    (tmp_path / "kept").mkdir()
    for path in (tmp_path / "kept" / "mine.txt", tmp_path / "file"):
        path.write_text("precious")
    assert main(["export", str(simulated), str(tmp_path / name)]) == 2
    assert "choose a new one" in capsys.readouterr().err
    assert (tmp_path / "kept" / "mine.txt").read_text() == "precious"
    assert (tmp_path / "file").read_text() == "precious"


def test_an_empty_folder_is_filled(simulated, tmp_path):
    assert export_study(simulated, tmp_path).files[0].is_file()


def test_a_failed_export_leaves_nothing(simulated, tmp_path, monkeypatch):
    written = []

    def full(table, path):
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_text("half")

    monkeypatch.setattr(export_module, "_write_csv", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        export_study(simulated, tmp_path / "csv")
    assert len(written) == 3
    assert not list(tmp_path.iterdir())


def test_damaged_replies_are_said_to_be(simulated, tmp_path):
    folder = shutil.copytree(simulated, tmp_path / "s")
    whole = (folder / "replies.sqlite").read_bytes()
    middle = len(whole) // 2
    broken = whole[:middle] + b"\xff" * 20_000 + whole[middle + 20_000 :]
    (folder / "replies.sqlite").write_bytes(broken)
    with pytest.raises(InputError, match=r"see `introspect-bayes verify"):
        export_study(folder, tmp_path / "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_parquet_without_its_package_says_what_to_install(simulated, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install introspect-bayes\[parquet\]"):
        export_study(simulated, tmp_path / "parquet", "parquet")
    assert not list(tmp_path.iterdir())


def test_unknown_formats_are_refused(simulated, tmp_path, capsys):
    with pytest.raises(InputError, match="no format 'xlsx'"):
        export_study(simulated, tmp_path / "x", "xlsx")
    assert main(["export", str(simulated), str(tmp_path / "x"), "--format", "xlsx"]) == 2
    assert "xlsx" in capsys.readouterr().err
