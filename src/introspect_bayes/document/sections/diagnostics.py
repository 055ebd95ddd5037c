"""Whether the sampler reached every posterior."""

from collections.abc import Iterator

import pandas as pd

from introspect_bayes.document.check_table import checks_table
from introspect_bayes.document.tabulating import from_frame
from introspect_bayes.findings import Findings
from introspect_bayes.joint_model.accuracies import JointAccuracy
from introspect_bayes.presentation.records import Block, Paragraph, Section
from introspect_bayes.presentation.tables import PROBLEM_MARK
from introspect_bayes.sampling.diagnostics import ESS_MIN, PARETO_K_MAX, RHAT_MAX, Diagnostics

OF_FITS = ("fits", "convergence")


def diagnostics(findings: Findings) -> Section:
    """Return R-hat, effective sample sizes, divergences and Pareto k of every fit."""
    return Section("diagnostics", "Sampler diagnostics", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    made = dict(_fits(findings))
    failed = {name: found.problems for name, found in made.items() if found.problems}
    yield Paragraph(
        f"{len(made) - len(failed)} of {len(made)} fits passed: R-hat at most {RHAT_MAX}, bulk and "
        f"tail effective sample sizes at least {ESS_MIN:.0f}, no divergent transitions, Pareto k "
        f"of importance sampling at most {PARETO_K_MAX} (Vehtari et al. 2021, "
        "doi:10.1214/20-BA1221). Values are the worst over all parameters of a fit."
    )
    for name, problems in failed.items():
        yield Paragraph(f"{PROBLEM_MARK} {name}: {'; '.join(problems)}.", "warning")
    if made:
        yield from_frame(
            "diagnostics", "Fits", pd.DataFrame([_row(*item) for item in made.items()]), _WAYS
        )
    checks = [check for check in findings.checks if check.name in OF_FITS]
    if checks:
        yield checks_table("fit-checks", "Checks of the fits", checks)


def _fits(findings: Findings) -> Iterator[tuple[str, Diagnostics]]:
    analysis = findings.analysis
    for name, weights in analysis.weight_fits.items():
        yield name, weights.diagnostics
    for name, fit in analysis.fits.items():
        yield name, fit.diagnostics
    for (figure, base_model), fit in findings.by_context.items():
        yield f"{figure}.{base_model}, by context", fit.diagnostics
    for name, correlations in findings.access.fits.items():
        yield f"privileged.{name}", correlations.diagnostics
    if isinstance(findings.joint, JointAccuracy):
        for name, joint in findings.joint.fits.items():
            yield f"joint, {name}", joint.diagnostics


def _row(name: str, found: Diagnostics) -> dict[str, object]:
    return {
        "fit": name,
        "R-hat": found.rhat,
        "ESS, bulk": found.ess_bulk,
        "ESS, tail": found.ess_tail,
        "divergences": found.divergences,
        "Pareto k": float("nan") if found.pareto_k is None else found.pareto_k,
        "passed": "no" if found.problems else "yes",
    }


def _optional(value: float) -> str:
    return "-" if value != value else f"{value:.2f}"  # noqa: PLR0124 - missing


_WAYS = {
    "R-hat": "{:.3f}".format,
    "ESS, bulk": "{:,.0f}".format,
    "ESS, tail": "{:,.0f}".format,
    "Pareto k": _optional,
}
