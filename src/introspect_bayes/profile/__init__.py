"""The profile of accuracy: magnitudes, signs, ranks, the most important attribute, and noise."""
