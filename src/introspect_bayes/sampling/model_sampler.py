"""What makes posteriors: settings, an engine, and a place for finished fits."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.finished_fits import FinishedFit, FinishedFits, fit_key
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification
from introspect_bayes.specs.engines import Engine, engine_named

if TYPE_CHECKING:
    import xarray as xr


class ModelSampler:
    """Makes posteriors by an engine, and finds finished ones again; each kind of fit has its own.

    Parameters
    ----------
    sampler
        Settings: chains and draws of every engine; warm-up for NUTS.
    engine
        A value of `engines.Engine`.
    finished
        Where finished fits are found and kept; nowhere if not given.

    Raises
    ------
    InputError
        If there is no such engine.
    """

    def __init__(
        self, sampler: Sampler, engine: Engine = "auto", finished: FinishedFits | None = None
    ) -> None:
        self.sampler = sampler
        self.engine = engine_named(engine)
        self.finished = finished

    def _posterior(
        self,
        spec: Specification,
        data: Any,
        name: str,
        make: Callable[[], "xr.DataTree"],
        if_found: Callable[[], None] = lambda: None,
    ) -> "xr.DataTree | FinishedFit":
        """Return a posterior, made only if no finished fit has the same key.

        Parameters
        ----------
        spec, data, name
            As for `fit_key`.
        make
            Samples it.
        if_found
            Called if it need not be made.

        Raises
        ------
        InputError
            If the engine is importance sampling, which does not apply to the specification.
        """
        if self.engine == "importance" and not spec.importance_applies:
            msg = (
                f"{spec.name}: importance sampling needs independent contexts and no "
                "hyperparameters, group-specific terms or horseshoe; take the engine nuts or auto"
            )
            raise InputError(msg)
        if self.finished is None:
            return make()
        room = type(self).__module__.split(".")[1]
        key = fit_key(spec, data, self.sampler, name, self.engine, room)
        if (found := self.finished.find(key)) is not None:
            if_found()
            return found
        return self.finished.keep(key, make())
