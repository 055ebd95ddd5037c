"""What several rooms' tests need: a small study on disk, and the paper's data where it is."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import numpy as np

    from introspect_bayes.protocol.stages import Model
    from introspect_bayes.protocol.study_folder import PreparedStudy
    from introspect_bayes.protocol.training import Counts

# Imported late is what the lightest tests, which read this file too, do without.


@pytest.fixture(scope="session")
def paper_data() -> Path:
    from introspect_bayes.study.download import DATA_VARIABLE

    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        pytest.skip(f"{DATA_VARIABLE} does not name a copy of the paper's data")
    return Path(folder).resolve()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """List what is compiled, as if nothing had been compiled before.

    What an earlier test compiled counts when it is first asked for, and is not compiled again.
    """
    import nutpie

    from introspect_bayes.sampling import compiled_models

    kept, take = compiled_models._compiled, compiled_models._taken
    monkeypatch.setattr(compiled_models, "_compiled", dict(kept))
    compiled: list[Any] = []
    asked: set[Any] = set()
    compile_model = nutpie.compile_pymc_model

    def taken(structure: Any) -> Any:
        model = take(structure)
        if model is not None and structure not in asked:
            compiled.append(structure)
        asked.add(structure)
        return model

    def noted(model: Any, **options: Any) -> Any:
        compiled.append(model)
        return compile_model(model, **options)

    monkeypatch.setattr(compiled_models, "_taken", taken)
    monkeypatch.setattr(nutpie, "compile_pymc_model", noted)
    yield compiled
    kept.update(compiled_models._compiled)


@pytest.fixture(scope="session")
def write_study(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a small simulated study in the authors' layout; returns its folder."""

    def write(**options: Any) -> Path:
        folder = tmp_path_factory.mktemp("study")
        SmallStudy(folder, **options).write()
        return folder

    return write


class SmallStudy:
    """Simulated choices and reports of decision makers with known weights."""

    def __init__(  # noqa: PLR0913 - one argument a property of the study
        self,
        folder: Path,
        *,
        base_models: Sequence[str] = ("tiny-model",),
        attributes: int = 3,
        contexts: int = 6,
        trials: int = 30,
        reports_each: int = 4,
        seed: int = 1,
    ) -> None:
        import numpy as np

        self.folder = folder
        self.base_models = base_models
        self.k = range(1, attributes + 1)
        self.names = [f"context_{i}" for i in range(2 * contexts)]
        self.instilled, self.native = self.names[:contexts], self.names[contexts:]
        self.trials, self.reports_each = trials, reports_each
        self.random = np.random.default_rng(seed)
        self.weights = {name: self.random.integers(-100, 101, attributes) for name in self.names}

    def write(self) -> None:
        self.scenarios()
        self.rows(
            "instilled_weights.csv",
            ["scenario", *(f"attr{k}" for k in self.k)],
            [[name, *self.weights[name]] for name in self.names],
        )
        half = len(self.instilled) // 2
        size = f"_of_{len(self.instilled)}_50ex_weight_reports"
        for model in self.base_models:
            self.selections(model, "_instilled_selections", self.instilled)
            self.selections(model, "_instilled_latent_selections", self.native)
            self.reports(model, "_weight_reports", self.instilled, 2000.0)
            self.reports(model, "_instilled_weight_reports", self.instilled, 60.0)
            self.reports(model, f"_itrained_last_{half}{size}", self.instilled[:half], 20.0)
            self.reports(model, f"_itrained_first_{half}{size}", self.instilled[half:], 20.0)
            self.reports(model, "_instilled_latent_weight_reports", self.native, 60.0)
            self.reports(model, "_itrained_all_9_50ex_latent_weight_reports", self.native, 20.0)

    def rows(self, name: str, header: list[str], rows: list[list[Any]]) -> None:
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])

    def scenarios(self) -> None:
        header = ["scenario", "question", *(f"attr{k}" for k in self.k)]
        header += [f"attr{k}_{end}" for end in ("min", "max") for k in self.k]
        bounds = [*(0.0 for _ in self.k), *(float(10 * k) for k in self.k)]
        self.rows(
            "scenarios.csv",
            header,
            [[n, f"Which {n}?", *(f"{n}_a{k}" for k in self.k), *bounds] for n in self.names],
        )

    def options(self) -> "np.ndarray":
        import numpy as np

        return np.round(self.random.uniform(0, [10 * k for k in self.k], (2, len(self.k))), 1)

    def option_columns(self) -> list[str]:
        return [f"{option}_attribute_{k}" for option in "AB" for k in self.k]

    def selections(self, model: str, ending: str, names: list[str]) -> None:
        import numpy as np

        rows = []
        for name in names:
            for _ in range(self.trials):
                a, b = self.options()
                scale = np.array([10 * k for k in self.k])
                utility = ((a - b) / scale * self.weights[name]).sum() / 20
                chose_a = self.random.random() < 1 / (1 + np.exp(-utility))
                rows.append([f"ft:{model}", name, "A" if chose_a else "B", *a, *b])
        header = ["model", "scenario", "selection", *self.option_columns()]
        self.rows(f"{model}{ending}.csv", header, rows)

    def reports(self, model: str, ending: str, names: list[str], noise: float) -> None:
        import numpy as np

        reporter = f"ft:{model}" if ending.startswith("_instilled") else f"ft:{model}{ending}"
        rows = []
        for name in names:
            for _ in range(self.reports_each):
                noisy = self.weights[name] + self.random.normal(0, noise, len(self.k))
                report = np.clip(np.round(noisy), -100, 100).astype(int)
                rows.append([reporter, "v", name, *report, *self.options().ravel()])
        header = ["explaining_model", "version", "scenario"]
        header += [*(f"report_attr{k}" for k in self.k), *self.option_columns()]
        self.rows(f"{model}{ending}.csv", header, rows)


@pytest.fixture(scope="session")
def answer_study() -> "Callable[..., PreparedStudy]":
    """Write a study folder and store the replies of models; a reply of None is not stored."""
    from introspect_bayes.places import shipped_folder
    from introspect_bayes.protocol.context_files import shipped_contexts
    from introspect_bayes.protocol.requests import SamplingOptions, plan_requests
    from introspect_bayes.protocol.stages import STUDY_STAGES
    from introspect_bayes.protocol.study_folder import REPLIES_FILE, prepare_study
    from introspect_bayes.store import Store

    def answer(
        folder: Path,
        models: "Mapping[Model, Callable[..., tuple[str, str] | None]]",
        counts: "Counts",
        instilled: int = 0,
        native: int = 12,
    ) -> "PreparedStudy":
        prompts = shipped_folder("data") / "prompts"
        contexts = {
            "instilled": shipped_contexts("instilled")[:instilled],
            "native": shipped_contexts("native")[:native],
        }
        templates = {task: prompts / f"{task}-1.toml" for task in ("decision", "report")}
        prepared = prepare_study(folder, contexts, templates, counts=counts, stages=STUDY_STAGES)
        with Store(folder / REPLIES_FILE) as store:
            for model, reply in models.items():
                requests = list(plan_requests(prepared, model, SamplingOptions()))
                store.plan(requests)
                replies = ((r.id, reply(r.messages, r.replicate)) for r in requests)
                store.answer((request, *said) for request, said in replies if said is not None)
        return prepared

    return answer


@pytest.fixture
def edit_line() -> Callable[[Path, int, Callable[[str], str]], None]:
    """Change one line of a file (numbered from 1)."""

    def edit(path: Path, line: int, change: Callable[[str], str]) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[line - 1] = change(lines[line - 1])
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return edit
