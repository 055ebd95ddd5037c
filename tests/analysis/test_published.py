import pytest

from introspect_bayes.analysis.figures import FIGURES, Result
from introspect_bayes.analysis.published import Published, agrees, published_figures
from introspect_bayes.analysis.reproduce import compare


def test_every_published_id_belongs_to_a_figure():
    for name in published_figures():
        assert name in FIGURES or name.rsplit(".", 1)[0] in FIGURES


@pytest.mark.parametrize(
    ("here", "printed", "decimals", "error", "verdict"),
    [
        (0.845, 0.84, 2, 0, True),
        (0.8451, 0.84, 2, 0, False),
        (0.8451, 0.84, 2, 0.0001, True),
        (0.854, 0.852, 3, 0.0002, False),
        (-0.0949, -0.09, 2, 0, True),
        (0.56, 0.54, 2, 0.5, False),
    ],
)
def test_agreement_is_rounding_plus_monte_carlo_error(here, printed, decimals, error, verdict):
    assert agrees(here, printed, decimals, error) is verdict


def test_an_interval_end_can_spoil_the_verdict():
    paper = Published(decimals=2, estimate=0.54, hdi=(0.47, 0.62))
    good = Result(estimate=0.54, n=1, hdi=(0.471, 0.619))
    bad = Result(estimate=0.54, n=1, hdi=(0.471, 0.640))
    assert compare(paper, good) == "reproduced"
    assert compare(paper, bad) == "not reproduced"


def test_claims_of_at_most():
    paper = Published(decimals=2, estimate=0.06, at_most=True)
    assert compare(paper, Result(estimate=0.01, n=1)) == "reproduced"
    assert compare(paper, Result(estimate=0.066, n=1)) == "not reproduced"
