"""Draw the README's picture of a report: `uv run python docs/report.py` writes docs/report.png.

Needs Chromium. The report's first screens, as a browser shows them.
"""

import subprocess
import tempfile
from pathlib import Path

import introspect_bayes as ib

target = Path(__file__).with_suffix(".png")
with tempfile.TemporaryDirectory() as scratch:
    analysis = ib.Analysis(ib.load_study("plunkett2025", progress=True))
    page = ib.write_report(analysis, Path(scratch) / "paper.html")
    browser = ["chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars"]
    picture = [f"--screenshot={target}", "--window-size=1000,1400", page.as_uri()]
    subprocess.run([*browser, *picture], check=True)  # noqa: S603
