"""The key: read from the environment, and removed from whatever a server says."""

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote

from introspect_bayes.errors import InputError

KEY_VARIABLE: Final = "OPENAI_API_KEY"
REMOVED: Final = "[key removed]"

SHORTEST: Final = 8
"""A shorter key is a placeholder such as "none" or "ollama", whose letters replies may hold."""


@dataclass(frozen=True)
class Secret:
    """A key that is sent to a server and must appear nowhere else.

    Attributes
    ----------
    value
        The key; hidden from the object's printed form.

    Examples
    --------
    >>> key = Secret("sk-123456789")
    >>> key, key.scrub("wrong key sk-123456789")
    (Secret(), 'wrong key [key removed]')
    """

    value: str = field(repr=False)

    @classmethod
    def from_environment(cls, *, required: bool) -> "Secret":
        """Read the key from the environment variable OPENAI_API_KEY.

        Parameters
        ----------
        required
            Whether the server cannot do without; else a missing key becomes "none", because
            local servers want some text.

        Raises
        ------
        InputError
            If a required key is missing, or the key has characters that cannot be sent.
        """
        value = os.environ.get(KEY_VARIABLE, "").strip()
        if not value and required:
            msg = (
                f"no key: set the environment variable {KEY_VARIABLE}, or name a server that needs "
                "none with --base-url"
            )
            raise InputError(msg)
        if not value.isascii() or not value.isprintable() or " " in value:
            msg = f"{KEY_VARIABLE}: has spaces or characters that cannot be sent; copy the key anew"
            raise InputError(msg)
        return cls(value or "none")

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """The key as it may be written in a reply; none for a placeholder."""
        if len(self.value) < SHORTEST:
            return ()
        written = json.dumps(self.value)[1:-1]
        spellings = {self.value, written, written.replace("/", "\\/"), quote(self.value, safe="")}
        return tuple(sorted(spellings, key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """Return a text without the key."""
        for spelling in self._spellings:
            text = text.replace(spelling, REMOVED)
        return text

    def scrub_bytes(self, body: bytes) -> bytes:
        """Return a response body without the key, also where JSON escapes hide it."""
        for spelling in self._spellings:
            body = body.replace(spelling.encode(), REMOVED.encode())
        if self._spellings and b"\\u" in body:
            try:
                plain = json.dumps(json.loads(body), ensure_ascii=False)
            except (ValueError, RecursionError):
                return body
            if self.value in plain:
                return self.scrub(plain).encode()
        return body
