"""A statistical model as data: formula, family, and a prior for every parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from introspect_bayes.errors import InputError
from introspect_bayes.priors import Prior, as_prior, closest
from introspect_bayes.specs.checks import check_priors, hyperparameters
from introspect_bayes.specs.formulas import Formula, read_formula, variables

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "bernoulli": (),
    "beta": ("kappa",),
    "gaussian": ("sigma",),
    "t": ("sigma", "nu"),
}
"""Response families (``t``: Student's t; ``beta``: of mean and precision kappa) and the positive parameters that each has beside the
regression coefficients."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A statistical model: formula, family, and a prior for every parameter.

    Attributes
    ----------
    name
        Name of its file under `models/`, without the ending.
    title, source, brms
        What it is, where the paper states it, and the brms call that it mirrors.
    formula
        As in brms and Bambi. ``d1 + ... + dK`` stands for one term per attribute.
    family
        A name in `FAMILIES`.
    by
        Columns by which independent fits are made.
    dropped_when_constant
        Factors that fall away, with all their interactions, where the data has a single level.
    priors
        One for each parameter; ``slopes`` is the prior of every ``dk``. An argument may name
        another entry, a hyperparameter.

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

    def __post_init__(self) -> None:
        try:
            self._check()
        except InputError as error:
            msg = f"{self.name}: {error}"
            raise InputError(msg) from error

    def _check(self) -> None:
        if self.family not in FAMILIES:
            msg = f"unknown family {self.family!r}{closest(self.family, FAMILIES)}"
            raise InputError(msg)
        read_formula(self.formula)
        check_priors(self.priors, self.model_parameters, FAMILIES[self.family])
        for parameter, prior in self.priors.items():
            if self.family in {"bernoulli", "beta"} and prior.depends_on_response:
                msg = f"{parameter} ~ {prior}: log-odds have no median in the data; give numbers"
                raise InputError(msg)

    @property
    def terms_of_formula(self) -> Formula:
        """The formula, read."""
        return read_formula(self.formula)

    @property
    def response(self) -> str:
        """Name of the response variable."""
        return self.terms_of_formula.response

    @property
    def has_intercept(self) -> bool:
        """Whether the model has an intercept."""
        return self.terms_of_formula.intercept

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms beside the intercept: main effects, interactions, group-specific terms."""
        formula = self.terms_of_formula
        return formula.common + formula.grouped

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the predictors; ``slopes`` stands for those of the attributes."""
        named = [name for term in self.terms for name in variables(term)]
        return tuple(dict.fromkeys(named))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the grouping variables of group-specific terms."""
        named = [term.partition("|")[2] for term in self.terms_of_formula.grouped]
        return tuple(dict.fromkeys(named))

    @property
    def model_parameters(self) -> tuple[str, ...]:
        """Parameters of the likelihood: intercept, coefficients, and those of the family."""
        intercept = ("Intercept",) if self.has_intercept else ()
        return (*intercept, *self.terms, *FAMILIES[self.family])

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
        dropped = {*self.terms} - {*formula.common, *formula.grouped}
        kept = [name for name in self.model_parameters if name not in dropped]
        used = {*kept, *hyperparameters(self.priors, kept)}
        priors = {name: prior for name, prior in self.priors.items() if name in used}
        return replace(self, formula=str(formula), priors=priors)
