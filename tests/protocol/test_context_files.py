import json

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.context_files import (
    read_candidates,
    read_contexts,
    read_roles,
    shipped_contexts,
    write_candidates,
    write_roles,
    write_scenarios,
)
from introspect_bayes.protocol.contexts import Attribute, DecisionContext


@pytest.fixture(scope="module")
def everything():
    return [*shipped_contexts("instilled"), *shipped_contexts("native")]


def test_two_hundred_contexts_of_five_attributes(everything):
    assert len(everything) == 200
    assert len({context.name for context in everything}) == 200
    agents = {context.question.rsplit(". Which", 1)[0] for context in everything}
    assert len(agents) == 200
    for context in everything:
        assert len(context.attributes) == 5
        assert all(attribute.unit for attribute in context.attributes)


def test_none_is_taken_from_the_papers_data(everything, paper_data):
    theirs = read_candidates(paper_data / "candidate_scenarios.json")
    assert len(theirs) == 1365
    names = {context.name for context in theirs}
    sets = {frozenset(context.attribute_names) for context in theirs}
    for context in everything:
        assert context.name not in names
        assert frozenset(context.attribute_names) not in sets


def test_candidates_survive_writing_and_reading(everything, tmp_path):
    write_candidates(everything, tmp_path / "contexts.json")
    assert read_candidates(tmp_path / "contexts.json") == everything


def test_authors_roles_survive_reading_and_writing(paper_data, tmp_path):
    roles = read_roles(paper_data / "roles.csv")
    assert roles[0] == "role"
    write_roles(roles, tmp_path / "roles.csv")
    assert read_roles(tmp_path / "roles.csv") == roles


CONTEXT = """
[[context]]
name = "shelf"
agent = "Io"
question = "Which shelf would you buy?"
attributes = [{ name = "width", unit = "cm", minimum = 1, maximum = 9 }]
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (CONTEXT + CONTEXT, "context 'shelf' occurs twice"),
        (CONTEXT.replace("maximum = 9", "maximum = 0"), "context shelf: .*maximum 0 is not above"),
        (CONTEXT.replace("agent", "actor"), "context shelf: lacks agent"),
        (CONTEXT.replace("= 9", '= "wide"'), "context shelf: 'wide' is not a number"),
        ("", r"no \[\[context\]\] table"),
        ("[[context", "mine.toml: "),
    ],
)
def test_malformed_files_of_ones_own(tmp_path, text, complaint):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_contexts(path)


INCOMPLETE = {"short_name": "x", "question": "?", "attributes": [{"name": "a", "units": "b"}]}


@pytest.mark.parametrize(
    "content",
    [
        "[1]",
        "{",
        '[{"short_name": "x"}]',
        json.dumps([INCOMPLETE]),
        json.dumps([INCOMPLETE | {"attributes": [{"name": "a", "units": "b", "range": [1]}]}]),
    ],
)
def test_malformed_candidates(tmp_path, content):
    (tmp_path / "c.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"c\.json: expected a list"):
        read_candidates(tmp_path / "c.json")


def test_reversed_range_in_candidates(tmp_path):
    attribute = {"name": "a", "units": "b", "range": [2, 1]}
    entry = {"short_name": "x", "question": "?", "attributes": [attribute]}
    (tmp_path / "c.json").write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.raises(InputError, match="maximum 1 is not above"):
        read_candidates(tmp_path / "c.json")


def test_one_table_needs_equal_numbers_of_attributes(tmp_path):
    one = Attribute("a", 0, 1)
    two = (one, Attribute("b", 0, 1))
    contexts = [DecisionContext("x", "?", (one,)), DecisionContext("y", "?", two)]
    with pytest.raises(InputError, match="do not fit one table"):
        write_scenarios(contexts, tmp_path / "scenarios.csv")
