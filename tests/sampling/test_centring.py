"""Intercepts at the means of predictors and at zero."""

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
import xarray as xr

from fits_data import choices_of, reported_rows
from introspect_bayes.choices.choice_model import centring_of_choices
from introspect_bayes.sampling.bambi_models import build_bambi_model, centring_of
from introspect_bayes.sampling.centring import shift_of_intercept
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles


def test_each_context_has_means_of_its_own():
    data = choices_of(1)
    centring = centring_of_choices(data)
    random = np.random.default_rng(0)
    draws = xr.Dataset(
        {
            "Intercept": (("chain", "draw", "context"), random.normal(size=(2, 3, 3))),
            "slopes": (("chain", "draw", "context", "attribute"), random.normal(size=(2, 3, 3, 2))),
        }
    )
    moved = centring.at_zero(draws)
    for context in range(3):
        means = data.differences[data.index == context].mean(axis=0)
        shift = draws["slopes"].to_numpy()[..., context, :] @ means
        expected = draws["Intercept"].to_numpy()[..., context] - shift
        np.testing.assert_allclose(moved["Intercept"][..., context], expected)
    np.testing.assert_allclose(centring.at_means(moved), draws["Intercept"])
    symbolic = shift_of_intercept(
        pt.as_tensor(draws["slopes"].to_numpy()), pt.as_tensor(data.means)
    )
    np.testing.assert_allclose(symbolic.eval(), draws["Intercept"] - moved["Intercept"])


def test_a_bambi_model_is_centred_at_the_means_of_its_columns():
    rows = reported_rows(0).assign(
        introspection_trained=[0, 1] * 15, base_model=["a", "b", "c"] * 10
    )
    chosen = spec("introspection_training")
    centring = centring_of(build_bambi_model(chosen, rows))
    assert set(centring.terms) == set(chosen.terms)
    assert centring.terms[0] == "reported"
    assert centring.means[0] == pytest.approx(rows["reported"].mean())
    columns = pd.get_dummies(rows["base_model"])[["b", "c"]].to_numpy()
    place = sum(
        1 + (":base_model" in t) for t in centring.terms[: centring.terms.index("base_model")]
    )
    assert centring.means[place : place + 2] == pytest.approx(columns.mean(axis=0))
    assert len(centring.means) == 3 * 1 + 4 * 2
