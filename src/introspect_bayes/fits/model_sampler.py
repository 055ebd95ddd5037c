"""What makes posteriors of single models: settings, an engine, and a place for finished fits."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from introspect_bayes.engines import Engine, engine_named
from introspect_bayes.fits.finished_fits import FinishedFit, FinishedFits, fit_key
from introspect_bayes.fits.sampling import Sampler
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr


class ModelSampler:
    """Fits models by either engine, and finds finished fits again.

    Parameters
    ----------
    sampler
        Settings: chains and draws of every engine; warm-up for NUTS.
    finished
        Where finished fits are found and kept; nowhere if not given.
    engine
        A value of `engines.Engine`.

    Raises
    ------
    InputError
        If there is no such engine.
    """

    def __init__(
        self, sampler: Sampler, finished: FinishedFits | None = None, engine: Engine = "auto"
    ) -> None:
        self.sampler = sampler
        self.finished = finished
        self.engine = engine_named(engine)

    def _found_or_made(
        self,
        spec: Specification,
        data: Mapping[str, Any],
        name: str,
        make: Callable[[], "xr.DataTree"],
    ) -> "xr.DataTree | FinishedFit":
        """Return a posterior, made only if no finished fit has the same key (`fit_key`)."""
        if self.finished is None:
            return make()
        key = fit_key(spec, data, self.sampler, name, self.engine)
        return self.finished.find(key) or self.finished.keep(key, make())
