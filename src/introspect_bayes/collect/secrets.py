"""The key: read from the environment, and removed from whatever a server says."""

import json
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from introspect_bayes.errors import InputError

KEY_VARIABLE: Final = "OPENAI_API_KEY"
REMOVED: Final = "[key removed]"

SHORTEST: Final = 8
"""A shorter key is removed only where it stands as a word of its own."""

PLACEHOLDERS: Final = frozenset(
    {"anything", "api", "cpp", "dummy", "empty", "fake", "ignored", "jan", "key", "koboldcpp",
     "litellm", "llama", "llamacpp", "llamafile", "lm", "lmdeploy", "lmstudio", "local", "localai",
     "mlx", "my", "needed", "no", "nokey", "none", "not", "null", "ollama", "placeholder",
     "required", "sglang", "sk", "studio", "test", "tgi", "token", "undefined", "unused", "used",
     "vllm", "xinference", "your"}
)  # fmt: skip
"""Words of keys for servers that need none, such as ``lm-studio`` or ``sk-no-key-required``. Like
those under four letters, a key of such words alone is no secret; removed from replies, it would
spoil them."""


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
    def _pattern(self) -> re.Pattern[str] | None:
        """The key however its letters are escaped; None for a placeholder."""
        words = re.findall(r"[a-z0-9]+", self.value.lower())
        known = [word in PLACEHOLDERS or not word.strip("x0") for word in words]
        if len(self.value) < 4 or (known and all(known)):  # noqa: PLR2004
            return None
        letters = "".join(_spellings(letter) for letter in self.value)
        if len(self.value) < SHORTEST:
            letters = rf"(?<![\w-]){letters}(?![\w-])"
        return re.compile(letters)

    def scrub(self, text: str) -> str:
        """Return a text without the key."""
        return text if self._pattern is None else self._pattern.sub(REMOVED, text)

    def scrub_bytes(self, body: bytes) -> bytes:
        """Return a response body without the key, in whatever encoding JSON allows."""
        if self._pattern is None:
            return body
        encoding = json.detect_encoding(body) if b"\0" in body[:4] else "latin-1"
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            encoding, text = "latin-1", body.decode("latin-1")
        scrubbed = self.scrub(text)
        return body if scrubbed == text else scrubbed.encode(encoding)

    def occurs_in(self, text: str) -> bool:
        """Return whether a text holds the key."""
        return self._pattern is not None and self._pattern.search(text) is not None


def _spellings(letter: str) -> str:
    """Return a pattern for a letter: plain, or escaped as in JSON, addresses or HTML."""
    code = ord(letter)
    return (
        rf"(?:\\*{re.escape(letter)}|\\+u00(?i:{code:02x})|%(?i:{code:02x})"
        rf"|&#0*{code};|&#[xX]0*(?i:{code:x});)"
    )
