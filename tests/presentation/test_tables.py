import io

import pytest
from rich.console import Console

from introspect_bayes.analysis.figures import Result
from introspect_bayes.analysis.published import Published
from introspect_bayes.analysis.reproduce import Reproduction
from introspect_bayes.presentation import tables
from introspect_bayes.presentation.progress import TerminalProgress


def reproduction(**changes):
    values = {
        "id": "e1.acc.4o",
        "kind": "e1.acc",
        "base_model": "m",
        "title": "accuracy",
        "paper": Published(decimals=2, estimate=0.54, hdi=(0.47, 0.62)),
        "result": Result(estimate=0.5419, n=500, hdi=(0.468, 0.618)),
        "verdict": "reproduced",
        "note": "",
    }
    return Reproduction(**{**values, **changes})


def printed(table, width=100):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue()


def test_figure_row_shows_both_intervals():
    text = printed(tables.figures_table([reproduction()]))
    assert ".54 [.47, .62]" in text
    assert "95% HDI" in text
    assert tables.PROBLEM_MARK not in text


def test_failed_diagnostics_are_marked_and_explained():
    result = Result(estimate=0.5, n=5, hdi=(0.1, 0.9), problems=("R-hat 1.200 of slopes",))
    figure = reproduction(result=result)
    assert tables.PROBLEM_MARK in printed(tables.figures_table([figure]))
    assert tables.notes([figure]) == ["e1.acc.4o: † R-hat 1.200 of slopes"]


def test_figures_without_result_say_so():
    figure = reproduction(result=None, verdict="cannot be computed", note="no choices")
    assert " - " in printed(tables.figures_table([figure]))
    assert tables.notes([figure, figure]) == ["e1.acc.4o, e1.acc.4o: no choices"]
    assert figure.as_dict()["estimate"] is None


def test_the_table_fits_a_terminal_of_80_columns():
    text = printed(tables.figures_table([reproduction()]), width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "e1.acc.4o" in text


def test_what_a_study_does_not_have_is_one_line():
    lacking = {"result": None, "in_study": False}
    figures = [
        reproduction(id="e1.acc.a"),
        reproduction(id="e1.acc.b", note="no reports of b", **lacking),
        reproduction(id="e2.acc.a", kind="e2.acc", note="no e2 reports of a", **lacking),
        reproduction(id="e2.acc.b", kind="e2.acc", note="no e2 reports of b", **lacking),
        reproduction(
            id="e2.effect", kind="e2.effect", note="nobody has both: no e2 reports of a", **lacking
        ),
    ]
    assert tables.absent(figures) == (
        "Not in this study: e1.acc.b, e2.acc, e2.effect "
        "(no reports of b; no e2 reports of a; no e2 reports of b)"
    )
    assert tables.absent(figures[:1]) == ""


def test_progress_that_nobody_sees_prints_nothing(capsys):
    with TerminalProgress(shown=False) as progress:
        progress.expect(2)
        progress.start("Choice weights", 5)
        progress.advance(5)
        progress.finish_one("e1.acc")
    assert capsys.readouterr() == ("", "")


def by_contexts(**changes):
    result = Result(estimate=0.5419, n=500, hdi=(0.468, 0.618), hdi_contexts=(0.479, 0.6))
    return reproduction(result=result, **changes)


@pytest.mark.parametrize("wide", [False, True])
def test_intervals_with_contexts_as_units_stand_beside_or_below(wide):
    for made in (tables.figures_table, tables.estimates_table):
        table = made([by_contexts()], wide=wide)
        text = printed(table, width=120 if wide else 80)
        assert tables.BY_CONTEXTS in text
        assert "[.48, .60]" in text
        assert ("[.47, .62]" in next(line for line in text.splitlines() if "[.48" in line)) == wide
        assert max(len(line) for line in text.splitlines()) <= (120 if wide else 80)


def test_shares_have_percentages_in_both_places():
    result = Result(estimate=0.826, n=5000, hdi_contexts=(0.809, 0.841))
    table = tables.figures_table([reproduction(kind="e1.agree", result=result)])
    assert "[80.9%, 84.1%]" in printed(table, width=120)
