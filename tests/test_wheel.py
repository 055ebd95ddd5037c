"""The built wheel, installed elsewhere, finds models/ and data/."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

LOOK = """
import introspect_bayes as ib
from introspect_bayes.places import shipped_folder
from introspect_bayes.analysis.published import published_figures
from introspect_bayes.study.download import paper_data
print(ib.__file__)
print(shipped_folder("models"), shipped_folder("data"))
assert ib.spec("choice_weights").priors and published_figures() and paper_data()["sha256"]
"""


def test_wheel_carries_models_and_data(tmp_path):
    for command in (
        ["build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", ROOT],
        ["pip", "install", "--quiet", "--no-deps", "--python", sys.executable,
         "--target", tmp_path / "installed", "--find-links", tmp_path / "dist", "introspect-bayes"],
    ):  # fmt: skip
        subprocess.run([os.environ.get("UV", "uv"), *map(str, command)], check=True, cwd=ROOT)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    ran = subprocess.run(
        [sys.executable, "-c", LOOK],
        env=environment, cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    installed = (tmp_path / "installed" / "introspect_bayes").resolve()
    file, folders = ran.stdout.splitlines()
    assert Path(file).resolve().parent == installed
    assert folders == f"{installed / 'models'} {installed / 'data'}"
    assert (installed / "py.typed").is_file()
