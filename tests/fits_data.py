"""Simulated choices for the tests of fits."""

import numpy as np
import pandas as pd

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.privileged.correlation_data import CorrelationData


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


def choices_of(number):
    """Choices in three contexts: in each data set another number of them, and other weights."""
    frame = simulated_choices(contexts=3, attributes=2, trials=20 + number, seed=number)
    return ChoiceData.from_frame(frame, ["d1", "d2"], dict.fromkeys(frame["context"], 2))


def reported_rows(number):
    """Rows of a regression: another number of them, and another slope, in each data set."""
    random = np.random.default_rng(number)
    reported = random.normal(size=30 + 7 * number)
    learned = (number - 1) * reported + random.normal(size=len(reported)) / 2
    contexts = np.arange(len(reported)) % 5
    return pd.DataFrame({"reported": reported, "learned": learned, "context": contexts.astype(str)})


def correlated_rows(number):
    """Rows of two correlated variables in twelve units."""
    random = np.random.default_rng(number)
    values = random.normal(size=(24 + number, 2)) @ random.normal(size=(2, 2))
    return CorrelationData(values, ("weight", "report"), np.arange(len(values)) % 12)


def scored_rows(number):
    """Scores of explanations, right or wrong, by explainer, task, target and item."""
    random = np.random.default_rng(number)
    rows = pd.DataFrame({g: random.choice(list("abc"), 40) for g in ("task", "explainer")})
    rows["target"] = random.choice(list("de"), 40)
    rows["item"] = [str(item) for item in np.arange(40) % 7]
    rows["own"] = random.integers(0, 2, 40)
    rows["score"] = random.integers(0, 2, 40).astype(float)
    return rows
