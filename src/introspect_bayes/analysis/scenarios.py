"""Other priors under which to look at every figure again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from introspect_bayes.errors import InputError, closest
from introspect_bayes.specs import Specification, split_setting
from introspect_bayes.specs.prior import Prior
from introspect_bayes.specs.reading_priors import read_prior

_SCALES: Final = {
    "AsymmetricLaplace": ("b",),
    "Cauchy": ("beta",),
    "Gumbel": ("beta",),
    "HalfCauchy": ("beta",),
    "HalfNormal": ("sigma",),
    "HalfStudentT": ("sigma",),
    "Horseshoe": ("tau", "c"),
    "Laplace": ("b",),
    "Logistic": ("s",),
    "Normal": ("sigma",),
    "SkewNormal": ("sigma",),
    "StudentT": ("sigma",),
}
"""Arguments that scale with a distribution's width, of those where some do."""

SCALE_FACTORS: Final = (0.1, 0.3, 3.0, 10.0)
"""From a tenth to ten times the width of the prior."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Priors to be put in place of a study's own, together.

    Attributes
    ----------
    name
        What a table calls it.
    priors
        The new priors by specification and parameter.
    """

    name: str
    priors: Mapping[tuple[str, str], Prior]

    @property
    def description(self) -> str:
        """The priors in words."""
        return ", ".join(f"{s}.{p} ~ {prior}" for (s, p), prior in self.priors.items())

    def apply(self, specs: Mapping[str, Specification]) -> dict[str, Specification]:
        """Return the specifications with the scenario's priors.

        Raises
        ------
        InputError
            If a specification or parameter does not exist.
        """
        changed = dict(specs)
        for (name, parameter), prior in self.priors.items():
            if name not in changed:
                msg = f"no specification {name!r}{closest(name, changed)}"
                raise InputError(msg)
            changed[name] = changed[name].with_priors(**{parameter: prior})
        return changed


def scaled(prior: Prior, factor: float) -> Prior:
    """Return a prior of the same shape and place, but so many times as wide.

    Raises
    ------
    InputError
        If the distribution has no scale, or takes it from the data or a hyperparameter.

    Examples
    --------
    >>> print(scaled(Prior("Normal", {"mu": 0, "sigma": 1}), 0.1))
    Normal(mu=0, sigma=0.1)
    """
    names = _SCALES.get(prior.dist, ())
    changed = {}
    for name in names:
        value = prior.args[name]
        if isinstance(value, str):
            msg = f"{prior}: {name} = {value!r} is not a number that could be scaled"
            raise InputError(msg)
        changed[name] = float(f"{value * factor:.6g}")
    if not changed:
        msg = f"{prior} has no scale that could be changed (those that have: {', '.join(_SCALES)})"
        raise InputError(msg)
    return Prior(prior.dist, {**prior.args, **changed})


def usual_scenarios(specs: Mapping[str, Specification]) -> list[Scenario]:
    """Return the priors that a reader of the paper would ask about.

    The weights' prior from a tenth to ten times as wide, and with other tails; the position bias
    held to zero or set free; and skeptics and enthusiasts about the accuracy of reports (slopes
    near 0, or near .7) and about the effect of training (near 0, or near .3).

    Examples
    --------
    >>> from introspect_bayes.specs import chosen_specifications
    >>> print(usual_scenarios(chosen_specifications())[0].description)
    choice_weights.slopes ~ Normal(mu=0, sigma=0.1)
    """
    slopes = specs["choice_weights"].priors["slopes"]
    found = [_weights(f"weights x{f:g}", "slopes", scaled(slopes, f)) for f in SCALE_FACTORS]
    for name, text in _OTHER_WEIGHTS.items():
        found.append(_weights(name, "slopes", read_prior(text)))
    if "Intercept" in specs["choice_weights"].parameters:
        bias = specs["choice_weights"].priors["Intercept"]
        found += [
            _weights(f"position bias x{factor:g}", "Intercept", scaled(bias, factor))
            for factor in (SCALE_FACTORS[0], SCALE_FACTORS[-1])
        ]
    for name, accuracy, effect in (
        ("skeptic", "Normal(0, 0.2)", "Normal(0, 0.1)"),
        ("enthusiast", "Normal(0.7, 0.2)", "Normal(0.3, 0.1)"),
    ):
        priors = {
            ("report_accuracy", "reported"): read_prior(accuracy),
            ("introspection_training", "reported:introspection_trained"): read_prior(effect),
            # Else a skeptic about one base model would be none about the other.
            ("introspection_training", _THREE_WAY): read_prior("Normal(0, 0.1)"),
        }
        found.append(Scenario(name, priors))
    return found


_THREE_WAY: Final = "reported:introspection_trained:base_model"

_OTHER_WEIGHTS: Final = {
    "weights Student-t": "StudentT(3, 0, 1)",
    "weights Laplace": "Laplace(0, 1)",
    # Two attributes of five that matter and 50 or 100 choices give a global scale of .19 or .13,
    # with a pseudo-variance of 4 for logits (Piironen & Vehtari 2017, doi:10.1214/17-EJS1337SI).
    "weights horseshoe": "Horseshoe(0.2, 2.5)",
}


def scenarios_from(
    specs: Mapping[str, Specification], priors: Iterable[str] = (), scales: Iterable[str] = ()
) -> list[Scenario]:
    """Read scenarios, each with one prior exchanged.

    Parameters
    ----------
    specs
        The specifications.
    priors
        Such as ``choice_weights.slopes=Laplace(0, 1)``.
    scales
        Such as ``choice_weights.slopes=0.1,1,10``: times the present width.

    Raises
    ------
    InputError
        If a specification, parameter, prior or number is none.

    Examples
    --------
    >>> from introspect_bayes.specs import chosen_specifications
    >>> specs = chosen_specifications()
    >>> [s.name for s in scenarios_from(specs, scales=["choice_weights.slopes=0.5,2"])]
    ['slopes x0.5', 'slopes x2']
    """
    found = []
    for text in priors:
        name, parameter, prior = split_setting(text, specs)
        changed = specs[name].with_priors(**{parameter: prior}).priors[parameter]
        values = ", ".join(str(value) for value in changed.args.values())
        found.append(
            Scenario(f"{parameter} ~ {changed.dist}({values})", {(name, parameter): changed})
        )
    for text in scales:
        name, parameter, factors = split_setting(text, specs)
        if parameter not in specs[name].priors:
            msg = f"{text!r}: {name} has no {parameter!r}{closest(parameter, specs[name].priors)}"
            raise InputError(msg)
        usual = specs[name].priors[parameter]
        for factor in _factors(text, factors):
            wider = scaled(usual, factor)
            found.append(Scenario(f"{parameter} x{factor:g}", {(name, parameter): wider}))
    counts = Counter(scenario.name for scenario in found)
    # The same parameter of two specifications: only then does the long name say more.
    return [
        scenario
        if counts[scenario.name] == 1
        else Scenario(f"{next(iter(scenario.priors))[0]}.{scenario.name}", scenario.priors)
        for scenario in found
    ]


def _weights(name: str, parameter: str, prior: Prior) -> Scenario:
    return Scenario(name, {("choice_weights", parameter): prior})


def _factors(text: str, factors: str) -> list[float]:
    try:
        read = [float(part) for part in factors.split(",")]
    except ValueError:
        read = []
    if not read or not all(0 < factor < float("inf") for factor in read):
        msg = f"{text!r}: write positive numbers such as 0.1,1,10 after the ="
        raise InputError(msg)
    return read
