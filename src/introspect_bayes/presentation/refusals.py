"""What a server refused to have answered, as a table."""

from collections.abc import Iterator

from rich import box
from rich.markup import escape
from rich.table import Table

from introspect_bayes.presentation.tables import failures_table
from introspect_bayes.study import Study


def reply_tables(study: Study) -> Iterator[Table]:
    """Yield what is missing of a study's replies: those that failed to parse, those refused."""
    for table in (failures_table(study), refusals_table(study)):
        if table is not None:
            yield table


def refusals_table(study: Study) -> Table | None:
    """Return how many requests the server refused, by stage and reason; None if it refused none.

    Parameters
    ----------
    study
        The study; `Study.refused` tells the contexts.
    """
    refused = study.refused
    if refused.empty:
        return None
    title = "Requests that the server refused"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for name in ("model", "task", "context set", "reason", "requests", "contexts"):
        table.add_column(name, justify="right" if name in {"requests", "contexts"} else "left")
    for names, rows in refused.groupby(["model", "task", "context_set", "reason"], sort=True):
        counted = (f"{rows['count'].sum():,}", str(rows["context"].nunique()))
        table.add_row(*(escape(str(name)) for name in names), *counted)
    return table
