"""Whole simulated studies: the paper's three experiments with known truth."""

import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.ablations import prepare_ablations
from introspect_bayes.protocol.comparisons import (
    COMPARISONS,
    EFFECTS,
    PAPER_COMPARISONS,
    comparison_of_paper,
)
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.requests import (
    Request,
    SamplingOptions,
    plan_ablations,
    plan_requests,
)
from introspect_bayes.protocol.stages import PAPER_STAGES, Model, StagePlan
from introspect_bayes.protocol.study_folder import REPLIES_FILE, PreparedStudy, prepare_study
from introspect_bayes.protocol.training import Counts
from introspect_bayes.simulate.decision_maker import DecisionMaker, Introspection
from introspect_bayes.simulate.truth import WeightPopulation, shared_weights
from introspect_bayes.store import Store

_BATCH = 5_000


@dataclass(frozen=True)
class SimulatedModel:
    """One base model of a simulated study.

    Attributes
    ----------
    name
        Of the base model.
    learning
        How far weight training moves the weights from the model's own (0) to the targets (1).
    accuracy
        Plug-in correlation that the analysis should find, by figure (`COMPARISONS`).
    invalid
        Share of invalid reports, by figure.
    position_bias
        Log-odds of A between equal options.
    foresight
        See `Introspection`; how ablation questions are answered.
    """

    name: str
    learning: float
    accuracy: Mapping[str, float]
    invalid: Mapping[str, float]
    position_bias: float = 0.0
    foresight: float | None = None


@dataclass(frozen=True)
class SimulatedDesign:
    """What is simulated.

    Attributes
    ----------
    models
        The base models.
    consistency
        See `DecisionMaker`.
    reliability
        Correlation of estimated with true weights, by set of contexts; measured by
        ``benchmarks/plug_in_coverage.py`` for this design.
    counts
        Trials per context.
    accuracy_spread
        How much contexts differ in how accurate reports are (`Introspection`); 0 if they are alike.
    """

    models: tuple[SimulatedModel, ...]
    consistency: float
    reliability: Mapping[str, float]
    counts: Counts
    accuracy_spread: float = 0.0

    @classmethod
    def shipped(cls) -> "SimulatedDesign":
        """Return the demo's design, `data/demo.toml`: the paper's sizes and accuracies."""
        path = shipped_folder("data") / "demo.toml"
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        models = tuple(SimulatedModel(**entry) for entry in table.pop("model"))
        return cls(models=models, counts=Counts(**table.pop("counts")), **table)

    def truth(self) -> dict[str, float]:
        """Return what an analysis of endless contexts would find, by figure id."""
        truth: dict[str, float] = {}
        for model in self.models:
            truth |= self._truth_of(model)
        for effect, (before, after) in EFFECTS.items():
            gains = [truth[f"{after}.{m.name}"] - truth[f"{before}.{m.name}"] for m in self.models]
            truth[effect] = sum(gains) / len(gains)
        if len(self.models) > 1:
            truth |= {
                f"privileged.{name}": self._own_minus_other(truth, name)
                for name in PAPER_COMPARISONS
            }
        return truth

    def _own_minus_other(self, truth: Mapping[str, float], figure: str) -> float:
        """Return own minus other: reports follow the own weights, and others' only through them."""
        context_set = COMPARISONS[figure].context_set
        own = {m.name: truth[f"{figure}.{m.name}"] for m in self.models}
        other = [
            own[m.name] * shared_weights(_learning(m, context_set), _learning(n, context_set))
            for m in self.models
            for n in self.models
            if m is not n
        ]
        return sum(own.values()) / len(own) - sum(other) / len(other)

    def _truth_of(self, model: SimulatedModel) -> dict[str, float]:
        found = {}
        learned = population(model.learning).learned
        for figure in PAPER_COMPARISONS:
            context_set = COMPARISONS[figure].context_set
            how = self.introspection(model, figure)
            known = population(_learning(model, context_set))
            correlation = known.report_correlation(how, self.counts.reports)
            found[f"{figure}.{model.name}"] = self.reliability[context_set] * correlation
            if figure in {"e1.acc", "e2.acc"}:
                experiment = figure.split(".", maxsplit=1)[0]
                found[f"d.target.{experiment}.{model.name}"] = learned * correlation
        found[f"e1.learned.{model.name}"] = self.reliability["instilled"] * learned
        return found

    def introspection(self, model: SimulatedModel, figure: str) -> Introspection:
        """Return how a model reports, so that its plug-in accuracy is the one wanted."""
        context_set = COMPARISONS[figure].context_set
        how = Introspection(
            accuracy=0.8,
            invalid_rate=model.invalid.get(figure, 0.0),
            accuracy_spread=self.accuracy_spread,
        )
        known = population(_learning(model, context_set))
        kept = known.report_correlation(how, self.counts.reports) / how.accuracy
        wanted = model.accuracy[figure] / self.reliability[context_set] / kept
        accuracy = max(-1.0, min(1.0, wanted))
        return replace(how, accuracy=accuracy, foresight=model.foresight)


def _learning(model: SimulatedModel, context_set: str) -> float:
    return model.learning if context_set == "instilled" else 0.0


@lru_cache(maxsize=8)
def population(learning: float) -> WeightPopulation:
    """Return the population of weights at a degree of learning, five attributes."""
    return WeightPopulation.draw(5, learning)


def blend(
    context: DecisionContext, target: tuple[int, ...] | None, learning: float, seed: str
) -> tuple[int, ...]:
    """Return the weights that a model uses: its own, moved towards the target by learning."""
    generator = random.Random(seed)  # noqa: S311
    own = [generator.uniform(-WEIGHT_LIMIT, WEIGHT_LIMIT) for _ in context.attributes]
    if target is not None:
        own = [learning * t + (1 - learning) * o for t, o in zip(target, own, strict=True)]
    largest = max(abs(weight) for weight in own)
    return tuple(round(weight / largest * WEIGHT_LIMIT) for weight in own)


def true_weights(
    prepared: PreparedStudy, model: SimulatedModel, context_set: str
) -> dict[str, tuple[int, ...]]:
    """Return the weights that a simulated model uses, by context."""
    return {
        c.name: blend(
            c,
            prepared.targets.get(c.name),
            _learning(model, context_set),
            f"{prepared.seed}/{model.name}/own/{c.name}",
        )
        for c in prepared.contexts[context_set]
    }


def simulate_study(  # noqa: PLR0913 - everything that a study is made of
    folder: Path,
    design: SimulatedDesign,
    seed: int,
    *,
    instilled: int = 100,
    native: int = 100,
    ablations: int = 0,
    advance: Callable[[int], None] = lambda _: None,
) -> PreparedStudy:
    """Prepare a study and let simulated decision makers answer all of it.

    Parameters
    ----------
    folder
        New or empty.
    design
        Who answers, and how much contexts differ (`accuracy_spread`).
    seed
        Seed of the material and of the decision makers.
    instilled, native
        Number of contexts of each set.
    ablations
        Decisions ablated in each context (`protocol.ablations.prepare_ablations`); none if 0.
    advance
        Called with the number of replies stored, for a progress bar.
    """
    prompts = shipped_folder("data") / "prompts"
    prepared = prepare_study(
        folder,
        {
            "instilled": shipped_contexts("instilled")[:instilled],
            "native": shipped_contexts("native")[:native],
        },
        {"decision": prompts / "decision-1.toml", "report": prompts / "report-1.toml"},
        counts=design.counts,
        seed=seed,
        stages=PAPER_STAGES,
    )
    if ablations:
        prepared = prepare_ablations(folder, ablations)
    with Store(folder / REPLIES_FILE) as store:
        for model in design.models:
            _answer_all(store, prepared, design, model, advance)
    return prepared


def _answer_all(
    store: Store,
    prepared: PreparedStudy,
    design: SimulatedDesign,
    model: SimulatedModel,
    advance: Callable[[int], None],
) -> None:
    makers: dict[tuple[str, str, bool], DecisionMaker] = {}
    # A decision that is ablated too is one request.
    asked = {
        request.id: request
        for plan in prepared.stages
        for plan_of_task in (plan_requests, plan_ablations)
        for request in plan_of_task(prepared, _stage_of(model, plan), SamplingOptions())
    }
    requests = list(asked.values())
    for start in range(0, len(requests), _BATCH):
        batch = requests[start : start + _BATCH]
        store.plan(batch)
        store.answer(
            (request.id, *_reply(makers, prepared, design, model, request)) for request in batch
        )
        advance(len(batch))


def _stage_of(model: SimulatedModel, plan: StagePlan) -> Model:
    name = ":".join(filter(None, (model.name, plan.stage, plan.trained_on)))
    return Model(name, model.name, plan.stage, plan.trained_on)


def _reply(
    makers: dict[tuple[str, str, bool], DecisionMaker],
    prepared: PreparedStudy,
    design: SimulatedDesign,
    model: SimulatedModel,
    request: Request,
) -> tuple[str, str]:
    context_set = request.trial.context_set
    # Reports of an untouched model are held against weights that it has not learned yet; what it
    # does itself, it does by its own.
    untouched = request.model.stage == "off-the-shelf" and request.trial.task != "report"
    who = replace(model, learning=0.0) if untouched else model
    key = (request.model.name, context_set, untouched)
    if key not in makers:
        figure = comparison_of_paper(request.model.stage, context_set)
        makers[key] = DecisionMaker(
            name=request.model.name,
            contexts={c.name: c for c in prepared.contexts[context_set]},
            weights=true_weights(prepared, who, context_set),
            templates=prepared.templates,
            introspection=design.introspection(who, figure),
            consistency=design.consistency,
            position_bias=who.position_bias,
            weight_sd=population(_learning(who, context_set)).sd,
            seed=prepared.seed,
        )
    return makers[key].reply(request.messages, request.replicate)
