"""The paper's figure of weights and reports that are known: slope of one on the other."""

import numpy as np

from introspect_bayes.analysis.context_sums import slope_of_totals
from introspect_bayes.joint_model.data import JointData


def paper_slope(
    data: JointData,
    figure: int,
    weights: np.ndarray,
    reports: np.ndarray,
    of_contexts: np.ndarray | None = None,
) -> np.ndarray:
    """Return the slope of standardized weights on standardized reports, as in the paper.

    Weights are scaled so that the largest of a context has size 1 and standardized over all
    contexts; reports are standardized within each set of reports (Plunkett et al. 2025, Appendix C;
    `analysis.context_sums`).

    Parameters
    ----------
    data
        Which contexts have reports of which set.
    figure
        Number of the figure.
    weights
        Weights, not scaled, shape (sample, context, attribute).
    reports
        Mean reports, same shape.
    of_contexts
        How often each context counts, shape (sample, context); once if not given.

    Returns
    -------
    numpy.ndarray
        Shape (sample,); NaN where nothing varies.
    """
    there = data.cells[figure]
    weights = weights * data.choices.present
    weights = weights / np.abs(weights).max(axis=2, keepdims=True)
    often = np.ones(weights.shape[:2]) if of_contexts is None else of_contexts
    reports = np.where(there, reports, 0.0)
    both = weights * there
    n, everything = there.sum(axis=1) * often, data.choices.present.sum(axis=1) * often
    y, yy = reports.sum(axis=2) * often, (reports**2).sum(axis=2) * often
    x, xx = both.sum(axis=2) * often, (both**2).sum(axis=2) * often
    xy = (both * reports).sum(axis=2) * often
    parts: list[np.ndarray] = []
    own = data.set_index[figure]
    for report_set in np.unique(own[there.any(axis=1)]):
        mine = (own == report_set) & there.any(axis=1)
        parts += [each[:, mine].sum(axis=1) for each in (n, y, yy, n, x, y, xx, xy, yy)]
    totals = (everything, weights.sum(axis=2) * often, (weights**2).sum(axis=2) * often)
    parts += [each.sum(axis=1) for each in totals]
    with np.errstate(divide="ignore", invalid="ignore"):  # reports that are all the same
        return np.asarray(slope_of_totals(np.stack(parts, axis=-1))[0])


def noise_free_figures(
    data: JointData, used: np.ndarray, latent: np.ndarray, seed: int
) -> np.ndarray:
    """Return draws of each figure on the paper's scale without noise in weights or reports.

    Contexts are the sample of a population: in each draw they count as often as the Bayesian
    bootstrap has it (Rubin 1981, doi:10.1214/aos/1176345338), alike in all figures, so that the
    draws are of the figure in infinitely many contexts.

    Parameters
    ----------
    data
        Which contexts have reports of which set.
    used
        Draws of used weights, shape (sample, context, attribute).
    latent
        Draws of latent reports, shape (sample, figure, context, attribute). What is reported
        without noise is the latent report, cut off at the ends of the scale.
    seed
        Seed of the bootstrap; fits of the same contexts with the same seed share it.

    Returns
    -------
    numpy.ndarray
        Shape (sample, figure).
    """
    random = np.random.default_rng(seed)
    often = random.exponential(size=used.shape[:2])
    often *= used.shape[1] / often.sum(axis=1, keepdims=True)
    told = np.clip(latent, -1, 1)
    figures = [paper_slope(data, f, used, told[:, f], often) for f in range(len(data.figures))]
    return np.stack(figures, axis=1)
