"""A small prepared study, its answers, and the key that must never be seen again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from introspect_bayes.places import shipped_folder
from introspect_bayes.protocol.context_files import shipped_contexts
from introspect_bayes.protocol.study_folder import prepare_study
from introspect_bayes.protocol.training import Counts
from loopback import KEY


@pytest.fixture(scope="session", autouse=True)
def _one_authority() -> Iterator[None]:
    """Trust one authority instead of some 140: each client would read them all, and ask none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(Path(__file__).with_name("one_authority.pem")))
        yield


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return KEY


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[..., Path]:
    """Prepare a study of native contexts, 6 decisions and 2 reports each if not told otherwise."""

    def make(name: str = "study", contexts: int = 4, decisions: int = 6, reports: int = 2) -> Path:
        prompts = shipped_folder("data") / "prompts"
        prepare_study(
            tmp_path / name,
            {"instilled": [], "native": shipped_contexts("native")[:contexts]},
            {"decision": prompts / "decision-1.toml", "report": prompts / "report-1.toml"},
            counts=Counts(native_choices=decisions, reports=reports),
        )
        return tmp_path / name

    return make


@pytest.fixture
def study(prepare: Callable[..., Path]) -> Path:
    """32 requests."""
    return prepare()
