"""Simulated choices for the tests of fits."""

import numpy as np
import pandas as pd


def simulated_choices(contexts, attributes, trials, seed=0, bias=1.5, scale=2.0):
    """Ragged choices with a strong pull to A and differences that are not centred."""
    random = np.random.default_rng(seed)
    frames = []
    for number in range(contexts):
        count = trials + 5 * number
        differences = random.uniform(-1, 1, (count, attributes)) + random.normal(0, 0.4, attributes)
        utility = bias + differences @ random.normal(0, scale, attributes)
        frame = pd.DataFrame(differences, columns=[f"d{k + 1}" for k in range(attributes)])
        chose_a = random.random(count) < 1 / (1 + np.exp(-utility))
        frame["selection"] = np.where(chose_a, "A", "B")
        frame["context"] = f"context_{number}"
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
