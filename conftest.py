"""No test finds, or leaves, anything in the user's own cache."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTROSPECT_BAYES_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
