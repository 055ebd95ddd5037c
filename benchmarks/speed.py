"""How long fits take: our engines, one Bambi fit per context, and brms, on the paper's data.

    uv run python benchmarks/speed.py              # all; brms if Rscript finds it
    uv run python benchmarks/speed.py --only ours

The paper's data are found as by `introspect-bayes reproduce`. On Debian, brms comes with
`apt-get install r-cran-brms r-cran-bh r-cran-rcppeigen r-base-dev`; its rstan looks for the headers
of BH and RcppEigen within these packages, so link /usr/include/boost and /usr/include/eigen3/Eigen
into their `include` folders if it does not find them.
"""

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.regressions.regression import build_bambi_model
from introspect_bayes.sampling.compiled_models import forget_compiled
from introspect_bayes.specs import Specification, spec
from introspect_bayes.study import find_paper_data, load_study

PARTS = ("ours", "bambi", "command", "brms")
SETS = ("instilled", "native")
PACKAGES = ("introspect-bayes", "numpy", "pymc", "bambi", "nutpie", "pytensor", "numba", "arviz")
BAMBI_CONTEXTS = 8


def paper() -> Analysis:
    """Return the analysis of the paper's study, which keeps no finished fits."""
    return Analysis(load_study(find_paper_data()), Settings.default(keep=False))


def all_choices(analysis: Analysis) -> list[ChoiceData]:
    """Return the choices of both base models in both sets of contexts."""
    study = analysis.study
    return [
        ChoiceData.from_frame(analysis.choices(base_model, chosen), study.difference_columns)
        for base_model in study.base_models
        for chosen in SETS
    ]


def timed(work: Callable[[], Any], runs: int) -> list[float]:
    """Return the seconds of each of several runs."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds


def row(name: str, seconds: list[float], note: str = "") -> dict[str, Any]:
    """Return a row of the table: the first run, and the median of those after it."""
    later = seconds[1:] or seconds
    return {
        "what": name,
        "first": round(seconds[0], 1),
        "median": round(median(later), 2),
        "runs": len(later),
        "note": note,
    }


def ours() -> list[dict[str, Any]]:
    """Time the engines and the regressions."""
    analysis = paper()
    choices = all_choices(analysis)
    rows = []
    for engine, runs in (("auto", 6), ("nuts", 3)):
        forget_compiled()
        sampler = ChoiceWeightsSampler(analysis.settings.choice_sampler, engine)
        fits = [None] * len(choices)

        def work(sampler: ChoiceWeightsSampler = sampler, fits: list[Any] = fits) -> None:
            for number, data in enumerate(choices):
                fits[number] = sampler.fit(spec("choice_weights"), data, f"choices {number}")

        seconds = timed(work, runs)
        least = min(fit.diagnostics.ess_bulk for fit in fits)
        rows.append(row(f"400 choice models, {engine}", seconds, f"effective draws >= {least:.0f}"))

    def regressions() -> None:
        fresh = Analysis(analysis.study, analysis.settings)
        fresh.use_weights_of(analysis)
        for figure in ("e1.acc", "e1.base", "e2.acc", "e3.before", "e3.after"):
            for base_model in analysis.study.base_models:
                fresh.accuracy(base_model, figure)
        for effect in ("e2.effect", "e3.effect"):
            fresh.effect(effect)

    for base_model in analysis.study.base_models:
        for chosen in SETS:
            analysis.learned(base_model, chosen)
    forget_compiled()
    rows.append(row("12 regressions of reports, nuts", timed(regressions, 4)))
    return rows


def bambi() -> list[dict[str, Any]]:
    """Time one Bambi fit per context, as a user of Bambi alone would write it."""
    data = all_choices(paper())[0]
    specification: Specification = spec("choice_weights")
    columns = [f"d{k + 1}" for k in range(data.differences.shape[1])]
    seconds = []
    for number in range(BAMBI_CONTEXTS):
        mine = data.index == number
        frame = pd.DataFrame(data.differences[mine], columns=columns)
        frame["selection"] = data.selection[mine]

        def work(frame: pd.DataFrame = frame) -> None:
            model = build_bambi_model(specification, frame)
            model.fit(
                draws=1000, tune=1000, chains=4, cores=2, random_seed=1, progressbar=False,
                inference_method="nutpie",
            )  # fmt: skip

        seconds += timed(work, 1)
    each = median(seconds[1:])
    return [row("one Bambi fit per context", seconds, f"400 of them: {400 * each:.0f} s")]


def command() -> list[dict[str, Any]]:
    """Time `reproduce` as a whole process: nothing compiled or found, then with finished fits."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "INTROSPECT_BAYES_CACHE": f"{folder}/cache",
            "INTROSPECT_BAYES_DATA": str(find_paper_data()),
            "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor",
        }
        called = [sys.executable, "-m", "introspect_bayes", "reproduce"]

        def work() -> None:
            subprocess.run(called, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603

        cold = timed(work, 1)
        warm = timed(work, 5)
    rows.append(row("reproduce, cold", cold, "nothing compiled before, no finished fits"))
    rows.append(row("reproduce, warm", warm, "finished fits found again"))
    return rows


def brms() -> list[dict[str, Any]]:
    """Time the same models in brms, if R has it."""
    r = shutil.which("Rscript")
    if r is None:
        return []
    analysis = paper()
    with tempfile.TemporaryDirectory() as folder:
        frames = []
        for number, data in enumerate(all_choices(analysis)):
            columns = [f"d{k + 1}" for k in range(data.differences.shape[1])]
            frame = pd.DataFrame(data.differences, columns=columns)
            names = [f"{number}.{context}" for context in data.index]
            frames.append(frame.assign(selection=data.selection, fit=names))
        pd.concat(frames).to_csv(f"{folder}/choices.csv", index=False)
        rows = [
            analysis.accuracy(base_model, figure).data.assign(fit=f"{figure}.{base_model}")
            for figure in ("e1.acc", "e1.base", "e2.acc", "e3.before", "e3.after")
            for base_model in analysis.study.base_models
        ]
        pd.concat(rows)[["learned", "reported", "fit"]].to_csv(f"{folder}/reports.csv", index=False)
        script = str(Path(__file__).parent / "brms.R")
        done = subprocess.run([r, script, folder], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        print("brms did not run; its complaint is above", file=sys.stderr)
        return []
    found = json.loads(done.stdout.splitlines()[-1])
    note = f"brms {found['brms']}, rstan {found['rstan']}; compiling excluded"
    return [
        row("400 choice models, brms", [found["choices"]], note),
        row("10 regressions of reports, brms", [found["reports"]], "compiling included"),
    ]


def main() -> None:
    """Run the parts and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    parts = {"ours": ours, "bambi": bambi, "command": command, "brms": brms}
    rows = [made for name in given.only for made in parts[name]()]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"{dt.datetime.now(tz=dt.UTC).date()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"Python {platform.python_version()}, {versions}\n")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
