"""Functions whose results are kept as long as the object that they belong to."""

from collections.abc import Callable


class Once[**Arguments, Result]:
    """A function whose results are kept. Unlike those of `functools` it can be pickled.

    Parameters
    ----------
    make
        The function; its arguments must be hashable.

    Examples
    --------
    >>> length = Once(len)
    >>> length("two"), length("two")
    (3, 3)
    """

    def __init__(self, make: Callable[Arguments, Result]) -> None:
        self._make = make
        self._made: dict[tuple[object, ...], Result] = {}

    def __call__(self, *args: Arguments.args, **options: Arguments.kwargs) -> Result:
        """Return the result, computed at the first call with these arguments."""
        key = (*args, *sorted(options.items()))
        if key not in self._made:
            self._made[key] = self._make(*args, **options)
        return self._made[key]
