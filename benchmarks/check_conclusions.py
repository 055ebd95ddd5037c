"""How often `check` finds what is not there, and misses what is.

uv run python benchmarks/check_conclusions.py --flawless 200 --seeds 20 [--only position ...]
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
from flawed_studies import BASE_MODEL, FLAWS, simulated
from scipy import stats

import introspect_bayes as ib
from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.settings import Settings
from introspect_bayes.checks import Conclusion, check_study, conclude
from introspect_bayes.checks.evidence import Evidence
from introspect_bayes.specs import Specification, chosen_specifications
from introspect_bayes.specs.prior import Prior
from introspect_bayes.study import Study

CHECKS = ("data", "convergence", "prior.predictive", "reports.residuals", "reports.pile-up")
"""Checks that findings need, but for the comparison with other regressions."""

REPORTED = 20
"""Studies after which it is told how it stands."""


def settings(draws: int = 300, specs: dict[str, Specification] | None = None) -> Settings:
    """Return settings that keep nothing."""
    return Settings.default(seed=1, draws=draws, warmup=500, specs=specs, keep=False)


def concluded(
    study: Study, chosen: Settings, names: tuple[str, ...] = CHECKS
) -> tuple[Conclusion, Evidence]:
    """Return the conclusion about a study, and the evidence."""
    analysis = Analysis(study, chosen)
    checks = list(check_study(analysis, names))
    return conclude(analysis, checks), Evidence(analysis, checks)


def p_values(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Yield the p value of each test, by what is tested."""
    for check in evidence.checks:
        if "p" in check.numbers and check.name != "prior.sensitivity":
            yield check.name, check.numbers["p"]
    for p in evidence.widening.values():
        yield "contexts-as-units", p


def false_alarms(count: int) -> None:
    """Print how many flawless studies have findings that stop or move, and how p values lie."""
    alarms: Counter[str] = Counter()
    values: dict[str, list[float]] = defaultdict(list)
    alarmed = 0
    for seed in range(count):
        study = simulated(10_000 + seed, contexts=40 if seed % 2 else 12)
        conclusion, evidence = concluded(study, settings())
        grave = [f.name for f in conclusion.findings if f.kind != "known and harmless"]
        alarms.update(grave)
        alarmed += bool(grave)
        for name, p in p_values(evidence):
            values[name].append(p)
        if (seed + 1) % REPORTED == 0 or seed + 1 == count:
            print(f"{seed + 1} flawless studies, {alarmed} with an alarm {dict(alarms)}")
            most = stats.beta.ppf(0.975, alarmed + 1, seed + 1 - alarmed)
            print(f"share of alarms at most {most:.3f}; share of p values below .1, .01, .001:")
            for name, found in values.items():
                p = np.array(found)
                shares = "  ".join(f"{(p < limit).mean():.3f}" for limit in (0.1, 0.01, 0.001))
                print(f"{name:22s} {shares}, least {p.min():.1e} of {len(p)}", flush=True)


def power(seeds: int, only: list[str]) -> None:
    """Print in how many seeds each flaw is found, and in which class."""
    narrow = chosen_specifications()["report_accuracy"].with_priors(
        reported=Prior("Normal", {"mu": 0, "sigma": 0.05})
    )
    flaws = {name: (make, checks, settings()) for name, (make, checks) in FLAWS.items()}
    flaws["sampler"] = (simulated, ("convergence",), settings(draws=20))
    skeptic = settings(specs={"report_accuracy": narrow})
    flaws["regression-prior"] = (simulated, ("convergence",), skeptic)
    for name in only or flaws:
        make, checks, chosen = flaws[name]
        start, kinds, largest = time.process_time(), Counter(), []
        for seed in range(seeds):
            conclusion, _ = concluded(make(seed), chosen, checks)
            found = [f for f in conclusion.findings if f.name == name]
            kinds.update({f.kind for f in found})
            largest += [f.p for f in found if f.p is not None]
        spent = time.process_time() - start
        least = f"largest p {max(largest):.1e}" if largest else "no chance involved"
        print(
            f"{name:20s} {sum(kinds.values())}/{seeds}  {dict(kinds)}  {least}  {spent:.0f} s CPU",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flawless", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    print(f"introspect-bayes {ib.__version__}; base model {BASE_MODEL}")
    if given.flawless:
        false_alarms(given.flawless)
    if given.seeds:
        power(given.seeds, given.only)
