"""The authors' file layout: `scenarios.csv` and one CSV file per model, stage and task."""

from introspect_bayes.study.authors_layout.file_names import (
    CONTEXTS_FILE,
    TARGETS_FILE,
    UNITS_FILE,
)
from introspect_bayes.study.authors_layout.reading import read_authors_layout

__all__ = ["CONTEXTS_FILE", "TARGETS_FILE", "UNITS_FILE", "read_authors_layout"]
