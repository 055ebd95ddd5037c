"""Choices as arrays, as the models of choices take them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ChoiceData:
    """Choices as arrays, contexts numbered in order of first appearance.

    Attributes
    ----------
    contexts
        Names of the C contexts.
    index
        Context of each choice, shape (choice,), values 0 to C - 1.
    differences
        Normalized differences A minus B, shape (choice, attribute); 0 for absent attributes.
    selection
        1 for A, 0 for B, shape (choice,).
    attribute_counts
        Number of attributes of each context, shape (context,).
    """

    contexts: tuple[str, ...]
    index: np.ndarray
    differences: np.ndarray
    selection: np.ndarray
    attribute_counts: np.ndarray

    @classmethod
    def from_frame(
        cls, choices: pd.DataFrame, columns: list[str], counts: Mapping[str, int] | None = None
    ) -> "ChoiceData":
        """Take the choices of one model from a study's frame.

        Parameters
        ----------
        choices
            With the columns context, selection ("A" or "B") and `columns`.
        columns
            Of the normalized differences.
        counts
            Number of attributes of each context; all columns if not given.
        """
        index, contexts = pd.factorize(choices["context"])
        width = len(columns)
        return cls(
            contexts=tuple(contexts),
            index=index,
            differences=choices[columns].to_numpy(dtype=float),
            selection=(choices["selection"] == "A").to_numpy(dtype=int),
            attribute_counts=np.array([width if counts is None else counts[c] for c in contexts]),
        )

    @cached_property
    def means(self) -> np.ndarray:
        """Mean difference in each context, shape (context, attribute); 0 without choices."""
        count = np.bincount(self.index, minlength=len(self.contexts))[:, None]
        sums = np.zeros((len(self.contexts), self.differences.shape[1]))
        np.add.at(sums, self.index, self.differences)
        return sums / np.maximum(count, 1)

    @property
    def present(self) -> np.ndarray:
        """Which attributes each context has, shape (context, attribute)."""
        return np.arange(self.differences.shape[1]) < self.attribute_counts[:, None]

    def take(self, numbers: np.ndarray) -> "ChoiceData":
        """Return the contexts with these numbers, in their order; a number may come repeatedly."""
        order = np.argsort(self.index, kind="stable")
        counts = np.bincount(self.index, minlength=len(self.contexts))
        rows = np.split(order, np.cumsum(counts)[:-1])
        chosen = [rows[number] for number in numbers]
        kept = np.concatenate(chosen) if chosen else np.empty(0, dtype=int)
        return ChoiceData(
            tuple(self.contexts[number] for number in numbers),
            np.repeat(np.arange(len(chosen)), [len(part) for part in chosen]),
            self.differences[kept],
            self.selection[kept],
            self.attribute_counts[numbers],
        )


def place_in_context(index: np.ndarray) -> np.ndarray:
    """Return how many earlier choices the context of each choice has, shape (choice,).

    Examples
    --------
    >>> place_in_context(np.array([1, 0, 1, 1])).tolist()
    [0, 0, 1, 2]
    """
    counts = np.bincount(index)
    places = np.empty(len(index), dtype=int)
    order = np.argsort(index, kind="stable")
    places[order] = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places
