"""Ranks of a joint model's true parameters among the draws of their posteriors.

Truths and data come from the model as the equations have it (`joint_model.model`), fits from the
form that is sampled, which shares no code with it.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.truth_among_draws import COLUMNS, RANKED
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.fit import JointFit, JointSampler, moments_of_rho
from introspect_bayes.joint_model.model import build_joint_model, require_joint
from introspect_bayes.regressions.predictive import draw_from_prior
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification

_CONTEXTS, _CHOICES, _REPORTS = 15, 15, 4
_WIDTHS = (2, 3, 4)


def joint_design(seed: int) -> JointData:
    """Return a small design without data: 15 contexts, two figures, three sets of reports.

    Contexts have 2 to 4 attributes and 15 choices; of the first figure's reports, four a context,
    some are missing; two sets share the second figure.
    """
    random = np.random.default_rng(seed)
    widths = np.resize(_WIDTHS, _CONTEXTS)
    index = np.repeat(np.arange(_CONTEXTS), _CHOICES)
    present = np.arange(max(_WIDTHS)) < widths[:, None]
    differences = random.uniform(-1, 1, (len(index), max(_WIDTHS))) * present[index]
    contexts = tuple(f"context_{number:02d}" for number in range(_CONTEXTS))
    choices = ChoiceData(contexts, index, differences, np.zeros(len(index), dtype=int), widths)
    shape = (2, _CONTEXTS, max(_WIDTHS))
    counts = np.full(shape[:2], float(_REPORTS))
    counts[0] = random.binomial(_REPORTS, 0.7, _CONTEXTS)
    set_index = np.zeros(shape[:2], dtype=int)
    set_index[1] = 1 + np.arange(_CONTEXTS) % 2
    nothing = np.zeros(shape)
    single = np.full((*shape[:2], _REPORTS, shape[2]), np.nan)  # sufficient statistics are drawn
    figures, sets = ("before", "after"), ("before", "after, first", "after, last")
    return JointData(choices, figures, sets, set_index, counts, nothing, nothing, single)


def simulate_joint_calibration(
    specification: Specification,
    simulations: int,
    *,
    seed: int = 2025,
    fitter: JointSampler | None = None,
    fitted: Specification | None = None,
) -> pd.DataFrame:
    """Draw truths from the prior and data from each, fit the data, and rank the truths.

    Parameters
    ----------
    specification
        Of the family "joint": what data come from.
    simulations
        Truths; each takes a fit.
    seed
        Seed of design, truths, data and fits.
    fitter
        What fits; by default, enough draws for nearly independent ones.
    fitted
        The specification that is fitted, if not the same: shows what a wrong prior does.

    Returns
    -------
    pandas.DataFrame
        As `simulated_ranks.simulate_calibration` returns it. Quantities: every parameter (of
        several levels the first and the last), mean_rho, consistency, used weight and rho of a
        context, and the log likelihood.
    """
    require_joint(specification)
    design = joint_design(seed)
    fitter = fitter or JointSampler(Sampler(draws=2000, warmup=600, chains=2, seed=seed))
    model = build_joint_model(specification, design)
    drawn = draw_from_prior(model, simulations, seed)
    truths = drawn["prior"].to_dataset().isel(chain=0)
    seen = drawn["prior_predictive"].to_dataset().isel(chain=0)
    frames = []
    for number in range(simulations):
        data = with_observations(design, seen.isel(draw=number))
        fit = fitter.fit(fitted or specification, data, f"calibration {number}")
        frames.append(_ranked(fit, truths.isel(draw=number)).assign(simulation=number))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def with_observations(design: JointData, seen: xr.Dataset) -> JointData:
    """Return a design with choices and reports drawn by `build_joint_model`."""
    cells = np.nonzero(design.cell_counts)
    several = design.cell_counts[cells] > 1
    means, squares = np.zeros_like(design.means), np.zeros_like(design.squares)
    means[cells] = seen["mean_report"].to_numpy()
    squares[tuple(place[several] for place in cells)] = seen["squared_deviations"].to_numpy()
    choices = replace(design.choices, selection=seen["selection"].to_numpy().astype(int))
    return replace(design, choices=choices, means=means, squares=squares)


def _ranked(fit: JointFit, truth: xr.Dataset) -> pd.DataFrame:
    import arviz as az

    posterior = fit.idata["posterior"].to_dataset()
    names = [*fit.spec.parameters, "mean_rho"]
    ess = az.ess(posterior[names], method="bulk")
    thin = posterior.stack(sample=("draw", "chain"))  # noqa: PD013 - xarray's
    thin = thin.isel(sample=np.linspace(0, thin.sizes["sample"] - 1, RANKED).astype(int))
    true = _quantities(fit, _complete(truth))
    drawn = _quantities(fit, thin.transpose("sample", ...))
    rows = [
        (name, int((np.asarray(draws) < value[0]).sum()))
        for (name, value), (_, draws) in zip(true, drawn, strict=True)
    ]
    return pd.DataFrame(rows, columns=["parameter", "rank"]).assign(
        draws=RANKED,
        ess=min(float(variable.min()) for variable in ess.data_vars.values()),
        divergences=int(fit.idata["sample_stats"]["diverging"].sum()),
    )


def _complete(truth: xr.Dataset) -> xr.Dataset:
    """Return a truth with the names of a posterior, and one sample."""
    mean, _ = moments_of_rho(truth["accuracy"].to_numpy(), truth["accuracy_scale"].to_numpy())
    complete = truth.assign(
        mean_rho=("figure", mean),
        rho=np.tanh(truth["fisher_z"]),
        consistency=np.exp(truth["consistency_log"]),
        report_scale_of_context=np.exp(truth["report_scale_log"]),
    )
    return complete.expand_dims("sample")


def _quantities(fit: JointFit, draws: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each ranked quantity, shape (sample,)."""
    for name in (*fit.spec.parameters, "mean_rho"):
        values = draws[name].to_numpy()
        if values.ndim == 1:
            yield name, values
        else:
            for place in (0, values.shape[1] - 1):
                yield f"{name}[{place}]", values[:, place]
    yield "consistency[0]", draws["consistency"].to_numpy()[:, 0]
    yield "used[0, 0]", draws["used"].to_numpy()[:, 0, 0].astype(float)
    yield "rho[0, 0]", draws["rho"].to_numpy()[:, 0, 0]
    yield "log likelihood", log_likelihood(fit.data, draws)


def log_likelihood(data: JointData, draws: xr.Dataset) -> np.ndarray:
    """Return the log likelihood of choices and reports given latent variables, shape (sample,).

    Up to a constant of the data; the variances of the reports are integrated out.

    Parameters
    ----------
    data
        Choices and reports.
    draws
        Parameters and latent variables, dim sample first.
    """
    from scipy.special import gammaln

    slopes = draws["used"].to_numpy() * draws["consistency"].to_numpy()[..., None]
    index = data.choices.index
    log_odds = draws["Intercept"].to_numpy()[:, index]
    log_odds = log_odds + (slopes[:, index] * data.choices.differences).sum(axis=-1)
    side = np.where(data.choices.selection == 1, 1, -1)
    choices = -np.logaddexp(0, -side * log_odds).sum(axis=1)
    cells = np.nonzero(data.cell_counts)
    own, n = data.set_index[cells[:2]], data.cell_counts[cells]
    location, noise, df = (
        draws[f"report_{what}"].to_numpy()[:, own] for what in ("mean", "noise", "df")
    )
    scale = draws["report_scale_of_context"].to_numpy()[:, *cells[:2]]
    latent = location + scale * draws["reported"].to_numpy()[:, *cells]
    squares = data.squares[cells] + n * (data.means[cells] - latent) ** 2
    density = gammaln((df + n) / 2) - gammaln(df / 2) - n * np.log(noise) - n / 2 * np.log(df)
    density -= (df + n) / 2 * np.log1p(squares / (df * noise**2))
    return np.asarray(choices + density.sum(axis=1))
