"""Write docs/reproduction.md, "What reproduces and what does not", from what `reproduce` found.

uv run introspect-bayes reproduce --json figures.json
uv run python docs/reproduction_page.py figures.json
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from introspect_bayes.analysis.figures import PROPORTIONS
from introspect_bayes.analysis.published import published_figures, published_labels
from introspect_bayes.presentation.tables import interval, number

PAGE: Final = Path(__file__).with_name("reproduction.md")

_TEXT: Final = """\
# What reproduces and what does not

Made from the authors' raw data by

```sh
introspect-bayes reproduce --json figures.json
```

and `uv run python docs/reproduction_page.py figures.json`. Of {all} published figures {reproduced}
reproduce within rounding and Monte Carlo error, {failed} do not, and {hidden} cannot be checked,
because the data was not published. Ids end in the model: `4o` is {large}, `mini` is {small}.
Brackets hold 95% HDIs; *brms* is what brms 2.18 with rstan gives on the same raw data.

{table}

## What does not reproduce

**Native choices predicted, GPT-4o-mini.** The paper says {fit_paper}; the logistic models that its
own choices give predict {fit_here} (brms: {fit_brms}). GPT-4o's figure reproduces under the same
computation: weights rounded, without the intercept, in the choices that they were fitted to. The
difference is small, and nothing else rests on it.

**Without the weights of exactly ±100.** Scaling makes one weight in each context exactly ±100; the
paper says that leaving them out changes no correlation by more than {excl_paper}. What was left out
is not said exactly, so every reading was tried. The largest change under the kindest reading that
drops a value in each context, as the paper's Appendix D describes, is {excl_here}.

> {excl_note}.

`introspect-bayes reproduce` prints the table by comparison and reading: most correlations shrink,
but none of the trained models' comes near zero. The conclusion stands; the bound does not.

## What cannot be checked

{hidden_note}.

## What to know of figures that reproduce

{notes}

The paper's Appendix D says that reports were rescaled to ±100 as weights are; in its public
analysis they are not, and the published figures reproduce without.
"""


def page(figures: Sequence[dict[str, Any]]) -> str:
    """Return the page for what `reproduce --json` wrote.

    Parameters
    ----------
    figures
        All of the paper's figures, computed from its own data with its own priors.

    Raises
    ------
    ValueError
        If a figure is missing, or was not computed from the paper's data and priors.
    """
    known = published_figures()
    figures = [figure for figure in figures if figure["id"] in known]
    verdicts = Counter(figure["verdict"] for figure in figures)
    other = set(verdicts) - {"reproduced", "not reproduced", "no public data"}
    if len(figures) != len(known) or other or any(f["changed_priors"] for f in figures):
        msg = f"not all of the paper's figures, from its own data and priors: {sorted(other)}"
        raise ValueError(msg)
    by_id = {figure["id"]: figure for figure in figures}
    failed = {f["id"] for f in figures if f["verdict"] == "not reproduced"}
    if failed != {"e3.fit.mini", "d.excl100"}:
        msg = f"the page explains e3.fit.mini and d.excl100, but not reproduced are {failed}"
        raise ValueError(msg)
    models = {label: model for model, label in published_labels().items()}
    fit, exclusion = by_id["e3.fit.mini"], by_id["d.excl100"]
    return _TEXT.format(
        all=len(figures),
        reproduced=verdicts["reproduced"],
        failed=verdicts["not reproduced"],
        hidden=verdicts["no public data"],
        large=models["4o"],
        small=models["mini"],
        table="\n".join(_table(figures)),
        fit_paper=f"{fit['paper']:.1%}",
        fit_here=f"{fit['estimate']:.1%}",
        fit_brms=f"{fit['brms']:.1%}",
        excl_paper=number(exclusion["paper"]),
        excl_here=number(exclusion["estimate"], decimals=3),
        excl_note=_sentence(exclusion["note"]),
        hidden_note=_sentence(by_id["d.learned.e2.4o"]["note"]),
        notes="\n".join(_notes(figures)),
    )


def _table(figures: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "| id | figure | paper | here | brms | rows | verdict |"
    yield "| --- | --- | --- | --- | --- | ---: | --- |"
    for figure in figures:
        at_most = "at most " if published_figures()[figure["id"]].at_most else ""
        verdict = figure["verdict"]
        cells = [
            f"`{figure['id']}`",
            figure["title"],
            at_most + _shown(figure, "paper", "paper_hdi"),
            _shown(figure, "estimate", "hdi"),
            _shown(figure, "brms", "brms_hdi"),
            f"{figure['n']:,}" if figure["n"] else "",
            verdict if verdict == "reproduced" else f"**{verdict}**",
        ]
        yield f"| {' | '.join(cells)} |"


def _shown(figure: dict[str, Any], estimate: str, ends: str) -> str:
    value = figure[estimate]
    kind = figure["id"].removesuffix(".4o").removesuffix(".mini")
    middle = "" if value is None else number(value, proportion=kind in PROPORTIONS)
    # Kept together in a narrow column.
    return f"{middle} {interval(figure[ends])}".strip().replace(" ", "\N{NO-BREAK SPACE}")


def _notes(figures: Sequence[dict[str, Any]]) -> Iterator[str]:
    having: dict[str, list[str]] = {}
    for figure in figures:
        if figure["note"] and figure["verdict"] == "reproduced":
            having.setdefault(figure["note"], []).append(f"`{figure['id']}`")
    for note, names in having.items():
        yield f"- {', '.join(names)}: {note}."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    PAGE.write_text(page(found), encoding="utf-8")
