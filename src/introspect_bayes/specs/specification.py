"""A statistical model as data: formula, family, and a prior for every parameter."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from introspect_bayes.errors import InputError, closest
from introspect_bayes.specs.checks import Kind, check_priors, hyperparameters
from introspect_bayes.specs.formulas import Formula, read_formula, variables
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.reading_priors import as_prior

FAMILIES: Final[dict[str, dict[str, Kind]]] = {
    "bernoulli": {},
    "ordered_beta": {"kappa": "positive", "zero": "real", "one": "real"},
    "gaussian": {"sigma": "positive"},
    "t": {"sigma": "positive", "nu": "positive"},
}
"""Response families (``t``: Student's t; ``ordered_beta``: shares with exact 0 and 1, see
`sampling.ordered_beta`) and the parameters that each has beside the regression coefficients."""

EQUATION_FAMILIES: Final[dict[str, dict[str, Kind]]] = {
    "correlation_matrix": {
        "correlation": "correlation matrix",
        "location": "real",
        "scale": "positive",
    },
    "joint": {
        "position_bias": "real",
        "position_bias_scale": "positive",
        "log_consistency": "real",
        "consistency_scale": "positive",
        "used_mean": "real",
        "accuracy": "real",
        "accuracy_scale": "positive",
        "report_mean": "real",
        "report_scale": "positive",
        "report_scale_spread": "positive",
        "report_noise": "positive",
        "report_df": "positive",
    },
}
"""Models that no single formula describes: their parameters, and what values each can take.

Their specifications write `equations` to be read in place of a formula; the code that fits a family
says what its parameters mean. Every parameter needs a prior, as everywhere.
"""

_LATENT_IN_CONTEXTS: Final = frozenset({"joint"})
"""Families with latent variables in every context, too many for a proposal around a summit."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A statistical model: formula (or equations), family, and a prior for every parameter.

    Attributes
    ----------
    name
        Name of its file under `models/`, without the ending.
    title, source, brms
        What it is, where the paper states it, and the brms call that it mirrors (empty where there
        is none).
    formula
        As in brms and Bambi. ``d1 + ... + dK`` stands for one term per attribute. Empty for a
        family in `EQUATION_FAMILIES`.
    family
        A name in `FAMILIES` or `EQUATION_FAMILIES`.
    by
        Columns by which independent fits are made.
    dropped_when_constant
        Factors that fall away, with all their interactions, where the data has a single level.
    priors
        One for each parameter; ``slopes`` is the prior of every ``dk``. An argument may name
        another entry, a hyperparameter.
    equations
        What a family in `EQUATION_FAMILIES` has for a formula: text, to be read.

    Raises
    ------
    InputError
        If a parameter has no prior, a prior no parameter, or a prior is not possible; the message
        starts with the specification's name.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> spec("choice_weights").priors["slopes"].dist
    'Normal'
    """

    name: str
    title: str
    source: str
    brms: str
    formula: str
    family: str
    priors: Mapping[str, Prior]
    by: tuple[str, ...] = ()
    dropped_when_constant: tuple[str, ...] = ()
    equations: str = ""

    def __post_init__(self) -> None:
        try:
            self._check()
        except InputError as error:
            msg = f"{self.name}: {error}"
            raise InputError(msg) from error

    def _check(self) -> None:
        if self.family not in FAMILIES | EQUATION_FAMILIES:
            known = (*FAMILIES, *EQUATION_FAMILIES)
            msg = f"unknown family {self.family!r}{closest(self.family, known)}"
            raise InputError(msg)
        self._check_form()
        check_priors(self.priors, self._kinds)
        for parameter, prior in self.priors.items():
            if not prior.depends_on_response:
                continue
            if self.family in {"bernoulli", "ordered_beta"}:
                msg = f"{parameter} ~ {prior}: a choice has no median; give numbers"
                raise InputError(msg)
            if self.family in EQUATION_FAMILIES:
                msg = f"{parameter} ~ {prior}: {self.family} has no single response; give numbers"
                raise InputError(msg)

    def _check_form(self) -> None:
        """Check that there is a formula, or equations, as the family needs."""
        if self.family in FAMILIES:
            known = tuple(FAMILIES[self.family])
            for parameter, _ in read_formula(self.formula).parts:
                if parameter not in known:
                    msg = f"family {self.family!r} has no {parameter}{closest(parameter, known)}"
                    raise InputError(msg)
            if self.equations:
                msg = f"family {self.family!r} has a formula; drop the equations"
                raise InputError(msg)
        elif self.formula or self.dropped_when_constant or not self.equations.strip():
            msg = (
                f"family {self.family!r} has no formula and drops no terms; write its equations as "
                "text instead"
            )
            raise InputError(msg)

    @property
    def _kinds(self) -> dict[str, Kind]:
        """The parameters of the likelihood and what values each can take."""
        if self.family in EQUATION_FAMILIES:
            return dict(EQUATION_FAMILIES[self.family])
        intercept = ("Intercept",) if self.has_intercept else ()
        named = (*intercept, *_coefficients(self.terms_of_formula))
        coefficients: dict[str, Kind] = dict.fromkeys(named, "real")
        return coefficients | FAMILIES[self.family]

    @property
    def terms_of_formula(self) -> Formula:
        """The formula, read.

        Raises
        ------
        InputError
            If the family has equations instead.
        """
        if self.family in EQUATION_FAMILIES:
            msg = f"{self.name}: family {self.family!r} has equations, and no formula"
            raise InputError(msg)
        return read_formula(self.formula)

    @property
    def response(self) -> str:
        """Name of the response variable."""
        return self.terms_of_formula.response

    @property
    def is_of_choices(self) -> bool:
        """Whether choices are modelled, by the attributes of their options."""
        return self.family in FAMILIES and "slopes" in self.terms

    @property
    def has_intercept(self) -> bool:
        """Whether the model has an intercept."""
        return self.terms_of_formula.intercept

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the mean: main effects, interactions, group-specific terms."""
        formula = self.terms_of_formula
        return formula.common + formula.grouped

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the predictors; ``slopes`` stands for those of the attributes."""
        parts = [term for _, terms in self.terms_of_formula.parts for term in terms]
        named = [name for term in (*self.terms, *parts) for name in variables(term)]
        return tuple(dict.fromkeys(named))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the grouping variables of group-specific terms."""
        named = [term.partition("|")[2] for term in self.terms_of_formula.grouped]
        return tuple(dict.fromkeys(named))

    @property
    def model_parameters(self) -> tuple[str, ...]:
        """Parameters of the likelihood: intercept, coefficients, and those of the family."""
        return tuple(self._kinds)

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Parameters of the priors, each after those that its own prior refers to.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> spec("choice_weights").with_priors(
        ...     slopes="Normal(0, scale)", scale="HalfNormal(1)"
        ... ).hyperparameters
        ('scale',)
        """
        return hyperparameters(self.priors, self.model_parameters)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names that `priors` must hold: those of the model in its order, then hyperparameters."""
        return self.model_parameters + self.hyperparameters

    @property
    def horseshoes(self) -> tuple[str, ...]:
        """Parameters whose prior is a horseshoe, with local scales that no fit keeps."""
        return tuple(name for name, prior in self.priors.items() if prior.dist == "Horseshoe")

    @property
    def importance_applies(self) -> bool:
        """Whether importance sampling can be tried: a few parameters, none the scale of others.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> spec("report_accuracy").importance_applies
        True
        >>> spec("report_accuracy_by_context").importance_applies
        False
        """
        grouped = self.family in FAMILIES and bool(self.groups)
        latent = grouped or self.family in _LATENT_IN_CONTEXTS
        return not (latent or self.hyperparameters or self.horseshoes)

    @property
    def structure(self) -> Hashable:
        """All that a compiled model depends on: everything but names and the priors' numbers.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> paper = spec("report_accuracy")
        >>> paper.with_priors(reported="Normal(0, 9)").structure == paper.with_priors(
        ...     reported="Normal(0, 0.5)").structure
        True
        """
        # In order: that of priors decides the order of what is sampled.
        priors = ((p, prior.dist, *prior.references.items()) for p, prior in self.priors.items())
        return self.family, self.formula, tuple(priors)

    def with_priors(self, **priors: object) -> "Specification":
        """Return a copy with some priors replaced.

        Hyperparameters to which no prior refers any more fall away.

        Parameters
        ----------
        **priors
            Parameter and prior: text such as ``"Normal(0, 0.5)"``, a `Prior`, or an unnamed
            distribution of PyMC or PreliZ. Parameters whose name is not one word go in
            as ``**{"a:b": ...}``.

        Raises
        ------
        InputError
            If a parameter does not exist, or a prior is none; the message names what there is.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> print(spec("choice_weights").with_priors(slopes="Normal(0, 2.5)").priors["slopes"])
        Normal(mu=0, sigma=2.5)
        """
        changed = {name: self._prior(name, given) for name, given in priors.items()}
        together = {**self.priors, **changed}
        used = {*self.model_parameters, *hyperparameters(together, self.model_parameters)}
        kept = {n: p for n, p in together.items() if n in used or n not in self.hyperparameters}
        return replace(self, priors={**kept, **changed})

    def _prior(self, parameter: str, given: object) -> Prior:
        try:
            return as_prior(given)
        except InputError as error:
            msg = f"{self.name}.{parameter}: {error}"
            raise InputError(msg) from error

    def without(self, factor: str) -> "Specification":
        """Return a copy without a factor, its terms, and their priors and hyperparameters.

        Examples
        --------
        >>> from introspect_bayes.specs import spec
        >>> spec("introspection_training").without("base_model").formula
        'learned ~ reported + introspection_trained + reported:introspection_trained'
        """
        formula = self.terms_of_formula.without(factor)
        gone = {*_coefficients(self.terms_of_formula)} - {*_coefficients(formula)}
        kept = [name for name in self.model_parameters if name not in gone]
        used = {*kept, *hyperparameters(self.priors, kept)}
        priors = {name: prior for name, prior in self.priors.items() if name in used}
        return replace(self, formula=str(formula), priors=priors)


def _coefficients(formula: Formula) -> tuple[str, ...]:
    """Return the names of a formula's coefficients, but for the intercept."""
    varying = (f"{name}_{term}" for name, terms in formula.parts for term in terms)
    return (*formula.common, *formula.grouped, *varying)
