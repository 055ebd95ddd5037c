"""Simulated studies of many designs, each analysed as a real one would be."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.figures import FIGURES
from introspect_bayes.analysis.settings import REGRESSION_SAMPLER, Settings
from introspect_bayes.designs.assumptions import AssumedModel, AssumedReports
from introspect_bayes.designs.design import TRAINED, UNTRAINED, Design
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.prompts import shipped_template
from introspect_bayes.protocol.stages import Model, StagePlan
from introspect_bayes.protocol.study_folder import PreparedStudy
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.simulate import DecisionMaker
from introspect_bayes.simulate.in_memory import answers_of, native_study, numbered_contexts
from introspect_bayes.simulate.studies import blend, population
from introspect_bayes.specs import Specification
from introspect_bayes.store import StoredReply
from introspect_bayes.study import Study
from introspect_bayes.study.replies import study_of_replies

CHOICE_SAMPLER: Final = Sampler(draws=500, warmup=500, cores=1)
"""Half the draws of an analysis: only posterior means of weights matter here."""

COLUMNS: Final = ("study", "contexts", "choices", "reports", "estimate", "low", "high")


@dataclass(frozen=True)
class SimulatedStudies:
    """Studies of the same assumed models, one for each number.

    Attributes
    ----------
    models
        What is assumed of each base model.
    designs
        Designs to analyse; a study of the largest holds those of all others.
    specs
        Specifications of the analysis, by name.
    seed
        Seed of everything.
    """

    models: tuple[AssumedModel, ...]
    designs: tuple[Design, ...]
    specs: dict[str, Specification]
    seed: int

    @property
    def stages(self) -> tuple[StagePlan, ...]:
        """What each stage is asked."""
        return UNTRAINED if self.models[0].after is None else TRAINED

    def seed_of(self, number: int) -> int:
        """Return the seed of one of the studies."""
        return int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])

    def study(self, number: int) -> Study:
        """Return one of the studies, as large as the largest design in each respect."""
        seed = self.seed_of(number)
        largest = (max(getattr(d, n) for d in self.designs) for n in Design.__slots__)
        contexts, choices, reports = largest
        prepared = native_study(numbered_contexts(contexts), choices, reports, seed, self.stages)
        replies: list[StoredReply] = []
        for assumed in self.models:
            for stage in self.stages:
                replies += simulated_replies(prepared, assumed, stage)
        return study_of_replies(prepared, replies)

    def outcomes(self, number: int) -> list[dict[str, Any]]:
        """Return what the analysis of one study finds under each design.

        Returns
        -------
        list of dict
            Study, contexts, choices, reports, estimate, low and high (95% HDI; NaN where the
            figure cannot be computed), problems (failed diagnostics) and reason.
        """
        from threadpoolctl import threadpool_limits

        # Linear algebra in several threads rounds differently, and studies run side by side anyhow.
        with threadpool_limits(1):
            return self._outcomes(number)

    def _outcomes(self, number: int) -> list[dict[str, Any]]:
        whole = self.study(number)
        seed = self.seed_of(number)
        settings = Settings(
            specs=self.specs,
            choice_sampler=replace(CHOICE_SAMPLER, seed=seed),
            regression_sampler=replace(REGRESSION_SAMPLER, cores=1, seed=seed),
        )
        # Designs that differ only in their reports have the same weights.
        fitted: dict[tuple[int, int], Analysis] = {}
        rows = []
        for design in self.designs:
            analysis = Analysis(part_of(whole, design), settings)
            known = fitted.setdefault((design.contexts, design.choices), analysis)
            if known is not analysis:
                analysis.use_weights_of(known)
            rows.append({"study": number, **_sizes(design), **self._figure(analysis)})
        return rows

    def _figure(self, analysis: Analysis) -> dict[str, Any]:
        kind = "native.acc" if self.stages == UNTRAINED else "e3.effect"
        try:
            result = FIGURES[kind].compute(analysis, self.models[0].name)
        except CannotCompute as reason:
            nothing = dict.fromkeys(("estimate", "low", "high"), np.nan)
            return {**nothing, "problems": "", "reason": str(reason)}
        assert result.hdi is not None  # noqa: S101 - both kinds have one
        low, high = result.hdi
        problems = "; ".join(result.problems)
        return {
            "estimate": result.estimate,
            "low": low,
            "high": high,
            "problems": problems,
            "reason": "",
        }


def _sizes(design: Design) -> dict[str, int]:
    return {name: getattr(design, name) for name in Design.__slots__}


def simulated_replies(
    prepared: PreparedStudy, assumed: AssumedModel, stage: StagePlan
) -> list[StoredReply]:
    """Return what a stage of an assumed model replies in a study."""
    trained = stage.stage == "introspection-trained"
    how = assumed.after if trained and assumed.after is not None else assumed.reports
    model = Model(
        f"{assumed.name}:{stage.name}" if len(prepared.stages) > 1 else assumed.name,
        assumed.name,
        stage.stage,
        stage.trained_on,
    )
    maker = decision_maker(prepared, assumed, how, model.name)
    names = [context.name for context in prepared.contexts["native"]]
    mute = {name for name in names if _chance(f"{maker.seed}/{model.name}/{name}") < how.silent}
    return list(answers_of(prepared, model, maker, mute))


def decision_maker(
    prepared: PreparedStudy, assumed: AssumedModel, how: AssumedReports, name: str
) -> DecisionMaker:
    """Return a decision maker of whom this is true; its weights are those of the base model."""
    contexts = prepared.contexts["native"]
    return DecisionMaker(
        name=name,
        contexts={context.name: context for context in contexts},
        weights={
            c.name: blend(c, None, 0.0, f"{prepared.seed}/{assumed.name}/own/{c.name}")
            for c in contexts
        },
        templates={task: shipped_template(f"{task}-1") for task in ("decision", "report")},
        introspection=how.introspection,
        consistency=assumed.consistency,
        position_bias=assumed.position_bias,
        weight_sd=population(0.0).sd,
        seed=prepared.seed,
    )


def _chance(seed: str) -> float:
    return random.Random(seed).random()  # noqa: S311


def part_of(study: Study, design: Design) -> Study:
    """Return the part of a simulated study that a smaller design would have asked."""
    names = list(study.decision_contexts)[: design.contexts]
    choices, reports, sets = study.choices, study.reports, study.report_sets
    asked = [tuple(n for n in each if n in set(names)) for each in sets["contexts_asked"]]
    return replace(
        study,
        decision_contexts={name: study.decision_contexts[name] for name in names},
        choices=_within(choices, names, choices["trial"] <= design.choices),
        reports=_within(reports, names, reports["report"] <= design.reports),
        report_sets=sets.assign(
            contexts_asked=pd.Series(asked, index=sets.index, dtype=object),
            reports_asked=design.reports,
            replies=[len(each) * design.reports for each in asked],
        ),
        failures=pd.DataFrame(),
    )


def _within(frame: pd.DataFrame, names: Sequence[str], chosen: pd.Series) -> pd.DataFrame:
    return frame[frame["context"].isin(names) & chosen].reset_index(drop=True)
