"""Text of strangers, made harmless for a terminal."""


def harmless(text: str, most: int | None = None) -> str:
    r"""Return a text whose control characters are written out, so that a terminal obeys none.

    Parameters
    ----------
    text
        What a model or a server said.
    most
        Most characters shown; None for all.

    Examples
    --------
    >>> print(harmless("A" + chr(27) + "[2J"))
    A\x1b[2J
    """
    shown = text if most is None or len(text) <= most else f"{text[:most]} … ({len(text):,} in all)"
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in shown
    )
