"""Files of the authors' layout: which names are known, what is missing, how much was asked."""

import gzip
import shutil

import pytest

import introspect_bayes as ib
from introspect_bayes.errors import InputError
from split_data import set_column

BASE = "tiny-model"
CHOICES = f"{BASE}_instilled_selections.csv"
NATIVE = f"{BASE}_instilled_latent_selections.csv"
REPORTS = f"{BASE}_instilled_weight_reports.csv"
OWN = f"{BASE}_weight_reports.csv"
HALF = f"{BASE}_itrained_first_3_of_6_50ex_weight_reports.csv"


@pytest.mark.parametrize(
    ("name", "copied", "nearest"),
    [
        (f"{BASE}_latent_weight_reports.csv", OWN, f"{BASE}_instilled_latent_weight_reports.csv"),
        (
            f"{BASE}_itrained_first_6_of_12_50examples_weight_reports.csv",
            HALF,
            f"{BASE}_itrained_first_6_of_12_50ex_weight_reports.csv",
        ),
        (f"{BASE}_sametrialsintest_instilled_selections.csv", CHOICES, CHOICES),
        (f"Copy of {CHOICES}", CHOICES, CHOICES),
        (f"{BASE}_selections.csv", CHOICES, CHOICES),
        (f"{BASE}_instilled_selections (1).csv", CHOICES, CHOICES),
        (f"{BASE}_instiled_selections.csv", CHOICES, CHOICES),
        (f"{BASE}_choices.csv", CHOICES, None),
        (f"{BASE}_instilled_selections.tsv", CHOICES, CHOICES),
    ],
)
def test_unknown_names_are_named_and_no_base_model(write_study, name, copied, nearest):
    folder = write_study(trials=8)
    shutil.copyfile(folder / copied, folder / name)
    study = ib.load_study(folder)
    assert study.base_models == [BASE]
    assert len(study.choices) == 2 * 6 * 8
    (warning,) = study.reading_warnings
    assert warning.startswith(f"{name} is left out: ")
    if nearest:
        assert f"(the nearest known name: {nearest})" in warning
    assert ib.study_warnings(study)[0] == warning


def test_files_that_other_programs_hide_are_none(write_study):
    folder = write_study(trials=8)
    for path in list(folder.glob(f"{BASE}*")):
        (folder / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07")
        shutil.copyfile(path, folder / f".{path.name}")
    (folder / f"~${CHOICES}").write_bytes(b"\x05user")
    study = ib.load_study(folder)
    assert study.base_models == [BASE]
    assert study.reading_warnings == ()


def test_a_sign_more_makes_no_base_model(write_study):
    folder = write_study(trials=8)
    shutil.copyfile(folder / CHOICES, folder / f"_{CHOICES}")
    study = ib.load_study(folder)
    assert study.base_models == [BASE]
    assert study.reading_warnings[0].startswith(f"_{CHOICES} is left out: ")


def test_base_models_that_differ_in_case_only_are_refused(write_study):
    folder = write_study(trials=8)
    for path in list(folder.glob(f"{BASE}*selections.csv")):
        path.rename(folder / path.name.replace(BASE, BASE.title()))
    with pytest.raises(InputError, match="'Tiny-Model' and 'tiny-model' have the same name but"):
        ib.load_study(folder)


def test_halves_count_the_instilled_contexts_where_there_are_no_choices(write_study):
    folder = write_study(trials=8)
    whole = ib.load_study(folder)
    (folder / CHOICES).unlink()
    study = ib.load_study(folder)
    asked = whole.report_sets.set_index("report_set")["contexts_asked"].to_dict()
    assert study.report_sets.set_index("report_set")["contexts_asked"].to_dict() == asked


def test_reports_of_another_model_than_the_one_that_chose(write_study):
    folder = write_study(trials=8)
    set_column(folder / REPORTS, "explaining_model", lambda _: "ft:other")
    (warning,) = ib.load_study(folder).reading_warnings
    assert warning.startswith(
        f"{BASE} (weight-trained, instilled contexts): choices are by the model ft:{BASE}, "
        "reports by ft:other; "
    )


def test_what_is_used_decides_whose_reports_are_meant(write_study):
    """One model of two chosen among choices, and the other among reports."""
    folder = write_study(trials=8)
    set_column(folder / CHOICES, "model", lambda i: f"m{i % 2}")
    set_column(folder / REPORTS, "explaining_model", lambda i: f"m{i % 2}")
    of_one = ib.load_study(folder, where={"model": "m1", "explaining_model": "m1"})
    assert not any("choices are by" in said for said in of_one.reading_warnings)
    mixed = ib.load_study(folder, where={"model": "m1", "explaining_model": "m0"})
    assert "choices are by the model m1, reports by m0" in mixed.reading_warnings[-1]
    pooled = ib.load_study(folder, pool=["model", "explaining_model"])
    assert not any("choices are by" in said for said in pooled.reading_warnings)


def test_a_file_that_is_a_copy_of_another(write_study):
    folder = write_study(trials=8)
    shutil.copyfile(folder / OWN, folder / REPORTS)
    copied, _ = ib.load_study(folder).reading_warnings
    assert copied.startswith(f"{OWN} and {REPORTS} hold the same rows: ")


def test_a_folder_of_unknown_names_says_which(write_study):
    folder = write_study(trials=8)
    for path in folder.glob(f"{BASE}*"):
        path.unlink() if path.name != CHOICES else path.rename(folder / f"{BASE}_selections.csv")
    with pytest.raises(InputError, match=rf"{BASE}_selections\.csv is left out: .*{CHOICES}"):
        ib.load_study(folder)


def test_other_files_of_the_folder_are_not_named(write_study):
    folder = write_study(trials=8)
    for name in ("roles.csv", "notes.csv", f"{BASE}_regression_results.csv", "report.html"):
        (folder / name).write_text("a,b\n1,2\n", encoding="utf-8")
    assert ib.load_study(folder).reading_warnings == ()


def test_capital_endings_are_read(write_study):
    folder = write_study(trials=8)
    (folder / CHOICES).rename(folder / CHOICES.replace(".csv", ".CSV"))
    study = ib.load_study(folder)
    assert len(study.choices) == 2 * 6 * 8
    assert study.reading_warnings == ()


@pytest.mark.parametrize(
    "names", [("llama", "llama-chat"), ("llama_7b", "llama_7b_chat"), ("a", "b")]
)
def test_several_base_models_of_similar_names(write_study, names):
    study = ib.load_study(write_study(base_models=names, trials=8))
    assert study.base_models == sorted(names)
    assert study.reading_warnings == ()


def test_two_complete_base_models_of_one_model_are_refused(write_study):
    folder = write_study(trials=8)
    for name in (CHOICES, REPORTS):
        shutil.copyfile(folder / name, folder / f"Copy of {name}")
    with pytest.raises(InputError, match="may be one base model; move the files of one elsewhere"):
        ib.load_study(folder)


def test_compressed_files_are_read(write_study):
    folder = write_study(trials=8)
    plain = ib.load_study(folder)
    for name in (CHOICES, HALF, "Copy of " + CHOICES):
        compressed = gzip.compress((folder / name.removeprefix("Copy of ")).read_bytes())
        (folder / f"{name}.gz").write_bytes(compressed)
    with pytest.raises(InputError, match=f"{CHOICES}.gz and {CHOICES} have the same name"):
        ib.load_study(folder)
    for name in (CHOICES, HALF):
        (folder / name).unlink()
    study = ib.load_study(folder)
    assert study.choices.equals(plain.choices)
    assert study.reports.equals(plain.reports)
    (warning,) = study.reading_warnings
    assert warning.startswith(f"Copy of {CHOICES}.gz is left out: ")
    assert CHOICES in warning.partition("nearest")[2]


@pytest.mark.parametrize("content", ["", "\n", "header"])
def test_files_of_which_no_report_survived(write_study, content):
    folder = write_study(trials=8)
    for name in (REPORTS, HALF):
        path = folder / name
        header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
        path.write_text(header if content == "header" else content, encoding="utf-8")
    study = ib.load_study(folder)
    (warning,) = study.reading_warnings
    assert warning == f"{REPORTS}, {HALF} hold no report: none of those asked is valid"
    sets = study.report_sets.set_index("report_set")
    assert len(sets.loc[REPORTS.removesuffix(".csv"), "contexts_asked"]) == 6
    assert len(sets.loc[HALF.removesuffix(".csv"), "contexts_asked"]) == 3
    assert set(study.reports["report_set"]) == set(sets.index) - {REPORTS[:-4], HALF[:-4]}


def test_checks_name_files_that_are_left_out_or_empty(write_study):
    folder = write_study(trials=8)
    (check,) = ib.check_study(ib.Analysis(ib.load_study(folder)), ["data.files"])
    assert check.status == "pass"
    shutil.copyfile(folder / CHOICES, folder / f"{BASE}_selections.csv")
    (folder / REPORTS).write_text("", encoding="utf-8")
    found = list(ib.check_study(ib.Analysis(ib.load_study(folder)), ["data.files"]))
    assert [(check.subject, check.status) for check in found] == [(folder.name, "fail")] * 2
    assert [check.message.split()[0] for check in found] == [f"{BASE}_selections.csv", REPORTS]


def test_contexts_from_the_folder_above_or_one_named(write_study, tmp_path):
    folder = write_study(trials=8)
    inner = folder / "first"
    inner.mkdir()
    for path in folder.glob(f"{BASE}*"):
        path.rename(inner / path.name)
    whole = ib.load_study(inner)
    assert len(whole.targets) == 12 * 3
    assert whole.chosen_rows.notes == (
        f"scenarios.csv from {folder}",
        f"instilled_weights.csv from {folder}",
    )
    apart = tmp_path / "apart"
    shutil.copytree(inner, apart)
    with pytest.raises(InputError, match="or name its folder with --contexts-from"):
        ib.load_study(apart)
    named = ib.load_study(apart, contexts_from=folder)
    assert named.choices.equals(whole.choices)
    with pytest.raises(InputError, match=r"--contexts-from .*: no scenarios\.csv there"):
        ib.load_study(folder, contexts_from=tmp_path)


def test_numbers_asked_that_nobody_stated(write_study):
    """Four valid reports of four are not six invalid ones of ten."""
    folder = write_study()
    study = ib.load_study(folder)
    assert set(study.report_sets["reports_asked"]) == {4}
    assert not study.report_sets["asked_known"].any()
    assert ib.study_warnings(study) == []
    (figure,) = ib.reproduce(ib.Analysis(study), [f"invalid.{BASE}"], published=False)
    assert figure.result.estimate == 0
    assert figure.note.startswith("of at least 4 reports asked in each context")
    told = ib.load_study(folder, reports_asked=10)
    assert told.report_sets["asked_known"].all()
    assert sum("60% of" in warning for warning in ib.study_warnings(told)) == 5
    (figure,) = ib.reproduce(ib.Analysis(told), [f"invalid.{BASE}"], published=False)
    assert figure.result.estimate == pytest.approx(0.6)
    with pytest.raises(InputError, match="4 reports on context 'context_6', more than --reports-a"):
        ib.load_study(folder, reports_asked=3)
    with pytest.raises(InputError, match="states its contexts and counts itself"):
        ib.load_study("smollm2", reports_asked=5)


def test_the_papers_own_files_asked_ten(paper_data, tmp_path):
    study = ib.load_study(paper_data)
    assert study.report_sets["asked_known"].all()
    assert set(study.report_sets["reports_asked"]) == {10}
    assert study.reading_warnings == ()
