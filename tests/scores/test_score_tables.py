"""Tables of explanation scores: what is read, and what is refused where."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect_bayes.errors import InputError
from introspect_bayes.scores.scores import read_explanation_scores

ROWS = pd.DataFrame(
    {
        "explainer": ["a", "b"],
        "target": ["a", "a"],
        "task": ["features", "features"],
        "item": ["7", "7"],
        "score": [1, 0],
    }
)


def test_self_is_told_by_the_names():
    assert list(read_explanation_scores(ROWS)["self"]) == [True, False]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_files_and_frames_are_read_alike(tmp_path, ending):
    rows = ROWS.assign(score=[0.25, 1.0], training_size=[500, 1000], seed=3)
    file = tmp_path / f"scores{ending}"
    rows.to_csv(file, index=False) if ending == ".csv" else rows.to_parquet(file)
    pd.testing.assert_frame_equal(read_explanation_scores(file), read_explanation_scores(rows))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"score": [85, 0]}, r"row 1, column score: '85' is not a score.*percentages"),
        ({"score": [0, "x"]}, r"row 2, column score: 'x' is not a finite number"),
        ({"score": [0, None]}, "row 2, column score: is empty"),
        ({"item": ["", "7"]}, "row 1, column item: is empty"),
        ({"explainer": ["a", "a"]}, r"row 2, column item: '7' was scored already.*row 1"),
        ({"explainer": ["A", "b"]}, r"'a' is elsewhere 'A'; is it the same model"),
        ({"training_size": [1, None]}, "row 2, column training_size: is empty, where other"),
        ({"training_size": [1, 0]}, "row 2, column training_size: '0' is not a positive"),
        ({"training_sizes": [1, 2]}, "did you mean 'training_size'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        read_explanation_scores(ROWS.assign(**changes))


def test_files_are_complained_of_by_line(tmp_path):
    file = tmp_path / "scores.csv"
    ROWS.assign(score=[1, 2]).to_csv(file, index=False)
    with pytest.raises(InputError, match=r"scores\.csv, line 3, column score: '2'"):
        read_explanation_scores(file)
    ROWS.drop(columns="task").to_csv(file, index=False)
    with pytest.raises(InputError, match=r"scores\.csv, line 1: missing column task"):
        read_explanation_scores(file)


def test_replicates_tell_repeated_scores_apart():
    repeated = pd.concat([ROWS.assign(replicate=1), ROWS.assign(replicate=2)])
    assert len(read_explanation_scores(repeated)) == 4


names = st.text("abc XY/é", min_size=1).filter(str.strip)
tables = st.lists(
    st.tuples(names, names, names, names, st.floats(0, 1)), min_size=1, unique_by=lambda r: r[:4]
)


@settings(deadline=None)
@given(tables)
def test_a_table_is_read_as_it_is_or_refused_with_a_reason(rows):
    columns = ["explainer", "target", "task", "item", "score"]
    frame = pd.DataFrame(rows, columns=columns)
    try:
        found = read_explanation_scores(frame)
    except InputError as error:
        assert "scored already" in str(error) or "is it the same model" in str(error)  # noqa: PT017
        return
    assert list(found["score"]) == list(frame["score"])
    for name in columns[:4]:
        assert list(found[name]) == [cell.strip() for cell in frame[name]]
    assert (found["self"] == (found["explainer"] == found["target"])).all()


@pytest.mark.parametrize("written", [["True", "False"], ["TRUE", "false"], [True, False]])
def test_true_and_false_are_scores(tmp_path, written):
    rows = ROWS.assign(score=written)
    rows.to_csv(tmp_path / "scores.csv", index=False)
    for source in (rows, tmp_path / "scores.csv"):
        assert list(read_explanation_scores(source)["score"]) == [1.0, 0.0]


@pytest.mark.parametrize(
    "name", ["s.csv.gz", "S.CSV.GZ", "s.CSV", "s.parquet", "s.PARQUET", "s.PQ"]
)
def test_files_are_read_by_their_ending_in_any_case(tmp_path, name):
    if "csv" in name.lower():
        zipped = "gzip" if name.lower().endswith("gz") else None
        ROWS.to_csv(tmp_path / name, index=False, compression=zipped)
    else:
        ROWS.to_parquet(tmp_path / name)
    assert list(read_explanation_scores(tmp_path / name)["score"]) == [1.0, 0.0]


@pytest.mark.parametrize("content", [b"explainer", b"\x1f\x8b\x08\x00", b"\x1f\x8bxxxxxxxxxxxx"])
def test_a_compressed_file_that_is_none_or_was_cut_off(tmp_path, content):
    (tmp_path / "s.csv.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"s\.csv\.gz: cannot be read as a CSV file"):
        read_explanation_scores(tmp_path / "s.csv.gz")


def test_columns_of_lists_are_left_alone():
    assert len(read_explanation_scores(ROWS.assign(tokens=[[1, 2], [3]], layers=[{}, {}]))) == 2


def test_a_column_that_splits_scores_is_refused_by_its_place(tmp_path):
    rows = pd.concat([ROWS.assign(item=str(i), prompt="ab"[i % 2]) for i in range(4)])
    rows.to_parquet(tmp_path / "s.parquet")
    for source, place in ((rows, "the frame of scores"), (tmp_path / "s.parquet", "s.parquet")):
        with pytest.raises(InputError, match=f"{place}, column prompt: 2 values among scores of"):
            read_explanation_scores(source)
