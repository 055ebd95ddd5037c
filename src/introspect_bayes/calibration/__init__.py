"""Whether posteriors hold simulated truths as often as they say."""
