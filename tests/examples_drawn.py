"""How many examples hypothesis draws where a test wants many."""

from hypothesis import settings


def examples(full: int) -> int:
    """Return all with ``--hypothesis-profile=full``, as in CI, and a tenth of them otherwise."""
    return full if settings.get_current_profile_name() == "full" else full // 10
