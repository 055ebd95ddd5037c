"""What stands behind the numbers: data, priors, sampling, diagnostics."""

from collections import Counter
from pathlib import Path

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import changed_priors
from introspect_bayes.study.download import identity


def priors_note(analysis: Analysis) -> str:
    """Return which priors differ from the paper's; empty if none does."""
    changed = changed_priors(analysis.settings.specs)
    return f"Priors that differ from the paper's: {'; '.join(changed)}" if changed else ""


def provenance(analysis: Analysis) -> str:
    """Return one paragraph: data, priors, sampler settings and versions behind the numbers."""
    settings, study = analysis.settings, analysis.study
    priors = "\n".join(
        f"  {name}: " + ", ".join(f"{key} ~ {prior}" for key, prior in s.priors.items())
        for name, s in settings.specs.items()
    )
    seed = settings.choice_sampler.seed
    made = analysis.diagnostics()
    judged = ""
    if made:
        judged = (
            f"\nDiagnostics of {len(made)} fits, worst values: "
            f"R-hat {max(d.rhat for d in made):.3f}, effective sample size "
            f"{min(d.ess_bulk for d in made):,.0f} (bulk), "
            f"{min(d.ess_tail for d in made):,.0f} (tail), "
            f"{sum(d.divergences for d in made)} divergences"
        )
        ks = [d.pareto_k for d in made if d.pareto_k is not None]
        judged += f", Pareto k {max(ks):.2f}" if ks else ""
    same = identity(Path(study.source))
    data = f"Data: {study.source}" + (f" ({same})" if same else "")
    return f"{data}\nPriors\n{priors}\nSampling: {sampling(analysis)}; seed {seed}{judged}"


def sampling(analysis: Analysis) -> str:
    """Say how choice weights and regressions were sampled, and how many by which engine."""
    settings = analysis.settings
    weights: Counter[str] = Counter()
    for fit in analysis.weight_fits.values():
        weights.update(fit.contexts_by_engine)
    regressions = Counter(fit.engine for fit in analysis.fits.values())
    return "; ".join(
        (
            _sampled("choice weights", settings.choice_sampler, weights, "contexts"),
            _sampled("regressions", settings.regression_sampler, regressions, "fits"),
        )
    )


def _sampled(what: str, sampler: Sampler, by_engine: Counter[str], units: str) -> str:
    """Say how a kind of posterior was sampled, and how many by which engine."""
    chains = f"NUTS, {sampler.chains} chains x ({sampler.warmup} warm-up + {sampler.draws} draws)"
    if not by_engine:
        return f"{what}: none"
    if not by_engine["importance"]:
        return f"{what}: {chains}"
    text = f"{what}: importance sampling, {sampler.chains * sampler.draws:,} draws"
    if by_engine["nuts"]:
        text += f" ({by_engine['nuts']} of {by_engine.total()} {units}: {chains})"
    return text
