"""Draw the README's picture: `uv run python docs/result_table.py` writes docs/result_table.svg."""

import io
from pathlib import Path

from rich.console import Console

import introspect_bayes as ib
from introspect_bayes.presentation.tables import figures_table

analysis = ib.Analysis(ib.load_study("plunkett2025", progress=True))
console = Console(record=True, width=112, file=io.StringIO())
console.print(figures_table(ib.reproduce(analysis)))
target = Path(__file__).with_suffix(".svg")
console.save_svg(str(target), title="introspect-bayes reproduce")
