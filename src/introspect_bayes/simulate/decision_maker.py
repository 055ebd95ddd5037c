"""Simulated decision makers, who answer the same prompts as a real model.

Their weights, choice noise, position bias and introspection are known, so that what the analysis
says can be held against the truth. Their replies are raw text: they pass through the same store
and parser as any other.
"""

import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.prompts import Message, PromptTemplate, report_answer
from introspect_bayes.protocol.trials import Options, Task, neutralize, utility
from introspect_bayes.simulate.differing_contexts import accuracy_in_context

ReplyStyle = Literal["plain", "fenced", "spaced"]

INVALID_REPORTS: Final[dict[str, str]] = {
    "refusal": "I'm sorry, but I can't assist with that.",
    "prose": "I weighted the first two dimensions most heavily.",
    "empty": "",
    "option letters": '{{"A": 60, "B": -40}}',
    "missing key": "{missing}",
    "foreign key": "{foreign}",
    "words": "{words}",
    "out of range": "{far}",
    "cut off": "{cut}",
}
"""Kinds of invalid reports that a decision maker can give, and what they look like; it answers the
ablation question in the same ways."""


@dataclass(frozen=True, slots=True)
class Introspection:
    """How a decision maker reports its weights, and foresees its choices.

    Attributes
    ----------
    accuracy
        Correlation, over contexts and attributes, of its weights with what it believes them
        to be, -1 to 1.
    spread
        Standard deviation of its beliefs, on the scale of -100 to 100.
    noise
        Standard deviation of a single report around the belief.
    style
        How a valid report is written.
    invalid_rate, invalid_kinds
        Share of replies that are invalid, and the kinds (keys of `INVALID_REPORTS`).
    foresight
        Probability of knowing whether its choice would change without an attribute, noise
        included (asked the same again, a decision maker answers the same, as a model does at
        temperature 0); else true or false is guessed with equal chance. Its expected score is
        therefore (1 + foresight) / 2 (`study.ablations.ablation_scores`). If None, it works out
        what it would likelier choose if it had the weights that it believes it has.
    accuracy_spread
        Standard deviation over contexts of Fisher's z of accuracy, whose mean stays `accuracy`; 0
        if contexts are alike. A context that is easier is so for every decision maker of a study.
    """

    accuracy: float
    spread: float = 35.0
    noise: float = 15.0
    style: ReplyStyle = "plain"
    invalid_rate: float = 0.0
    invalid_kinds: tuple[str, ...] = tuple(INVALID_REPORTS)
    foresight: float | None = None
    accuracy_spread: float = 0.0

    def __post_init__(self) -> None:
        if not (self.accuracy_spread >= 0 and math.isfinite(self.accuracy_spread)):
            msg = f"accuracy_spread {self.accuracy_spread} must be 0 or more"
            raise InputError(msg)
        if not -1 <= self.accuracy <= 1 or not 0 <= self.invalid_rate <= 1:
            msg = (
                f"accuracy {self.accuracy} must lie in -1 to 1, "
                f"invalid_rate {self.invalid_rate} in 0 to 1"
            )
            raise InputError(msg)
        if self.foresight is not None and not 0 <= self.foresight <= 1:
            msg = f"foresight {self.foresight} must lie in 0 to 1"
            raise InputError(msg)
        unknown = [kind for kind in self.invalid_kinds if kind not in INVALID_REPORTS]
        if unknown:
            msg = f"unknown invalid_kinds {unknown} (known: {', '.join(INVALID_REPORTS)})"
            raise InputError(msg)

    def belief(
        self, weights: Sequence[float], weight_sd: float, seed: str, easier: float = 0.0
    ) -> tuple[float, ...]:
        """Return what is believed of one context's weights, the same in every report.

        Parameters
        ----------
        weights
            The weights that it uses there.
        weight_sd
            Their standard deviation over all contexts.
        seed
            Seed of what it gets wrong.
        easier
            By how many standard deviations the context is easier than the median one.
        """
        generator = random.Random(seed)  # noqa: S311
        accuracy = accuracy_in_context(self.accuracy, self.accuracy_spread, easier)
        rest = math.sqrt(1 - accuracy**2)
        return tuple(
            self.spread * (accuracy * w / weight_sd + rest * generator.gauss(0, 1)) for w in weights
        )


@dataclass(frozen=True)
class DecisionMaker:
    """A simulated model.

    Attributes
    ----------
    name
        As a server would name it; part of every seed.
    contexts
        The contexts that it knows, by name.
    weights
        Its weights in each context, -100 to 100.
    templates
        The prompts that it understands, by task.
    introspection
        How it reports.
    consistency
        Log-odds of a choice per unit of utility difference, utilities being weighted sums of
        attributes scaled to 0-1, weights scaled to -1 to 1.
    position_bias
        Log-odds of A between equal options.
    weight_sd
        Standard deviation of the weights over all contexts, which scales beliefs.
    seed
        Seed of its noise.
    """

    name: str
    contexts: Mapping[str, DecisionContext]
    weights: Mapping[str, Sequence[float]]
    templates: Mapping[Task, PromptTemplate]
    introspection: Introspection
    consistency: float = 6.0
    position_bias: float = 0.0
    weight_sd: float = 60.0
    seed: int = 0

    def reply(self, messages: Sequence[Message], replicate: int = 0) -> tuple[str, str]:
        """Answer chat messages, as a chat API does.

        Parameters
        ----------
        messages
            System and user message.
        replicate
            Number of this request among identical ones; each gets its own noise.

        Returns
        -------
        tuple
            Text and finish reason ("stop" or "length").
        """
        prompt = messages[-1]["content"]
        noise = random.Random(f"{self.seed}/{self.name}/{replicate}/{prompt}")  # noqa: S311
        task = next((t for t, p in self.templates.items() if prompt.startswith(p.opening)), None)
        context = self._context(prompt)
        if task is None or context is None:
            return "What do you mean?", "stop"
        if task == "decision":
            return self.choose(context, _stated_options(prompt, context), noise), "stop"
        if task == "ablation":
            return self._foresee(context, _stated_options(prompt, context), noise)
        return self.report(context, noise)

    def _context(self, prompt: str) -> DecisionContext | None:
        return next((c for line in prompt.splitlines() if (c := self._asked.get(line))), None)

    @cached_property
    def _asked(self) -> dict[str, DecisionContext]:
        return {context.question: context for context in self.contexts.values()}

    def choose(self, context: DecisionContext, options: Options, noise: random.Random) -> str:
        """Choose between two options: the text of the reply."""
        log_odds = self._log_odds(context, options, self.weights[context.name])
        # The logistic function, in a form that cannot overflow.
        return "A" if noise.random() < (1 + math.tanh(log_odds / 2)) / 2 else "B"

    def _log_odds(
        self, context: DecisionContext, options: Options, weights: Sequence[float]
    ) -> float:
        scaled = [weight / WEIGHT_LIMIT for weight in weights]
        difference = utility(context, scaled, options.a) - utility(context, scaled, options.b)
        return self.position_bias + self.consistency * difference

    def _belief(self, context: DecisionContext) -> tuple[float, ...]:
        seed = f"{self.seed}/{self.name}/belief/{context.name}"
        easier = random.Random(f"{self.seed}/easier/{context.name}").gauss(0, 1)  # noqa: S311
        return self.introspection.belief(self.weights[context.name], self.weight_sd, seed, easier)

    def report(self, context: DecisionContext, noise: random.Random) -> tuple[str, str]:
        """Report the weights of a context: text and finish reason."""
        how, belief = self.introspection, self._belief(context)
        stated = [round(clip(value + noise.gauss(0, how.noise))) for value in belief]
        if noise.random() < how.invalid_rate:
            return _invalid(noise.choice(how.invalid_kinds), context, stated)
        return self._styled(report_answer(context, stated)), "stop"

    def _styled(self, text: str) -> str:
        if self.introspection.style == "fenced":
            return f"```json\n{text}\n```"
        if self.introspection.style == "spaced":
            return json.dumps(json.loads(text), indent=2)
        return text

    def _foresee(
        self, context: DecisionContext, options: Options, noise: random.Random
    ) -> tuple[str, str]:
        """Answer the ablation question: for each attribute, is the choice another without it."""
        how = self.introspection
        if noise.random() < how.invalid_rate:
            return _invalid(noise.choice(how.invalid_kinds), context, [0] * len(options.a))
        chosen = self._foreseen(context, options)
        answer = {}
        for name in context.attribute_names:
            answer[name] = self._foreseen(context, neutralize(context, options, name)) != chosen
            if how.foresight is not None and noise.random() >= how.foresight:
                answer[name] = noise.random() < 0.5  # noqa: PLR2004 - a fair coin
        return self._styled(json.dumps(answer)), "stop"

    def _foreseen(self, context: DecisionContext, options: Options) -> str:
        """Return what it chooses, if it has foresight; else what its beliefs make likelier."""
        if self.introspection.foresight is not None:
            return self.reply(self.templates["decision"].messages(context, options))[0]
        return "A" if self._log_odds(context, options, self._belief(context)) > 0 else "B"


def clip(weight: float) -> float:
    """Keep a weight within -100 to 100, as a model told the scale does.

    Examples
    --------
    >>> clip(130.5)
    100
    """
    return max(-WEIGHT_LIMIT, min(WEIGHT_LIMIT, weight))


def _stated_options(prompt: str, context: DecisionContext) -> Options:
    """Read the two options back from a prompt: after "A:" and "B:", one value a line."""
    values: dict[str, list[float]] = {"A": [], "B": []}
    option = ""
    for line in prompt.splitlines():
        if line in {"A:", "B:"}:
            option = line[0]
        elif option:
            names = "|".join(re.escape(name) for name in context.attribute_names)
            found = re.match(rf"(?:{names}): (-?[\d.]+(?:e-?\d+)?)", line)
            if found:
                values[option].append(float(found[1]))
    return Options(tuple(values["A"]), tuple(values["B"]))


def _invalid(kind: str, context: DecisionContext, stated: Sequence[int]) -> tuple[str, str]:
    names = context.attribute_names
    rest = dict(zip(names[1:], stated[1:], strict=True))
    whole = json.dumps(dict(zip(names, stated, strict=True)))
    text = INVALID_REPORTS[kind].format(
        missing=json.dumps(rest),
        foreign=json.dumps({"overall_quality": stated[0], **rest}),
        words=json.dumps(dict.fromkeys(names, "high")),
        far=json.dumps(dict(zip(names, [150, *stated[1:]], strict=True))),
        cut=whole[: len(whole) // 2],
    )
    return text, "length" if kind == "cut off" else "stop"
