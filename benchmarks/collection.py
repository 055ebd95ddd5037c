"""How fast replies are collected: beside the bare client, in memory, and when nothing is left.

    uv run python benchmarks/collection.py [--requests 15000] [--concurrency 32] [--rounds 3]

A mock of the chat API on loopback (tests/chat_server.py) answers at once from a process of
its own. The bare client is AsyncOpenAI with the same number of workers, which throws every reply
away; ours commits each attempt before the call and each reply after it.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.requests import SamplingOptions, plan_requests
from introspect_bayes.protocol.stages import Model
from introspect_bayes.protocol.study_folder import prepare_study, read_study_folder
from introspect_bayes.protocol.training import Counts

SERVER = Path(__file__).parents[1] / "tests" / "chat_server.py"
PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}/v1"
MODEL = "mock-1"
CONTEXTS = 100

OURS = f"""
import resource, sys, time
from introspect_bayes.collect import RunSettings, collect_replies
began = time.perf_counter()
result = collect_replies(sys.argv[1], {MODEL!r}, base_url={ADDRESS!r},
                 settings=RunSettings(concurrency=int(sys.argv[2])))
assert result.complete and result.counts.attempts == result.snapshot.planned
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def prepare(folder: Path, requests: int) -> None:
    """Prepare a study of so many requests: decisions and ten reports in each context."""
    prompts = shipped_folder("data") / "prompts"
    prepare_study(
        folder,
        {"instilled": [], "native": shipped_contexts("native")[:CONTEXTS]},
        {"decision": prompts / "decision-1.toml", "report": prompts / "report-1.toml"},
        counts=Counts(native_choices=requests // CONTEXTS - 10, reports=10),
    )


async def bare(folder: Path, concurrency: int) -> float:
    """Ask the same requests with the client alone; return the seconds it took."""
    import openai

    study = read_study_folder(folder)
    model = Model(MODEL, MODEL)
    left = [r.messages for r in plan_requests(study, model, SamplingOptions())]
    client = openai.AsyncOpenAI(base_url=ADDRESS, api_key="none", max_retries=0)

    async def work() -> None:
        while left:
            messages = left.pop()
            await client.chat.completions.create(model=MODEL, messages=messages, temperature=0)  # type: ignore[arg-type]

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    taken = time.perf_counter() - began
    await client.close()
    return taken


def ours(folder: Path, concurrency: int) -> tuple[float, float]:
    """Collect in a process of its own; return seconds and peak memory in MiB."""
    command = [sys.executable, "-c", OURS, str(folder), str(concurrency)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def resume(folder: Path) -> float:
    """Run the finished collection's command again; return the seconds it took."""
    command = [sys.executable, "-m", "introspect_bayes", "collect", str(folder)]
    command += ["--model", MODEL, "--base-url", "http://127.0.0.1:9/v1"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=15_000)
    arguments.add_argument("--concurrency", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    with (
        subprocess.Popen([sys.executable, str(SERVER), str(PORT)]) as server,  # noqa: S603
        tempfile.TemporaryDirectory() as scratch,
    ):
        time.sleep(2)
        pairs, memory = [], 0.0
        for number in range(chosen.rounds):
            folder = Path(scratch) / str(number)
            prepare(folder, chosen.requests)
            alone = chosen.requests / asyncio.run(bare(folder, chosen.concurrency))
            seconds, peak = ours(folder, chosen.concurrency)
            pairs.append((alone, chosen.requests / seconds))
            memory = max(memory, peak)
            print(f"bare {alone:.0f}/s, ours {pairs[-1][1]:.0f}/s, peak memory {peak:.0f} MiB")
        result = {
            "requests": chosen.requests,
            "concurrency": chosen.concurrency,
            "share_of_bare_rate": statistics.median(ours / alone for alone, ours in pairs),
            "peak_memory_mib": memory,
            "resume_seconds": resume(folder),
        }
        print(json.dumps(result, indent=2))
        server.terminate()


if __name__ == "__main__":
    main()
