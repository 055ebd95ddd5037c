"""Why no response came: no server, a lost connection, a certificate that nobody trusts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from introspect_bayes.store import OutcomeKind

_UNTRUSTED: Final = re.compile(r"certificate[ _]verify[ _]failed", re.IGNORECASE)
_NO_TLS: Final = re.compile(r"wrong[ _]version[ _]number|record[ _]layer", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Disconnection:
    """Why a call got no response.

    Attributes
    ----------
    kind
        How the attempt ended.
    said
        The library's words.
    mend
        What the user must mend first; empty where another attempt may bring an answer.
    """

    kind: OutcomeKind
    said: str
    mend: str = ""


def disconnection(error: Exception, address: str) -> Disconnection | None:
    """Return why a call of the openai client got no response; None if it ran out of time.

    Parameters
    ----------
    error
        What the client raised.
    address
        Of the server.
    """
    import httpx2
    import openai

    cause = error.__cause__
    before = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol
    if isinstance(error, openai.APITimeoutError) and not isinstance(cause, before):
        return None
    said = f"{type(cause or error).__name__}: {cause or error}"
    kind: OutcomeKind = "connection failed" if isinstance(cause, before) else "connection lost"
    everything = " ".join(_chain(error))
    mend = ""
    if _UNTRUSTED.search(everything):
        mend = (
            f"the certificate of {address} is not trusted ({said}); if a proxy or server of your "
            "institution uses its own, name the file of its certificates (PEM) in SSL_CERT_FILE"
        )
    elif _NO_TLS.search(everything):
        mend = (
            f"{address} does not answer in TLS ({said}); write http:// instead of https:// if "
            "it is a server of your own, and look at HTTPS_PROXY and SSL_CERT_FILE if it is not"
        )
    return Disconnection(kind, said, mend)


def _chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__
