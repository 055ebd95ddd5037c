"""The models: formulae, priors, and the brms lines that they mirror."""

from collections.abc import Iterator

import pandas as pd

from introspect_bayes.analysis.context_accuracy import BY_CONTEXT
from introspect_bayes.document.tabulating import from_frame
from introspect_bayes.findings import Findings
from introspect_bayes.joint_model.accuracies import JointAccuracy
from introspect_bayes.presentation.records import Block, Code, Paragraph, Section
from introspect_bayes.specs import Specification, changed_priors, spec


def models(findings: Findings) -> Section:
    """Return each specification: formula and family beside the brms line, and every prior."""
    return Section("models", "Models and priors", tuple(_blocks(findings)))


def _blocks(findings: Findings) -> Iterator[Block]:
    specs = list(findings.analysis.settings.specs.values())
    if findings.by_context:
        specs.append(spec(BY_CONTEXT))
    if isinstance(findings.joint, JointAccuracy):
        specs.append(spec("joint_accuracy"))
    changed = changed_priors(findings.analysis.settings.specs)
    yield Paragraph(
        "Bambi and PyMC models that mirror the paper's brms calls, brms's default priors included. "
        "The prior of an intercept is that of centred predictors, as in brms. d1 ... dK are "
        "differences of the two options, divided by the attribute's range; learned and reported "
        "are standardized with the sample standard deviation (ddof = 1)."
    )
    if changed:
        yield Paragraph(f"Priors that differ from the paper's: {'; '.join(changed)}.", "warning")
    formulae = [
        {
            "specification": each.name,
            "what it says": f"{each.title} ({each.source})",
            "formula": f"{each.formula or 'equations below'}, {each.family}, "
            f"by {', '.join(each.by)}",
            "brms": each.brms or "-",
        }
        for each in specs
    ]
    yield from_frame(
        "models", "Formulae", pd.DataFrame(formulae), code=("specification", "formula", "brms")
    )
    for each in specs:
        if each.equations:
            yield Paragraph(f"{each.name}: {each.title}.")
            yield Code(each.equations.strip("\n"))
    yield from_frame(
        "priors",
        "Priors",
        pd.DataFrame([row for each in specs for row in _priors(each)]),
        caption="mad: median absolute deviation times 1.4826; brms rounds it and the median to one "
        "decimal. Flat priors are improper: every value is as likely.",
        code=("specification", "parameter", "prior"),
    )


def _priors(each: Specification) -> Iterator[dict[str, str]]:
    for parameter, prior in each.priors.items():
        yield {"specification": each.name, "parameter": parameter, "prior": str(prior)}
