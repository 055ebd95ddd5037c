"""Whether replies vary and are readable, and whether odd ones change a correlation."""

from collections.abc import Iterator
from typing import Final

from introspect_bayes.analysis.published import published_labels
from introspect_bayes.checks.data_health import ANOMALIES, HealthRow
from introspect_bayes.checks.outcome import Check, first_upper
from introspect_bayes.checks.values import KINDS
from introspect_bayes.checks.warnings import model_warnings
from introspect_bayes.study import Study

FILES: Final = "data.files"
VARIATION: Final = "data.variation"
REPLIES: Final = "data.replies"
VALUES: Final = "data.values"
ANOMALOUS: Final = "data.anomalies"

MATTERS: Final = 0.01
"""Change of a correlation, without odd reports, that matters: it shows in print."""

_KINDS: Final = {
    VARIATION: ("one-sided choices", "same letter", "same report"),
    REPLIES: ("unanswered", "refused", "unusable decisions", "unusable reports", "another scale"),
    VALUES: KINDS,
}
_SOUND: Final = {
    VARIATION: "Choices follow no single letter, and reports differ between contexts.",
    REPLIES: "Every request is answered, and few answers are unusable.",
    VALUES: "Values and reports lie in their ranges, no row is a copy, and choices are not few.",
}
_EACH: Final = ("out_of_range", "all_zero")


def label(base_model: str) -> str:
    """Return what figures' ids call a base model: the paper's label, or its own name.

    Examples
    --------
    >>> label("gpt-4o-2024-08-06"), label("llama3.2")
    ('4o', 'llama3.2')
    """
    return published_labels().get(base_model, base_model)


def file_checks(study: Study) -> Iterator[Check]:
    """Yield a failed check for each thing that a study's files leave out, or one that passes.

    Parameters
    ----------
    study
        Whose files were read.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> [check.status for check in file_checks(ib.load_study("smollm2"))]
    ['pass']
    """
    for text in study.reading_warnings:
        yield Check(FILES, study.name, "fail", f"{text}.")
    if not study.reading_warnings:
        yield Check(FILES, study.name, "pass", "Nothing that looks like data is left out or empty.")


def reply_checks(study: Study, name: str) -> Iterator[Check]:
    """Yield a check for each base model and stage, failed ones once for each warning sign.

    Parameters
    ----------
    study
        The study.
    name
        "data.variation", "data.replies" or "data.values".

    Examples
    --------
    >>> [check.status for check in reply_checks(study, "data.variation")]  # doctest: +SKIP
    """
    found = [of for of in model_warnings(study) if of.kind in _KINDS[name]]
    for of in found:
        stage = f", {of.stage}" if of.stage else ""
        yield Check(name, f"{label(of.base_model)}{stage}", "fail", f"{first_upper(of.text)}.")
    warned = {(of.base_model, of.stage) for of in found}
    pairs = study.models[["base_model", "stage"]].drop_duplicates()
    for base_model, stage in pairs.itertuples(index=False):
        if (base_model, stage) not in warned:
            yield Check(name, f"{label(base_model)}, {stage}", "pass", _SOUND[name])


def anomalies(row: HealthRow, subject: str) -> Check:
    """Judge whether odd reports (beyond ±100, or of zeros only) change a correlation.

    Fails if leaving them out changes Pearson's r by `MATTERS` or more.

    Parameters
    ----------
    row
        The data behind a comparison, from `data_health`.
    subject
        What to call it.

    Examples
    --------
    >>> anomalies(row, "e3.before.mini").numbers["out_of_range"]  # doctest: +SKIP
    1.0
    """
    numbers: dict[str, float] = {}
    told = []
    for name in _EACH:
        anomaly = row.anomalies.get(name)
        if anomaly is None:
            continue
        numbers[name] = anomaly.count
        if anomaly.r_without is None or row.r is None:
            continue
        numbers |= {f"{name}.r": row.r, f"{name}.r_without": anomaly.r_without}
        if abs(anomaly.r_without - row.r) >= MATTERS:
            told.append(
                f"{ANOMALIES[name]}: {anomaly.count} of {anomaly.of:,}, without which r is "
                f"{anomaly.r_without:.3f} instead of {row.r:.3f}"
            )
    if told:
        message = f"{first_upper('; '.join(told))}: give both."
        return Check(ANOMALOUS, subject, "fail", message, numbers)
    message = "No report beyond ±100 or of zeros only changes the correlation by .01 or more."
    return Check(ANOMALOUS, subject, "pass", message, numbers)
