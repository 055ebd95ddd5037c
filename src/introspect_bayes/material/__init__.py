"""The material of a study: what is fixed before any model is asked."""

from introspect_bayes.material.ablations import prepare_ablations, with_ablations
from introspect_bayes.material.paper_material import write_paper_material
from introspect_bayes.material.prompt_completion import write_prompt_completion
from introspect_bayes.material.study_folder import (
    PreparedStudy,
    prepare_study,
    read_study_folder,
)
from introspect_bayes.material.training import Counts, read_learned_weights

__all__ = [
    "Counts",
    "PreparedStudy",
    "prepare_ablations",
    "prepare_study",
    "read_learned_weights",
    "read_study_folder",
    "with_ablations",
    "write_paper_material",
    "write_prompt_completion",
]
