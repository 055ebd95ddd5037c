"""The command that says what is installed, configured and cached."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from introspect_bayes.cli.console import console_beside
from introspect_bayes.cli.files import check_writable, json_option, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from introspect_bayes.presentation.installation import Installation

_KILOBYTE: Final = 1000


def info(
    *,
    json_file: Annotated[Path | None, json_option("Also write it all as JSON")] = None,
) -> None:
    """Say what is installed, which data is found, what is cached, and what the environment sets.

    Downloads and changes nothing. Of a key it says only whether one is set.
    """
    from introspect_bayes.presentation.installation import installation

    check_writable(json_file)
    found = installation()
    write_json(json_file, found.as_dict())
    console = console_beside(json_file)
    for table in (_versions(found), _places(found), _environment(found)):
        console.print(table)


def _table(title: str, *columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _versions(found: "Installation") -> "Table":
    table = _table("Versions", "package", "version")
    for package, number in found.versions.items():
        table.add_row(package, number or "not installed")
    table.add_row("system", f"{found.system}, {found.cores or 'unknown'} cores")
    return table


def _places(found: "Installation") -> "Table":
    table = _table("Data", "what", "where")
    data = found.paper_data_identity
    table.add_row("paper's data", f"{found.paper_data}\n{data}" if found.paper_data else data)
    table.add_row("shipped studies", ", ".join(found.studies))
    table.add_row("shipped models", ", ".join(found.models))
    table.add_row("cache", found.cache if found.cached else f"{found.cache} (empty)")
    for entry in found.cached:
        size = f"{entry.files:,} files, {_size(entry.size)}"
        table.add_row(f"  {entry.name}", f"{entry.meaning} ({size})")
    return table


def _environment(found: "Installation") -> "Table":
    from introspect_bayes.presentation.installation import ENVIRONMENT

    table = _table("Environment variables", "name", "value", "what it decides")
    for variable in ENVIRONMENT:
        table.add_row(
            variable.name,
            found.environment[variable.name] or "not set",
            variable.meaning.replace("`", ""),
        )
    return table


def _size(count: int) -> str:
    """Format a number of bytes.

    Examples
    --------
    >>> _size(512), _size(12_300_000)
    ('512 B', '12.3 MB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < _KILOBYTE:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILOBYTE
    return f"{size:.1f} GB"
