"""The equations of a specification with a formula, as LaTeX and MathML."""

from collections.abc import Iterator
from typing import Final

from latex2mathml.converter import convert

from introspect_bayes.specs import Specification

_LIKELIHOODS: Final = {
    "bernoulli": (r"\text{Bernoulli}(p_i)", r"\text{logit}(p_i)"),
    "ordered_beta": (
        r"\text{OrderedBeta}(p_i,\ \kappa,\ \text{zero}_i,\ \text{one}_i)",
        r"\text{logit}(p_i)",
    ),
    "gaussian": (r"\text{Normal}(\mu_i,\ \sigma)", r"\mu_i"),
    "t": (r"\text{StudentT}(\nu,\ \mu_i,\ \sigma)", r"\mu_i"),
}
"""By family: the distribution of the response, and what the linear predictor equals."""

_IN_A_ROW: Final = 3
"""Terms that stand in one row; more stand below each other."""


def equations_of(model: Specification) -> Iterator[str]:
    r"""Return the likelihood and the linear predictor of a model with a formula, as LaTeX.

    Raises
    ------
    KeyError
        If nobody has written the likelihood of its family down yet.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> list(equations_of(spec("report_accuracy")))[1]
    '\\mu_i = \\beta_{\\text{Intercept}} + \\beta_{\\text{reported}}\\, \\text{reported}_i'
    """
    likelihood, link = _LIKELIHOODS[model.family]
    yield rf"{_word(model.response)}_i \sim {likelihood}"
    terms = [r"\beta_{\text{Intercept}}"] if model.has_intercept else []
    terms += [_term(term) for term in model.terms]
    if len(terms) <= _IN_A_ROW:
        yield f"{link} = {' + '.join(terms)}"
    else:
        first, *others = terms
        lines = r" \\ ".join(rf"& +\, {term}" for term in others)
        yield rf"\begin{{array}}{{rl}} {link} = & {first} \\ {lines} \end{{array}}"
    for name, varying in model.terms_of_formula.parts:
        moved = [rf"\beta_{{{_word(name)},\ {_word(term)}}}\, {_word(term)}_i" for term in varying]
        yield rf"{_word(name)}_i = {' + '.join([_word(name), *moved])}"


def _term(term: str) -> str:
    """Return the product of a coefficient and its predictors."""
    if term == "slopes":
        return r"\sum_{k=1}^{K} \beta_k\, d_{ik}"
    effect, _, group = term.partition("|")
    names = [name for name in effect.split(":") if name != "1"]
    predictors = r"\, ".join(f"{_word(name)}_i" for name in names)
    written = r" \times ".join(_word(name) for name in names) or "1"
    if group:
        deviation = rf"\alpha_{{{written},\ {_word(group)}[i]}}"
        return rf"{deviation}\, {predictors}" if predictors else deviation
    return rf"\beta_{{{written}}}\, {predictors}"


def _word(name: str) -> str:
    """Return a variable's name, upright."""
    return rf"\text{{{name}}}"


def to_mathml(latex: str) -> str:
    """Return an equation as MathML, which browsers draw without a script."""
    # latex2mathml takes the relation for a variable, which browsers put no space around.
    return convert(latex, display="block").replace("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>")
