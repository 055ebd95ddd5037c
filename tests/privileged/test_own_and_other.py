import numpy as np
import pytest

from introspect_bayes.privileged import own_and_other as contrast

pytestmark = pytest.mark.compiles


def random_correlation(models, seed=0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(400, 2 * models)) + random.normal(size=(400, 1))
    return rows, np.corrcoef(rows.T)


def test_contrasts_are_means_of_cells():
    _, matrix = random_correlation(3)
    r = contrast.cells(matrix)
    assert r[1, 2] == matrix[4, 2]  # reports of the second against weights of the third
    found = contrast.contrasts(matrix)
    own = np.mean([r[0, 0], r[1, 1], r[2, 2]])
    other = np.mean([r[i, j] for i in range(3) for j in range(3) if i != j])
    assert found["overall"] == pytest.approx([own, other, own - other])
    assert found["target"][1, 2] == pytest.approx(r[1, 1] - (r[0, 1] + r[2, 1]) / 2)
    assert found["reporter"][1, 2] == pytest.approx(r[1, 1] - (r[1, 0] + r[1, 2]) / 2)
    for kind in ("target", "reporter"):
        assert found[kind][:, 2].mean() == pytest.approx(found["overall"][2])


@pytest.mark.parametrize("models", [2, 3])
def test_partials_are_those_of_a_regression_on_the_rows(models):
    rows, matrix = random_correlation(models, seed=models)
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    for model in range(models):
        others = [number for number in range(models) if number != model]
        common = z[:, others].mean(axis=1)
        reports = [models + model, *(models + number for number in others)]
        predictors = np.column_stack([z[:, reports], common / common.std()])
        slopes, *_ = np.linalg.lstsq(predictors, z[:, model], rcond=None)
        residual = [
            target - least_squares(predictors[:, 1:], target)
            for target in (z[:, model], predictors[:, 0])
        ]
        gain = explained(predictors, z[:, model]) - explained(predictors[:, 1:], z[:, model])
        expected = [slopes[0], slopes[1:models].mean(), np.corrcoef(residual)[0, 1], gain]
        assert contrast.partials(matrix)[model] == pytest.approx(expected)


def least_squares(predictors, target):
    return predictors @ np.linalg.lstsq(predictors, target, rcond=None)[0]


def explained(predictors, target):
    return least_squares(predictors, target).var() / target.var()


def test_own_reports_add_as_much_as_others_if_all_is_common_sense():
    """Two equal models, one factor: own and others' reports have the same coefficient."""
    loadings = np.array([0.8, 0.8, 0.6, 0.6])
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1)
    own, others, *_ = contrast.partials(matrix)[0]
    assert own > 0.1
    assert own == pytest.approx(others)
    assert contrast.tetrads(matrix)[2] == pytest.approx(0)


def test_everything_side_by_side_for_many_draws():
    matrices = np.stack([[random_correlation(3, seed)[1] for seed in range(4)]] * 2)
    assert contrast.all_contrasts(matrices).shape == (2, 4, 3 * 8 + 1)
    assert contrast.all_cells(matrices).shape == (2, 4, 9)
    partials = contrast.all_partials(matrices).reshape(2, 4, 4, 4)
    assert partials[:, :, 0] == pytest.approx(partials[:, :, 1:].mean(axis=2))
    one = contrast.all_contrasts(matrices[1, 2])
    assert one == pytest.approx(contrast.all_contrasts(matrices)[1, 2])
    assert one[-1] == pytest.approx(matrices[1, 2][[0, 0, 1], [1, 2, 2]].mean())


@pytest.mark.parametrize("noise", [(1.0, 1.0), (0.5, 3.0)])
def test_reports_of_own_weights_and_noise_show_what_own_weights_alone_would(noise):
    random = np.random.default_rng(3)
    common, own = random.normal(size=(200_000, 1)), random.normal(size=(200_000, 2))
    weights = common + own
    blurred = random.normal(size=weights.shape) * noise
    for reports, expected in ((weights + blurred, 1.0), (common + blurred, 0.0)):
        found = contrast.shares_of_own_weights(np.corrcoef(np.hstack([weights, reports]).T))
        assert found[3] == pytest.approx(expected, abs=0.03)
    found = contrast.shares_of_own_weights(np.corrcoef(np.hstack([weights, weights + blurred]).T))
    assert found[4:] == pytest.approx([1.0, 1.0], abs=0.05)
