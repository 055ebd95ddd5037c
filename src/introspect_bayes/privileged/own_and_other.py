"""What correlations say of reports about own weights and about those of others.

All functions take correlation matrices of shape (..., 2M, 2M) whose variables are first the weights
of M models, then the reports of the same models in the same order.
"""

import numpy as np

PARTIAL = ("coefficient", "others_coefficient", "partial_correlation", "added_variance")


def cells(correlation: np.ndarray) -> np.ndarray:
    """Return each model's reports against each model's weights, shape (..., reporter, target)."""
    models = correlation.shape[-1] // 2
    return correlation[..., models:, :models]


def contrasts(correlation: np.ndarray) -> dict[str, np.ndarray]:
    """Return the correlations of reports with own and with others' weights, and the difference.

    With r(i, j) the correlation of the reports of model i with the weights of model j::

        overall     mean_i r(i, i)  -  mean_{i≠j} r(i, j)
        target j    r(j, j)  -  mean_{i≠j} r(i, j)      its weights: does it know them best?
        reporter i  r(i, i)  -  mean_{j≠i} r(i, j)      its reports: do they tell its own best?

    Returns
    -------
    dict
        "overall", of shape (..., 3): own, other, difference; "target" and "reporter", of shape
        (..., model, 3).

    Examples
    --------
    >>> matrix = np.eye(4)
    >>> matrix[2:, :2] = matrix[:2, 2:] = [[0.7, 0.4], [0.5, 0.6]]
    >>> contrasts(matrix)["target"].round(2).tolist()
    [[0.7, 0.5, 0.2], [0.6, 0.4, 0.2]]
    """
    r = cells(correlation)
    others = r.shape[-1] - 1
    own = np.diagonal(r, axis1=-2, axis2=-1)
    found = {
        "target": (own, (r.sum(axis=-2) - own) / others),
        "reporter": (own, (r.sum(axis=-1) - own) / others),
    }
    found["overall"] = (own.mean(axis=-1), found["target"][1].mean(axis=-1))
    return {name: np.stack([a, b, a - b], axis=-1) for name, (a, b) in found.items()}


def tetrads(correlation: np.ndarray) -> np.ndarray:
    """Return means over pairs of models of r(i, i) r(j, j), r(i, j) r(j, i) and the difference.

    If all that reports and weights share is one factor, such as common sense, the difference is
    zero however well each model reports and however closely its weights follow that factor
    (Spearman 1927, The abilities of man). Own minus other is then zero only if models are alike in
    one of the two.

    Returns
    -------
    numpy.ndarray
        Shape (..., 3).

    Examples
    --------
    >>> loadings = np.array([0.9, 0.3, 0.8, 0.4])
    >>> matrix = np.outer(loadings, loadings)
    >>> bool(abs(tetrads(matrix)[2]) < 1e-12), contrasts(matrix)["overall"].round(2).tolist()
    (True, [0.42, 0.3, 0.12])
    """
    r = cells(correlation)
    first, second = np.triu_indices(r.shape[-1], 1)
    own = (r[..., first, first] * r[..., second, second]).mean(axis=-1)
    other = (r[..., first, second] * r[..., second, first]).mean(axis=-1)
    return np.stack([own, other, own - other], axis=-1)


def alike(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation of two models' weights, shape (...)."""
    models = correlation.shape[-1] // 2
    first, second = np.triu_indices(models, 1)
    return np.asarray(correlation[..., first, second].mean(axis=-1))


def shares_of_own_weights(correlation: np.ndarray) -> np.ndarray:
    """Return what reports of the own weights alone would show, and own minus other as its share.

    Reports that depend on the own weights alone, with whatever noise, agree with another model's
    only as far as the two models' weights are alike; own minus other is then

        reporter i  r(i, i) (1 - mean_{j≠i} r(weights i, weights j))
        overall     the mean of these over i

    Not a bound: reports that stress what sets the own weights apart show more. The weights are
    estimates; noise in them makes models look less alike than they are, and the share smaller than
    it is. (Of single targets there is no such share: others' reports may be better or worse.)

    Returns
    -------
    numpy.ndarray
        Shape (..., 2 (1 + M)): what own weights alone would show (overall, then each reporter),
        then the shares.

    Examples
    --------
    >>> matrix = np.eye(4)
    >>> matrix[2:, :2] = matrix[:2, 2:] = [[0.7, 0.4], [0.5, 0.6]]
    >>> matrix[0, 1] = matrix[1, 0] = 0.5
    >>> shares_of_own_weights(matrix).round(2).tolist()
    [0.32, 0.35, 0.3, 0.62, 0.86, 0.33]
    """
    models = correlation.shape[-1] // 2
    weights = correlation[..., :models, :models]
    others = (weights.sum(axis=-1) - 1) / (models - 1)
    found = contrasts(correlation)
    alone = found["reporter"][..., 0] * (1 - others)
    alone = np.concatenate([alone.mean(axis=-1, keepdims=True), alone], axis=-1)
    reached = [found["overall"][..., 2:], found["reporter"][..., 2]]
    return np.concatenate([alone, np.concatenate(reached, axis=-1) / alone], axis=-1)


def partials(correlation: np.ndarray) -> np.ndarray:
    """Return what a model's own reports add once the others' reports and weights are known.

    For model i the standardized regression of its weights on its own reports, the reports of every
    other model and the mean of the others' weights, which stands for common sense. Its own weights
    are not in that mean: else they would, in part, predict themselves. Everything follows from the
    correlation matrix::

        β = S_xx⁻¹ S_xy,   P = S⁻¹,   partial correlation = -P_yk / sqrt(P_yy P_kk),
        added variance = β_k² / (S_xx⁻¹)_kk,

    S being the correlations of the weights (y) and the predictors (x), k the own reports. The added
    variance is the squared semi-partial correlation: the gain in R² by own reports.

    Others' weights and reports are noisy, so that own reports add something even if all that they
    tell is common sense; then the others' reports, which are as good, add as much
    (``others_coefficient``).

    Returns
    -------
    numpy.ndarray
        Shape (..., model, 4): coefficient of the own reports, mean coefficient of the others',
        partial correlation, added variance (`PARTIAL`).
    """
    models = correlation.shape[-1] // 2
    return np.stack([_partial(correlation, number) for number in range(models)], axis=-2)


def _partial(correlation: np.ndarray, model: int) -> np.ndarray:
    models = correlation.shape[-1] // 2
    everything = np.eye(2 * models)
    others = [number for number in range(models) if number != model]
    rows = [
        everything[model],
        everything[models + model],
        *(everything[models + number] for number in others),
        everything[others].mean(axis=0),
    ]
    combined = np.stack(rows)
    covariance = combined @ correlation @ combined.T
    deviation = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    s = covariance / deviation[..., :, None] / deviation[..., None, :]
    inverse = np.linalg.inv(s[..., 1:, 1:])
    coefficients = (inverse * s[..., 1:, 0][..., None, :]).sum(axis=-1)
    precision = np.linalg.inv(s)
    partial = -precision[..., 0, 1] / np.sqrt(precision[..., 0, 0] * precision[..., 1, 1])
    own = coefficients[..., 0]
    rest = coefficients[..., 1:models].mean(axis=-1)
    return np.stack([own, rest, partial, own**2 / inverse[..., 0, 0]], axis=-1)


def all_contrasts(correlation: np.ndarray) -> np.ndarray:
    """Return `contrasts` (overall, targets, reporters), `tetrads` and `alike`, side by side.

    Returns
    -------
    numpy.ndarray
        Shape (..., 3 · (2M + 2) + 1).
    """
    found = contrasts(correlation)
    flat = (*correlation.shape[:-2], -1)
    parts = [found["overall"], found["target"], found["reporter"], tetrads(correlation)]
    parts.append(alike(correlation)[..., None])
    return np.concatenate([part.reshape(flat) for part in parts], axis=-1)


def all_cells(correlation: np.ndarray) -> np.ndarray:
    """Return `cells` side by side, row by row: shape (..., M²)."""
    return cells(correlation).reshape(*correlation.shape[:-2], -1)


def all_partials(correlation: np.ndarray) -> np.ndarray:
    """Return means over models of `partials`, then those of each: shape (..., 4 · (M + 1))."""
    each = partials(correlation)
    both = np.concatenate([each.mean(axis=-2, keepdims=True), each], axis=-2)
    return both.reshape(*correlation.shape[:-2], -1)
