"""How time and memory grow with the number of contexts, of 50 choices between 5 attributes each.

Each size runs in a process of its own, whose memory, with that of its workers, is looked at ten
times a second (proportional set size: what processes share counts once).

    uv run python benchmarks/scaling.py
    uv run python benchmarks/scaling.py --contexts 100 1000
"""

import argparse
import json
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import psutil

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.weight_summaries import summarize_weights
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

CONTEXTS = (100, 1000, 5000, 20_000)
CHOICES, ATTRIBUTES = 50, 5
SEED = 2025


def simulated(contexts: int) -> ChoiceData:
    """Return choices of decision makers with weights of standard deviation 2."""
    random = np.random.default_rng(SEED)
    differences = random.uniform(-1, 1, (contexts, CHOICES, ATTRIBUTES))
    weights = random.normal(0, 2, (contexts, 1, ATTRIBUTES))
    chosen = random.random((contexts, CHOICES)) < 1 / (1 + np.exp(-(differences * weights).sum(-1)))
    return ChoiceData(
        tuple(f"context_{number:05d}" for number in range(contexts)),
        np.repeat(np.arange(contexts), CHOICES),
        differences.reshape(-1, ATTRIBUTES),
        chosen.astype(int).ravel(),
        np.full(contexts, ATTRIBUTES),
    )


class Memory(threading.Thread):
    """Watches what this process and its children hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.done = 0, threading.Event()

    def run(self) -> None:
        """Look ten times a second."""
        me = psutil.Process()
        while not self.done.wait(0.1):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak = max(self.peak, total)


def measure(contexts: int) -> None:
    """Summarize so many contexts; print what it took."""
    data = simulated(contexts)
    memory = Memory()
    memory.start()
    began = time.perf_counter()
    found = summarize_weights(spec("choice_weights"), data, Sampler(draws=1000, seed=SEED))
    seconds = time.perf_counter() - began
    memory.done.set()
    if len(found.weights) != contexts * ATTRIBUTES:
        sys.exit("contexts are missing")
    row = {
        "contexts": contexts,
        "choices": contexts * CHOICES,
        "seconds": round(seconds, 1),
        "peak_gib": round(memory.peak / 2**30, 2),
        "by_nuts": found.contexts_by_engine.get("nuts", 0),
        "least_effective": round(found.diagnostics.ess_bulk),
    }
    print(json.dumps(row))


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contexts", type=int, nargs="+", default=CONTEXTS)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one)
        return
    rows = []
    for contexts in given.contexts:
        command = [sys.executable, __file__, "--one", str(contexts)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], file=sys.stderr)
    table = pd.DataFrame(rows)
    # Starting processes and importing take the same time whatever the number of contexts.
    more = table[["contexts", "seconds"]].diff()
    table["ms_each_more"] = (1000 * more["seconds"] / more["contexts"]).round(1)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
