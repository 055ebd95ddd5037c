"""Findings about replies: what is missing, odd, or tells nothing."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.contexts_as_units import ContextSums
from introspect_bayes.checks.evidence import Evidence, kind_of, largest, listed
from introspect_bayes.checks.finding import Change, Finding
from introspect_bayes.checks.missing_reports import MISSING_REPORTS, invalid_shares
from introspect_bayes.checks.otherwise import (
    largest_of,
    with_one_scale,
    with_silence_as_zeros,
    without_contexts,
    without_odd_rows,
    without_reports,
)
from introspect_bayes.checks.replies import ANOMALOUS, FILES, REPLIES, VALUES, VARIATION, label
from introspect_bayes.checks.touched import (
    Compared,
    Revealed,
    changes,
    compared,
    resting_on,
    revealed,
    with_effects,
)
from introspect_bayes.checks.values import ODDITIES
from introspect_bayes.checks.values import few_choices as contexts_with_few
from introspect_bayes.checks.warnings import ModelWarning
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import CannotCompute

_ODD: Final[dict[str, Callable[[pd.Series], pd.Series]]] = {
    f"beyond ±{WEIGHT_LIMIT}": lambda size: size > WEIGHT_LIMIT,
    "of zeros only": lambda size: size == 0,
}
"""Odd reports, by their largest absolute weight."""

TELLING_NOTHING: Final = (0.1, 3)
"""Share and number of contexts telling nothing from which they are a finding. Where choices follow
weights as large as the prior has them, fewer than one context in a hundred tells nothing by
chance."""

MOSTLY: Final = 0.5
"""Share of contexts telling nothing above which no accuracy can be trusted."""


def files(of: Evidence) -> Iterator[Finding]:
    """Yield what a study's files leave out: nobody knows whether numbers rest on all the data."""
    for check in of.of(FILES):
        if check.status == "fail":
            yield Finding("files", "stop", check.message.rstrip("."), checks=(FILES,))


def unanswered(of: Evidence) -> Iterator[Finding]:
    """Yield that planned requests have no answer yet: every number will still change."""
    found = _warned(of, REPLIES, ("unanswered",))
    if found:
        yield _stop("unanswered", found, REPLIES)


def one_sided(of: Evidence) -> Iterator[Finding]:
    """Yield that choices follow a letter, or reports do not follow the context."""
    found = _warned(of, VARIATION, ("one-sided choices", "same report"))
    if found:
        yield _stop("one-sided", found, VARIATION)


def _stop(name: str, found: Sequence[ModelWarning], check: str) -> Finding:
    said = "; ".join(f"{_who(each)}: {each.text}" for each in found[:2])
    more = f"; and {len(found) - 2} more" if len(found) > 2 else ""  # noqa: PLR2004
    return Finding(name, "stop", said + more, tuple(_who(e) for e in found), checks=(check,))


def silence(of: Evidence) -> Iterator[Finding]:
    """Yield that many replies are missing, and accuracies were nothing known where all are."""
    kinds = ("unusable reports", "unusable decisions", "refused")
    found = _warned(of, REPLIES, kinds)
    if not found:
        return
    moved = _moved(of, found, with_silence_as_zeros(of.analysis))
    said = "; ".join(f"{_who(each)}: {_short(each.text)}" for each in found)
    message = f"{said}; contexts without a report as zeros: {largest(moved, most=1)}"
    subjects = tuple(_who(each) for each in found)
    yield Finding("silence", kind_of(moved), message, subjects, moved, (REPLIES,))


def missing_at_random(of: Evidence) -> Iterator[Finding]:
    """Yield that reports are missing where weights are of a kind: accuracies with them weighted."""
    checks = of.below(MISSING_REPORTS)
    if not checks:
        return
    subjects = {check.subject for check in checks}
    figures = [each for each in compared(of.analysis) if each.subject in subjects]

    def weighed(sums: ContextSums, figure: Compared) -> ContextSums:
        valid = 1 - invalid_shares(of.analysis, figure.base_model, figure.figure)
        factors = (valid.mean() / valid[valid > 0]).reindex(sums.table.index).fillna(1.0)
        return ContextSums(sums.table.mul(factors, axis=0), sums.units, sums.figure)

    moved = changes(of.analysis, of.analysis, figures, weighed)
    message = (
        f"reports are missing where weights are of a kind ({listed(sorted(subjects))}): accuracy "
        f"is that of contexts reported on; those with few reports counting for more: "
        f"{largest(moved)}"
    )
    p = min(check.numbers["p"] for check in checks)
    yield Finding(
        "missing-at-random", kind_of(moved), message, tuple(sorted(subjects)), moved,
        (MISSING_REPORTS,), p,
    )  # fmt: skip


def odd_reports(of: Evidence) -> Iterator[Finding]:
    """Yield that reports beyond ±100, or of zeros only, change an accuracy."""
    if not of.of(ANOMALOUS):
        return
    reports = of.analysis.study.reports
    for words, odd in _ODD.items():
        mine = reports[odd(largest_of(reports))] if len(reports) else reports
        count = len(mine[["report_set", "context", "report"]].drop_duplicates())
        if not count:
            continue
        moved = changes(of.analysis, without_reports(of.analysis, odd), compared(of.analysis))
        moved = tuple(change for change in moved if change.size > 0)
        kind = kind_of(moved)
        if kind == "numbers move":
            plural = "s" * (count > 1)
            message = f"{count} report{plural} {words}: without {'them' if plural else 'it'}"
            message += f" {largest(moved)}"
            yield Finding("odd-reports", kind, message, (), moved, (ANOMALOUS,))


def scale(of: Evidence) -> Iterator[Finding]:
    """Yield that reports are on another scale, and accuracies with all on one."""
    found = _warned(of, REPLIES, ("another scale",))
    if not found:
        return
    moved = _moved(of, found, with_one_scale(of.analysis))
    subjects = tuple(_who(each) for each in found)
    message = f"{listed(subjects)}: most reports lie between -1 and 1; all on one scale: "
    yield Finding("scale", kind_of(moved), message + largest(moved), subjects, moved, (REPLIES,))


def odd_rows(of: Evidence) -> Iterator[Finding]:
    """Yield each oddity of rows read on trust, and accuracies without such rows."""
    if not of.of(VALUES):
        return
    odd = of.analysis.study.odd_rows
    for oddity, words in ODDITIES.items():
        mine = odd[odd["oddity"] == oddity]
        if mine.empty:
            continue
        moved = changes(of.analysis, without_odd_rows(of.analysis, oddity), compared(of.analysis))
        subjects = tuple(sorted({label(name) for name in mine["base_model"]}))
        message = f"{len(mine):,} rows {words}; without them {largest(moved)}"
        yield Finding("odd-rows", kind_of(moved), message, subjects, moved, (VALUES,))


def few_choices(of: Evidence) -> Iterator[Finding]:
    """Yield that contexts have too few choices to tell weights, and accuracies without them."""
    if of.of(VALUES):
        known = of.analysis.study.decision_contexts
        few = {
            each: set(contexts_with_few(_choices(of, each), known).index) for each in _present(of)
        }
        words = "have fewer than two choices a coefficient"
        yield from _without(of, "few-choices", few, words)


def telling_nothing(of: Evidence) -> Iterator[Finding]:
    """Yield that contexts tell nothing of their weights, which count as much as any."""
    if not of.of(VARIATION):
        return
    share, least = TELLING_NOTHING
    silent = {}
    for each in _present(of):
        contexts = of.analysis.weights(*each).telling_nothing()
        count = _choices(of, each)["context"].nunique()
        if len(contexts) >= max(least, share * count):
            silent[each] = set(contexts)
    yield from _without(of, "telling-nothing", silent, "tell nothing of their weights")


def _without(
    of: Evidence, name: str, left_out: dict[Revealed, set[str]], words: str
) -> Iterator[Finding]:
    left_out = {each: contexts for each, contexts in left_out.items() if contexts}
    if not left_out:
        return
    shares = {e: len(c) / _choices(of, e)["context"].nunique() for e, c in left_out.items()}
    told = listed(
        [f"{len(left_out[e])} contexts ({share:.0%}) of {e.subject}" for e, share in shares.items()]
    )
    subjects = tuple(each.subject for each in left_out)
    if max(shares.values()) > MOSTLY:
        yield Finding(name, "stop", f"{told} {words}", subjects, checks=(VALUES,))
        return
    other = without_contexts(of.analysis, left_out)
    moved = changes(of.analysis, other, resting_on(left_out, of.analysis))
    message = f"{told} {words}; without them {largest(moved)}"
    yield Finding(name, kind_of(moved), message, subjects, moved, (VALUES,))


def _present(of: Evidence) -> Iterator[Revealed]:
    for each in revealed(of.analysis):
        try:
            of.analysis.weights(*each)
        except CannotCompute:
            continue
        yield each


def _choices(of: Evidence, each: Revealed) -> pd.DataFrame:
    return of.analysis.choices(*each)


def _warned(of: Evidence, check: str, kinds: Collection[str]) -> list[ModelWarning]:
    return [each for each in of.warnings if each.kind in kinds] if of.of(check) else []


def _moved(of: Evidence, found: Sequence[ModelWarning], other: Analysis) -> tuple[Change, ...]:
    """Return what changes for the models that were warned of."""
    models = {each.base_model for each in found}
    figures = [each for each in compared(of.analysis) if each.base_model in models]
    return tuple(c for c in changes(of.analysis, other, with_effects(figures)) if c.size > 0)


def _who(warned: ModelWarning) -> str:
    return label(warned.base_model) + (f", {warned.stage}" if warned.stage else "")


def _short(text: str) -> str:
    return text.split(" (", maxsplit=1)[0]
