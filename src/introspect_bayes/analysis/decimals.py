"""How estimates are written."""


def decimal(value: float, places: int = 2) -> str:
    """Return a number as the paper prints it, without the zero before the point.

    Examples
    --------
    >>> decimal(0.3981, 3), decimal(-0.0123), decimal(-0.0049), decimal(1.5)
    ('.398', '-.01', '.00', '1.50')
    """
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
