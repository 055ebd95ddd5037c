"""Findings about fits: samplers, priors, and what the regressions take for granted."""

from collections.abc import Iterator, Sequence
from typing import Final

from introspect_bayes.analysis.figure_sums import SUMS, context_interval, slope_sums
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.checks.convergence import CONVERGENCE
from introspect_bayes.checks.evidence import Evidence, better_than, kind_of, largest, listed
from introspect_bayes.checks.finding import Change, Finding
from introspect_bayes.checks.holding_out import LEARNED
from introspect_bayes.checks.learned_size import size_learned
from introspect_bayes.checks.loo import COMPARISON, SMALL
from introspect_bayes.checks.otherwise import with_choice_models
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.position_bias import POSITION_BIAS
from introspect_bayes.checks.predictive_choices import ACCURACY as EXPECTED
from introspect_bayes.checks.predictive_choices import CALIBRATION, PREDICTED
from introspect_bayes.checks.predictive_reports import DENSITY, PILE_UP, RESIDUALS
from introspect_bayes.checks.prior_predictive import PRIOR_PREDICTIVE
from introspect_bayes.checks.prior_sensitivity import PRIOR_SENSITIVITY
from introspect_bayes.checks.touched import Compared, changes, compared
from introspect_bayes.errors import CannotCompute
from introspect_bayes.specs import spec

NO_EXCESS: Final = (0.02, 3.0)
"""Share of choices explained beyond chance, and its size in standard errors, below both of which
choices do not follow the attributes."""

WIDER: Final = 1.1
"""How many times wider an interval must be to be told."""


def sampler(of: Evidence) -> Iterator[Finding]:
    """Yield the fits whose sampler did not reach the posterior."""
    failed = [check for check in of.of(CONVERGENCE) if check.status == "fail"]
    if failed:
        subjects = tuple(check.subject for check in failed)
        message = f"{listed(subjects)}: {failed[0].message.rstrip('.')}"
        yield Finding("sampler", "stop", message, subjects, checks=(CONVERGENCE,))


def choices_without_weights(of: Evidence) -> Iterator[Finding]:
    """Yield that choices follow the attributes no more than chance would have it."""
    share, errors = NO_EXCESS
    found = [
        check
        for check in of.of(PRIOR_PREDICTIVE)
        if check.numbers.get("excess", 1.0) < share and check.numbers["excess_z"] < errors
    ]
    if found:
        subjects = tuple(check.subject for check in found)
        message = (
            f"{listed(subjects)}: choices follow the attributes no more than chance would have it, "
            "so that there are no weights to report"
        )
        yield Finding("no-weights", "stop", message, subjects, checks=(PRIOR_PREDICTIVE,))


def size_of_weights(of: Evidence) -> Iterator[Finding]:
    """Yield that weights are not as large as their prior has it: accuracies at the right size."""
    found = of.below(PRIOR_PREDICTIVE)
    if not found:
        return
    data = {each: of.analysis.choice_data(of.analysis.choices(*each)) for each in of.choices(found)}
    models = {each: size_learned(chosen) for each, chosen in data.items()}
    moved = changes(of.analysis, with_choice_models(of.analysis, models), of.resting_on(found))
    sizes = sorted(float(model.priors["slopes"].args["sigma"]) for model in models.values())
    told = " to ".join(dict.fromkeys(f"{size:.2g}" for size in (sizes[0], sizes[-1])))
    prior = of.analysis.settings.specs["choice_weights"].priors["slopes"]
    message = (
        f"the prior {prior} does not suit weights of size {told}"
        f"{_predicts(of, found)}: at that size {largest(moved)}"
    )
    behind = (PRIOR_PREDICTIVE, PRIOR_SENSITIVITY, CALIBRATION, EXPECTED, PREDICTED, COMPARISON)
    made = tuple(name for name in behind if of.of(name))
    yield Finding(
        "size-of-weights", kind_of(moved), message, tuple(check.subject for check in found), moved,
        made, min(check.numbers["p"] for check in found),
    )  # fmt: skip


def _predicts(of: Evidence, found: Sequence[Check]) -> str:
    """Say what holding choices out says of the learned size."""
    subjects = {check.subject for check in found}
    gains = [
        check.numbers[f"{LEARNED}.elpd_diff"] / max(check.numbers[f"{LEARNED}.se"], 1e-9)
        for check in of.of(COMPARISON)
        if check.subject in subjects and f"{LEARNED}.elpd_diff" in check.numbers
    ]
    return f" (held-out choices agree, {min(gains):.0f} SE)" if gains and min(gains) > 1 else ""


def position(of: Evidence) -> Iterator[Finding]:
    """Yield that position moves choices: accuracies without an intercept that takes it out."""
    found = of.below(POSITION_BIAS)
    if not found:
        return
    usual = of.analysis.settings.specs["choice_weights"].priors["slopes"]
    if usual.references:
        return
    other = spec("choice_weights_no_intercept").with_priors(slopes=usual)
    models = dict.fromkeys(of.choices(found), other)
    moved = changes(of.analysis, with_choice_models(of.analysis, models), of.resting_on(found))
    fits = "1 fit" if len(found) == 1 else f"{len(found)} fits"
    message = (
        f"position moves choices ({fits}), which the intercept takes out: without it "
        f"{largest(moved)}"
    )
    yield Finding(
        "position", kind_of(moved), message, tuple(check.subject for check in found), moved,
        (POSITION_BIAS,), min(check.numbers["p"] for check in found),
    )  # fmt: skip


def regression_prior(of: Evidence) -> Iterator[Finding]:
    """Yield that priors of the regressions move accuracies from what least squares give."""
    if not of.of(CONVERGENCE):
        return
    moved = []
    for each in compared(of.analysis):
        try:
            value, otherwise = _with_and_without_prior(of, each)
        except CannotCompute:
            continue
        moved.append(Change(each.subject, value, otherwise))
    moved.sort(key=lambda change: -change.size)
    if kind_of(moved) == "numbers move":
        message = f"priors of the regressions move accuracies; flat ones: {largest(moved)}"
        yield Finding("regression-prior", "numbers move", message, (), tuple(moved), (CONVERGENCE,))


def _with_and_without_prior(of: Evidence, figure: Compared) -> tuple[float, float]:
    if not figure.base_model:
        effect = FIGURES[figure.figure].compute(of.analysis, "").estimate
        return effect, SUMS[figure.figure](of.analysis, "").value()
    slope = of.analysis.accuracy(figure.base_model, figure.figure).slope().mean
    return slope, slope_sums(of.analysis, figure.base_model, figure.figure).value()


def another_regression(of: Evidence) -> Iterator[Finding]:
    """Yield that another shipped regression of reports predicts better, and its slopes."""
    slopes: dict[str, list[Change]] = {}
    least = 1.0
    for check in of.of(COMPARISON):
        for name, p in better_than(check).items():
            if p >= of.level or check.numbers[f"{name}.elpd_diff"] <= SMALL:
                continue
            each = next(e for e in compared(of.analysis) if e.subject == check.subject)
            slope = of.analysis.accuracy(each.base_model, each.figure).slope().mean
            change = Change(check.subject, slope, check.numbers[f"{name}.slope"])
            slopes.setdefault(name, []).append(change)
            least = min(least, p)
    for name, found in slopes.items():
        moved = tuple(sorted(found, key=lambda change: -change.size))
        subjects = tuple(change.id for change in moved)
        message = f"{name} predicts {listed(subjects)} better; its slopes: {largest(moved)}"
        yield Finding(
            "another-regression", kind_of(moved), message, subjects, moved, (COMPARISON,), least
        )


def contexts_as_units(of: Evidence) -> Iterator[Finding]:
    """Yield that HDIs take rows as independent, and where contexts as units make them wider."""
    if not of.of(RESIDUALS):
        return
    clear = {each: p for each, p in of.widening.items() if p < of.level}
    wider = sorted(_wider(of), key=_narrower_share)
    told = [change for change in wider if change.id in {each.subject for each in clear}]
    said = ", ".join(map(str, (told or wider)[:2]))
    if clear:
        message = f"contexts differ in accuracy; with contexts as units {said}"
        yield Finding(
            "contexts-as-units", "numbers move", message,
            tuple(each.subject for each in clear), tuple(told), (RESIDUALS,), min(clear.values()),
        )  # fmt: skip
    elif wider or any(check.status == "fail" for check in of.of(RESIDUALS)):
        message = "HDIs take rows as independent; with contexts as units "
        message += said if wider else "no interval is wider"
        yield Finding(
            "contexts-as-units", "known and harmless", message, (), tuple(wider), (RESIDUALS,)
        )


def _wider(of: Evidence) -> Iterator[Change]:
    """Yield the figures whose interval with contexts as units is clearly wider than their HDI."""
    for each in compared(of.analysis):
        try:
            result = FIGURES[each.figure].compute(of.analysis, each.base_model)
        except CannotCompute:
            continue
        ends = context_interval(of.analysis, each.figure, each.base_model).ends
        if result.hdi is None or ends is None:
            continue
        if ends[1] - ends[0] > WIDER * (result.hdi[1] - result.hdi[0]):
            value = result.estimate
            yield Change(each.subject, value, value, result.hdi, ends)


def _narrower_share(change: Change) -> float:
    (low, high), (least, most) = change.ends or (0.0, 1.0), change.ends_otherwise or (0.0, 1.0)
    return (high - low) / (most - least)


def bounds(of: Evidence) -> Iterator[Finding]:
    """Yield that weights are bounded, and one of each context at its bound, by construction."""
    found = [check for check in of.of(PILE_UP, DENSITY) if check.status == "fail"]
    if found:
        message = (
            "by scaling one weight of each context is ±100, so that residuals are not normal; "
            "correlations need no normal ones"
        )
        subjects = tuple(dict.fromkeys(check.subject for check in found))
        names = tuple(dict.fromkeys(check.name for check in found))
        yield Finding("bounds", "known and harmless", message, subjects, checks=names)
