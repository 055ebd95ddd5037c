"""Simulated reports and weights for the tests of checks."""

import numpy as np
import pandas as pd


def simulated_rows(contexts=60, attributes=3, seed=0, slope=0.6, noise=0.8):
    """Reported and learned weights of contexts, as a regression assumes them."""
    random = np.random.default_rng(seed)
    reported = random.normal(size=contexts * attributes)
    return pd.DataFrame(
        {
            "context": np.repeat([f"context_{number}" for number in range(contexts)], attributes),
            "reported": reported,
            "learned": slope * reported + random.normal(0, noise, len(reported)),
        }
    )
