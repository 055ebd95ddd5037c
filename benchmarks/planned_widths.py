"""Compare the HDI widths that the paper's design should have had with those that it had.

For each figure, models are matched to the paper's data (`like_study`), studies of the paper's own
design are simulated with them and analysed, and the width that their HDIs have on average, with its
standard deviation over studies, is set beside that of the HDI from the paper's data.

    uv run python benchmarks/planned_widths.py --studies 20
    uv run python benchmarks/planned_widths.py --only e3.effect
"""

import argparse

import introspect_bayes as ib
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.protocol.comparisons import EFFECTS

FIGURES_PLANNED = ("e1.acc", "e3.effect", "e2.acc", "e2.effect", "e3.before", "e3.after")


def compare(analysis: ib.Analysis, figure: str, base_model: str | None, studies: int) -> None:
    """Print the expected and the real width of one HDI."""
    like = ib.like_study(analysis.study, figure, base_model, settings=analysis.settings)
    design = max(like.designs.values())
    found = ib.plan_study(
        like.models,
        contexts=design.contexts,
        choices=design.choices,
        reports=design.reports,
        studies=studies,
    )
    widths = found.outcomes["high"] - found.outcomes["low"]
    result = FIGURES[figure].compute(analysis, base_model or "")
    low, high = result.hdi or (0.0, 0.0)
    name = ".".join(filter(None, (figure, base_model)))
    print(
        f"{name:<32} {design.contexts:>4} {design.choices:>4} {design.reports:>3}"
        f"   {widths.mean():.3f} ± {widths.std(ddof=1):.3f}   {high - low:.3f}"
        f"   {found.outcomes['estimate'].mean():.3f}   {result.estimate:.3f}",
        flush=True,
    )


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=FIGURES_PLANNED)
    chosen = parser.parse_args()
    analysis = ib.Analysis(ib.load_study("plunkett2025"), ib.Settings.default())
    print(f"{'figure':<32}  ctx  cho rep   width planned   had     r planned had", flush=True)
    for figure in chosen.only:
        for base_model in [None] if figure in EFFECTS else analysis.study.base_models:
            compare(analysis, figure, base_model, chosen.studies)


if __name__ == "__main__":
    main()
