import hashlib

import pytest

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.paper_material import write_paper_material


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_file_is_regenerated_byte_for_byte(paper_data, tmp_path):
    written = write_paper_material(paper_data, tmp_path)
    assert len(written) == 9
    for path in written:
        assert digest(path) == digest(paper_data / path.name), path.name


def test_missing_inputs_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no candidate_scenarios\.json"):
        write_paper_material(tmp_path, tmp_path)
